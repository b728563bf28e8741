package storetest

import (
	"bytes"
	"context"
	"testing"

	"github.com/finlatch/finlatch"
)

var pictureTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		s.people(2)
		first := filled[finlatch.Picture](0)
		first.OwnerID = id(1)
		splash := filled[finlatch.Picture](20)
		splash.OwnerID = finlatch.ID{}
		splash.Data = bytes.Repeat([]byte{0, 1, 0xff}, 1_000_000)
		second := finlatch.Picture{OwnerID: id(2)}
		for _, p := range []finlatch.Picture{first, splash, second} {
			s.putPicture(p)
		}
		for _, want := range []finlatch.Picture{first, splash, second} {
			s.wantPicture(want)
		}
		for _, owner := range []finlatch.ID{id(1), {}} {
			put := filled[finlatch.Picture](40)
			put.OwnerID = owner
			s.putPicture(put)
			s.wantPicture(put)
			put = finlatch.Picture{OwnerID: owner}
			s.putPicture(put)
			s.wantPicture(put)
		}
		s.wantPicture(second)
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.people(1)
		for _, owner := range []finlatch.ID{id(1), id(9), {}} {
			s.wantNoPicture(owner)
			s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.DeletePicture(ctx, owner) })
		}
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error {
			return tx.PutPicture(ctx, finlatch.Picture{OwnerID: id(9), Tag: "x"})
		})
		s.wantNoPicture(id(9))
	}},
	{"deleting", func(t *testing.T, s fixture) {
		s.people(2)
		pictures := []finlatch.Picture{{OwnerID: id(1), Tag: "one"}, {OwnerID: id(2), Tag: "two"}, {Tag: "splash"}}
		for i, p := range pictures {
			s.putPicture(p)
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeletePicture(ctx, p.OwnerID) })
			s.wantNoPicture(p.OwnerID)
			s.putPicture(p)
			for _, other := range pictures[:i] {
				s.wantPicture(other)
			}
		}
	}},
}

func (s fixture) putPicture(p finlatch.Picture) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutPicture(ctx, p) })
}

func (s fixture) wantPicture(want finlatch.Picture) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.Picture(ctx, want.OwnerID)
		equal(s.t, "Picture", got, want)
		return err
	})
}

func (s fixture) wantNoPicture(owner finlatch.ID) {
	s.t.Helper()
	s.missing("Picture", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.Picture(ctx, owner); return err })
}
