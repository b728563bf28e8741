package sqlite_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

// BenchmarkToken finds the user of a token, as a request does that the cache cannot answer.
func BenchmarkToken(b *testing.B) {
	for _, devices := range []int{1, 100_000} {
		b.Run(fmt.Sprint("devices=", devices), func(b *testing.B) {
			store := withDevices(b, devices)
			ctx := b.Context()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					err := store.View(ctx, func(tx finlatch.Tx) error {
						d, err := tx.Device(ctx, tokenHash(i*7919%devices))
						if err != nil {
							return err
						}
						_, err = tx.User(ctx, d.UserID)
						return err
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkSignIn stores a device in an Update of its own, so it measures how fast the disk is.
func BenchmarkSignIn(b *testing.B) {
	store := withDevices(b, 1)
	ctx := b.Context()
	n := 1_000_000
	for b.Loop() {
		n++
		if err := store.Update(ctx, func(tx finlatch.Tx) error { return tx.CreateDevice(ctx, numbered(n)) }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTouch notes the activity of a thousand devices in one Update.
func BenchmarkTouch(b *testing.B) {
	store := withDevices(b, 100_000)
	ctx := b.Context()
	touches := make([]finlatch.DeviceTouch, 1000)
	now := time.Unix(1_800_000_000, 0)
	for b.Loop() {
		now = now.Add(time.Minute)
		for i := range touches {
			d := numbered(i * 97)
			touches[i] = finlatch.DeviceTouch{TokenHash: d.TokenHash, UserID: d.UserID, At: now}
		}
		if err := store.Update(ctx, func(tx finlatch.Tx) error { return tx.TouchDevices(ctx, touches) }); err != nil {
			b.Fatal(err)
		}
	}
}

// withDevices is a store with devices, ten to a user.
func withDevices(b *testing.B, devices int) *sqlite.Store {
	b.Helper()
	store := openAt(b, filepath.Join(b.TempDir(), "finlatch.db"))
	ctx := context.Background()
	err := store.Update(ctx, func(tx finlatch.Tx) error {
		for i := range devices {
			d := numbered(i)
			if i%10 == 0 {
				u := finlatch.User{
					ID: d.UserID, Name: fmt.Sprint("user ", i), NormalizedName: fmt.Sprint("USER ", i),
					Policy: finlatch.NewPolicy(), Configuration: finlatch.NewConfiguration(),
				}
				if err := tx.CreateUser(ctx, u); err != nil {
					return err
				}
			}
			if err := tx.CreateDevice(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	return store
}

func numbered(i int) finlatch.Device {
	d := finlatch.Device{
		ClientInfo: finlatch.NewClientInfo("Jellyfin Web", "10.11.0", "Firefox", fmt.Sprint("device ", i)),
		TokenHash:  tokenHash(i), CreatedAt: time.Unix(int64(i), 0), LastActivityAt: time.Unix(int64(i), 0),
	}
	if i < 1_000_000 {
		binary.BigEndian.PutUint64(d.UserID[8:], uint64(i/10)*0x9e3779b97f4a7c15)
	}
	return d
}

func tokenHash(i int) (hash finlatch.Hash) {
	binary.BigEndian.PutUint64(hash[:], uint64(i+1)*0x9e3779b97f4a7c15) // spread as real ones are
	return hash
}
