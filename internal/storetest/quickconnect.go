package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var quickConnectTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		s.people(2)
		want := filled[finlatch.QuickConnect](0)
		want.UserID = id(1)
		s.requests(want)
		s.wantRequest("filled", want)

		put := filled[finlatch.QuickConnect](1001)
		put.SecretHash, put.UserID, put.State = want.SecretHash, id(2), finlatch.QuickConnectRedeemed
		s.put(put)
		put.Code = want.Code // stays
		s.wantRequest("replaced", put)
		put.State = finlatch.QuickConnectDenied
		s.put(put)
		s.wantRequest("denied", put)

		bare := finlatch.QuickConnect{SecretHash: hash(2), Code: "000000"}
		s.requests(bare)
		s.wantRequest("bare", bare)
		for i, network := range []string{"192.0.2.1/32", "2001:db8::/56", "2001:db8::/64", "0.0.0.0/0", "::/0", "fe80::/10"} {
			request := quickConnect(byte(10+i), 0)
			request.Network = netip.MustParsePrefix(network)
			request.Address = request.Network.Addr()
			s.requests(request)
			s.wantRequest(network, request)
		}
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.missing("QuickConnect", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.QuickConnect(ctx, hash(1)); return err })
		s.missing("QuickConnectByCode", func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.QuickConnectByCode(ctx, "000001")
			return err
		})
		s.missing("CrowdingQuickConnect", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.CrowdingQuickConnect(ctx); return err })
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.PutQuickConnect(ctx, quickConnect(1, 1)) })
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteQuickConnect(ctx, hash(1)) })
		s.wantPending(0)

		request := quickConnect(1, 1)
		s.requests(request)
		request.UserID = id(9)
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.PutQuickConnect(ctx, request) })
		s.wantRequest("without a user", quickConnect(1, 1))
	}},
	{"conflicts", func(t *testing.T, s fixture) {
		s.requests(quickConnect(1, 1))
		same := quickConnect(2, 2)
		same.Code = quickConnect(1, 1).Code
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateQuickConnect(ctx, same) })
		same = quickConnect(2, 2)
		same.SecretHash = hash(1)
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateQuickConnect(ctx, same) })
		s.wantPending(1)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteQuickConnect(ctx, hash(1)) })
		s.requests(quickConnect(1, 2)) // the code is free again
		s.wantPending(1)
	}},
	{"pending and crowding", func(t *testing.T, s fixture) {
		s.people(1)
		s.wantCrowding(0)
		s.requests(quickConnect(1, 1), quickConnect(3, 2), quickConnect(2, 2)) // created in minute n
		s.wantPending(3)
		s.wantCrowding(2)

		approved := quickConnect(2, 2)
		approved.State, approved.UserID = finlatch.QuickConnectApproved, id(1)
		s.requests(quickConnect(4, 1))
		s.put(approved) // network 1: requests 1 and 4; network 2: 3
		s.wantPending(3)
		s.wantCrowding(1)

		approved.State = finlatch.QuickConnectRedeemed
		s.put(approved)
		s.wantPending(3)

		s.requests(quickConnect(5, 3), quickConnect(6, 3), quickConnect(7, 3))
		s.wantCrowding(5)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteQuickConnect(ctx, hash(5)) })
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteQuickConnect(ctx, hash(2)) }) // is not pending
		s.wantPending(5)
		moved := quickConnect(6, 1)
		s.put(moved) // network 1: 1, 4, 6; network 2: 3; network 3: 7
		s.wantPending(5)
		s.wantCrowding(1)

		approved = quickConnect(1, 1)
		approved.State, approved.UserID = finlatch.QuickConnectApproved, id(1)
		s.put(approved)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteUser(ctx, id(1)) })
		s.wantPending(4)
		s.wantCrowding(4)
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.ExpireQuickConnects(ctx, after(1001), 100)
			return err
		})
		s.wantPending(0)
		s.wantCrowding(0)
		s.requests(quickConnect(1, 2))
		s.wantCrowding(1)
	}},
	{"pending counts roll back", func(t *testing.T, s fixture) {
		s.requests(quickConnect(1, 1))
		s.refuses(errAgain, func(ctx context.Context, tx finlatch.Tx) error {
			if err := tx.CreateQuickConnect(ctx, quickConnect(2, 2)); err != nil {
				return err
			}
			if n, err := tx.CountPendingQuickConnects(ctx); err != nil || n != 2 {
				return fmt.Errorf("in the Update: got %d pending, error %v, want 2", n, err)
			}
			return errAgain
		})
		s.wantPending(1)
		s.wantCrowding(1)
	}},
	{"pending by time", func(t *testing.T, s fixture) {
		s.people(1)
		s.wantPendingSpans(after(0), 10*time.Minute, 3, 0, 0, 0)
		for _, n := range []byte{5, 25, 9, 10, 30, 19, 29, 1} { // created in minute n
			s.requests(quickConnect(n, n%3))
		}
		never := quickConnect(40, 1)
		never.CreatedAt = time.Time{}
		s.requests(never)
		s.wantPendingSpans(after(0), 10*time.Minute, 3, 3, 2, 2)
		s.wantPendingSpans(after(5), 5*time.Minute, 6, 2, 1, 1, 0, 2, 1)
		s.wantPendingSpans(after(30), time.Minute, 2, 1, 0)
		s.wantPendingSpans(after(31), time.Minute, 2, 0, 0)
		s.wantPendingSpans(after(0), 10*time.Minute, 0)
		s.wantPendingSpans(after(0), 10*time.Minute, -1)

		for n, state := range map[byte]finlatch.QuickConnectState{5: finlatch.QuickConnectApproved, 25: finlatch.QuickConnectDenied, 9: finlatch.QuickConnectRedeemed} {
			request := quickConnect(n, n%3)
			request.State, request.UserID = state, id(1)
			s.put(request)
		}
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteQuickConnect(ctx, hash(10)) })
		s.wantPendingSpans(after(0), 10*time.Minute, 3, 1, 1, 1)
		s.wantPending(5)
	}},
	{"denied", func(t *testing.T, s fixture) {
		denied := quickConnect(1, 1)
		denied.State = finlatch.QuickConnectDenied
		s.requests(quickConnect(1, 1), quickConnect(2, 1), quickConnect(3, 2))
		s.wantCrowding(1)
		s.put(denied)
		s.wantRequest("without a user", denied)
		s.wantPending(2)
		s.requests(quickConnect(4, 2))
		s.wantCrowding(3)
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			n, err := tx.ExpireQuickConnects(ctx, after(12), 100)
			equal(t, "expired", n, 1)
			return err
		})
		s.missing("denied and expired", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.QuickConnect(ctx, hash(1)); return err })
		s.wantPending(3)
	}},
	{"expiring", func(t *testing.T, s fixture) {
		for n := byte(1); n <= 6; n++ { // expires in minute 10 + n
			s.requests(quickConnect(n, n))
		}
		for _, step := range []struct{ before, limit, gone, left int }{
			{10, 100, 0, 6}, {14, 0, 0, 6}, {14, 2, 2, 4}, {14, 2, 1, 3}, {14, 2, 0, 3}, {100, 100, 3, 0},
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				n, err := tx.ExpireQuickConnects(ctx, after(step.before), step.limit)
				equal(t, fmt.Sprintf("%+v: expired", step), n, step.gone)
				return err
			})
			s.wantPending(step.left)
		}
	}},
	{"deleting a user's", func(t *testing.T, s fixture) {
		s.people(2)
		for n, state := range []finlatch.QuickConnectState{finlatch.QuickConnectPending, finlatch.QuickConnectApproved, finlatch.QuickConnectRedeemed, finlatch.QuickConnectApproved} {
			request := quickConnect(byte(n+1), 1)
			if request.State = state; state != finlatch.QuickConnectPending {
				request.UserID = id(1 + byte(n)/3)
			}
			s.requests(request)
		}
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteQuickConnectsOf(ctx, id(1)) })
		s.wantPending(1)
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			for n, gone := range map[byte]bool{1: false, 2: true, 3: false, 4: false} {
				_, err := tx.QuickConnect(ctx, hash(n))
				equal(t, fmt.Sprintf("request %d is gone", n), errors.Is(err, finlatch.ErrNotFound), gone)
			}
			return nil
		})
	}},
	{"forgetting", func(t *testing.T, s fixture) {
		s.people(1)
		for n := byte(1); n <= 4; n++ {
			request := quickConnect(n, 1)
			request.Salt = []byte{n, 0}
			if n < 4 {
				request.State, request.UserID, request.RedeemedAt = finlatch.QuickConnectRedeemed, id(1), after(int(n))
			}
			s.requests(request)
		}
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.ForgetQuickConnects(ctx, after(2)) })
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			for n, salt := range map[byte][]byte{1: nil, 2: {2, 0}, 3: {3, 0}, 4: {4, 0}} {
				got, err := tx.QuickConnect(ctx, hash(n))
				if err != nil {
					return err
				}
				equal(t, fmt.Sprintf("salt of request %d", n), got.Salt, salt)
			}
			got, err := tx.QuickConnect(ctx, hash(1))
			equal(t, "time of redemption", got.RedeemedAt, after(1))
			return err
		})
	}},
	{"hostile clients", func(t *testing.T, s fixture) {
		for i, text := range hostile {
			want := quickConnect(byte(i+1), 1)
			want.ClientInfo = finlatch.ClientInfo{AppName: text, AppVersion: text, DeviceName: text, DeviceID: text}
			if err := s.try(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateQuickConnect(ctx, want) }); err != nil {
				t.Logf("%q is refused: %v", text, err)
				s.missing("refused request", func(ctx context.Context, tx finlatch.Tx) error {
					_, err := tx.QuickConnect(ctx, want.SecretHash)
					return err
				})
				continue
			}
			s.wantRequest(text, want)
		}
		s.missing("hostile code", func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.QuickConnectByCode(ctx, "' OR ''='")
			return err
		})
	}},
}

