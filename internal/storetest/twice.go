package storetest

import (
	"context"
	"errors"

	"github.com/finlatch/finlatch"
)

// Twice is a store whose Update runs each function twice, the first time rolled back, as a real store does now and then.
// A caller that passes its tests on it keeps the contract.
func Twice(store finlatch.Store) finlatch.Store { return twice{store} }

type twice struct{ finlatch.Store }

var errAgain = errors.New("rolled back by the test")

func (s twice) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	err := s.Store.Update(ctx, func(tx finlatch.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return errAgain
	})
	if err == nil {
		return errors.New("Update answered nil although its function returned an error")
	}
	return s.Store.Update(ctx, f)
}
