package postgres

import (
	"context"

	"github.com/finlatch/finlatch"
)

const (
	pictureFields = "owner_id, tag, type, data, modified_at"

	selectPicture  = "SELECT " + pictureFields + " FROM pictures WHERE owner_id = $1"
	replacePicture = "INSERT INTO pictures (" + pictureFields + ") SELECT $1::bytea, $2, $3, $4, $5 " +
		"WHERE $1 = " + zeroID + " OR EXISTS (SELECT FROM users WHERE id = $1) ON CONFLICT (owner_id) " +
		"DO UPDATE SET tag = excluded.tag, type = excluded.type, data = excluded.data, modified_at = excluded.modified_at"
	deletePicture = "DELETE FROM pictures WHERE owner_id = $1"
)

func scanPicture(r row) (p finlatch.Picture, err error) {
	err = r.Scan((*idColumn)(&p.OwnerID), &p.Tag, &p.Type, &p.Data, (*timeColumn)(&p.ModifiedAt))
	return p, err
}

func (t *tx) Picture(ctx context.Context, owner finlatch.ID) (finlatch.Picture, error) {
	return one(ctx, t, "get picture", scanPicture, selectPicture, owner[:])
}

func (t *tx) PutPicture(ctx context.Context, p finlatch.Picture) error {
	return t.changeOne(ctx, "put picture", replacePicture, p.OwnerID[:], p.Tag, p.Type, optionalBytes(p.Data), timestamp(p.ModifiedAt))
}

func (t *tx) DeletePicture(ctx context.Context, owner finlatch.ID) error {
	return t.changeOne(ctx, "delete picture", deletePicture, owner[:])
}
