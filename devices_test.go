package finlatch_test

import (
	"testing"

	"github.com/finlatch/finlatch"
)

// jellyfin-web signs out twice at once, so both may have been let in before the first is done.
func TestSigningOutTwiceIsNotedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.caller(w.signIn("admin", "admin-pw", device("tv", home)).Token, home)
	for range 2 {
		if err := w.SignOut(w.ctx, c); err != nil {
			t.Errorf("SignOut: %v", err)
		}
	}
	if entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivitySessionEnded}); len(entries) != 1 {
		t.Errorf("got %d entries, want 1", len(entries))
	}
}
