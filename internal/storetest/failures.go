package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/finlatch/finlatch"
)

var failuresTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		want := filled[finlatch.Failures](0)
		bare := finlatch.Failures{}
		s.putFailures()
		s.wantFailures(100)
		s.putFailures(bare, want)
		s.wantFailures(100, want, bare)
		put := filled[finlatch.Failures](50)
		put.Key = want.Key
		s.putFailures(put)
		s.wantFailures(100, put, bare)
	}},
	{"order and limit", func(t *testing.T, s fixture) {
		s.putFailures(failures(2), failures(4), failures(1), failures(3))
		s.wantFailures(0)
		s.wantFailures(1, failures(4))
		s.wantFailures(3, failures(4), failures(3), failures(2))
		s.wantFailures(100, failures(4), failures(3), failures(2), failures(1))
	}},
	{"of keys", func(t *testing.T, s fixture) {
		s.putFailures(failures(1), failures(2), failures(3))
		for _, test := range []struct{ keys, want []byte }{{nil, nil}, {[]byte{9}, nil}, {[]byte{2}, []byte{2}}, {[]byte{3, 9, 1}, []byte{1, 3}}} {
			s.view(func(ctx context.Context, tx finlatch.Tx) error {
				var keys []finlatch.Hash
				var want []finlatch.Failures
				for _, n := range test.keys {
					keys = append(keys, hash(n))
				}
				for _, n := range test.want {
					want = append(want, failures(n))
				}
				got, err := tx.FailuresOf(ctx, keys...)
				slices.SortFunc(got, func(a, b finlatch.Failures) int { return bytes.Compare(a.Key[:], b.Key[:]) })
				equal(t, fmt.Sprint("FailuresOf ", test.keys), got, want)
				return err
			})
		}
	}},
	{"deleting", func(t *testing.T, s fixture) {
		s.putFailures(failures(1), failures(2), failures(3))
		for _, step := range []struct {
			keys []finlatch.Hash
			left []finlatch.Failures
		}{
			{nil, []finlatch.Failures{failures(3), failures(2), failures(1)}},
			{[]finlatch.Hash{hash(9)}, []finlatch.Failures{failures(3), failures(2), failures(1)}},
			{[]finlatch.Hash{hash(3), hash(9), hash(1)}, []finlatch.Failures{failures(2)}},
			{[]finlatch.Hash{hash(2)}, nil},
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteFailures(ctx, step.keys...) })
			s.wantFailures(100, step.left...)
		}
	}},
	{"expiring", func(t *testing.T, s fixture) {
		s.putFailures(failures(6), failures(5), failures(4), failures(3), failures(2), failures(1)) // last in minute n
		for _, step := range []struct{ before, limit, gone, left int }{
			{1, 100, 0, 6}, {4, 0, 0, 6}, {4, 2, 2, 4}, {4, 2, 1, 3}, {4, 2, 0, 3}, {100, 100, 3, 0},
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				n, err := tx.ExpireFailures(ctx, after(step.before), step.limit)
				equal(t, fmt.Sprintf("%+v: expired", step), n, step.gone)
				return err
			})
			var left []finlatch.Failures
			for n := range step.left {
				left = append(left, failures(byte(6-n)))
			}
			s.wantFailures(100, left...)
		}
	}},
}

func failures(n byte) finlatch.Failures {
	return finlatch.Failures{Key: hash(n), Count: 10 + int(n), FirstAt: after(-int(n)), LastAt: after(int(n))}
}

func (s fixture) putFailures(failures ...finlatch.Failures) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutFailures(ctx, failures) })
}

func (s fixture) wantFailures(limit int, want ...finlatch.Failures) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.Failures(ctx, limit)
		equal(s.t, "Failures", got, want)
		return err
	})
}
