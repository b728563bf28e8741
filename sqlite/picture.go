package sqlite

import (
	"context"

	"github.com/finlatch/finlatch"
)

const (
	pictureFields = "owner_id, tag, type, data, modified_at"

	selectPicture  = "SELECT " + pictureFields + " FROM pictures WHERE owner_id = ?"
	replacePicture = "REPLACE INTO pictures (" + pictureFields + ") SELECT ?1, ?2, ?3, ?4, ?5 " +
		"WHERE ?1 = zeroblob(16) OR EXISTS (SELECT 1 FROM users WHERE id = ?1)"
	deletePicture = "DELETE FROM pictures WHERE owner_id = ?"
)

func scanPicture(r row) (p finlatch.Picture, err error) {
	err = r.Scan((*idColumn)(&p.OwnerID), &p.Tag, &p.Type, &p.Data, (*timeColumn)(&p.ModifiedAt))
	return p, err
}

func (t *tx) Picture(ctx context.Context, owner finlatch.ID) (finlatch.Picture, error) {
	return one(ctx, t, "get picture", scanPicture, selectPicture, owner[:])
}

func (t *tx) PutPicture(ctx context.Context, p finlatch.Picture) error {
	return t.changeOne(ctx, "put picture", replacePicture, p.OwnerID[:], p.Tag, p.Type, optionalBytes(p.Data), nanoseconds(p.ModifiedAt))
}

func (t *tx) DeletePicture(ctx context.Context, owner finlatch.ID) error {
	return t.changeOne(ctx, "delete picture", deletePicture, owner[:])
}