// quickConnect is pending request n from a network, created in minute n.
func quickConnect(n, network byte) finlatch.QuickConnect {
	address := netip.AddrFrom4([4]byte{198, 51, 100, network})
	return finlatch.QuickConnect{
		ClientInfo: finlatch.ClientInfo{AppName: "app", AppVersion: "1.0", DeviceName: "tv", DeviceID: "tv"},
		SecretHash: hash(n), Code: fmt.Sprintf("%06d", n), Address: address, Network: netip.PrefixFrom(address, 32),
		CreatedAt: after(int(n)), ExpiresAt: after(10 + int(n)),
	}
}

func (s fixture) requests(requests ...finlatch.QuickConnect) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error {
		for _, request := range requests {
			if err := tx.CreateQuickConnect(ctx, request); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s fixture) put(request finlatch.QuickConnect) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutQuickConnect(ctx, request) })
}

func (s fixture) wantRequest(what string, want finlatch.QuickConnect) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.QuickConnect(ctx, want.SecretHash)
		if err != nil {
			return err
		}
		equal(s.t, what, got, want)
		got, err = tx.QuickConnectByCode(ctx, want.Code)
		equal(s.t, what+", by code", got, want)
		return err
	})
}

func (s fixture) wantPending(want int) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		n, err := tx.CountPendingQuickConnects(ctx)
		equal(s.t, "CountPendingQuickConnects", n, want)
		return err
	})
}

func (s fixture) wantPendingSpans(since time.Time, span time.Duration, n int, want ...int) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.PendingQuickConnects(ctx, since, span, n)
		equal(s.t, fmt.Sprintf("PendingQuickConnects(%v, %v, %d)", since, span, n), got, want)
		return err
	})
}

// wantCrowding wants a request, or none where n is 0.
func (s fixture) wantCrowding(n byte) {
	s.t.Helper()
	if n == 0 {
		s.missing("CrowdingQuickConnect", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.CrowdingQuickConnect(ctx); return err })
		return
	}
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.CrowdingQuickConnect(ctx)
		equal(s.t, "CrowdingQuickConnect", got.SecretHash, hash(n))
		return err
	})
}
