package finlatch

import (
	"context"
	"errors"
)

// LoggedActivity is an entry of the activity log as it is shown.
type LoggedActivity struct {
	Activity
	// Names of users as they are now; empty where that is nobody known, or nobody any more.
	UserName string // whom it is about
	ByName   string // who did it
}

// maxActivityPage bounds how many entries of the log are shown at a time.
const maxActivityPage = 1000

// ActivityLog lists entries of the activity log, and tells how many there are in all, for administrators. It shows 1,000
// at most; a Limit of 0 shows none.
func (s *Service) ActivityLog(ctx context.Context, c Caller, filter ActivityFilter) (shown []LoggedActivity, total int, err error) {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return nil, 0, err
	}
	limit := min(filter.Limit, maxActivityPage)
	filter.Limit = max(limit, 1)
	err = s.store.View(ctx, func(tx Tx) error {
		entries, all, err := tx.Activities(ctx, filter)
		if err != nil {
			return err
		}
		shown, total = make([]LoggedActivity, 0, len(entries)), all
		names := map[ID]string{{}: ""}
		for _, entry := range entries[:min(max(limit, 0), len(entries))] {
			for _, id := range [...]ID{entry.UserID, entry.ByID} {
				if _, known := names[id]; known {
					continue
				}
				user, err := tx.User(ctx, id)
				if err != nil && !errors.Is(err, ErrNotFound) {
					return err
				}
				names[id] = user.Name
			}
			shown = append(shown, LoggedActivity{entry, names[entry.UserID], names[entry.ByID]})
		}
		return nil
	})
	return shown, total, err
}
