package finlatch

import (
	"testing"
	"time"
)

// When the next sweep is due shows nowhere outside but in how late it comes, so this looks inside.
func TestEveryDueTimeIsKept(t *testing.T) {
	t.Parallel()
	var s sweeping
	s.init()
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, after := range []time.Duration{10 * time.Minute, 5 * time.Second, 8 * time.Second} {
		s.due(start.Add(after))
	}
	now := start
	for _, want := range []time.Duration{6 * time.Second, 9 * time.Second, 10*time.Minute + time.Second, time.Hour + 10*time.Minute + time.Second} {
		now = s.next(now)
		if got := now.Sub(start); got != want {
			t.Errorf("the next sweep is due after %v, want %v", got, want)
		}
	}
}
