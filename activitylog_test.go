package finlatch_test

import (
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// Names are those that people have now, and nobody's who is gone.
func TestActivityLogNamesPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ben := w.user("ann", "ann-pw"), w.user("ben", "ben-pw")
	for _, entry := range []finlatch.Activity{
		{Name: "by nobody"},
		{Name: "of ann by ben", UserID: ann.ID, ByID: ben.ID},
		{Name: "of ben by ann", UserID: ben.ID, ByID: ann.ID},
		{Name: "of ann refused", UserID: ann.ID, Refusal: true},
	} {
		w.clock.Move(time.Second)
		entry.At, entry.Count = w.clock.Now(), 1
		err := w.store.Update(w.ctx, func(tx finlatch.Tx) error { return tx.AddActivity(w.ctx, entry) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Rename(w.ctx, finlatch.Operator(), ann.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteUser(w.ctx, finlatch.Operator(), ben.ID); err != nil {
		t.Fatal(err)
	}
	entries, _, err := w.ActivityLog(w.ctx, finlatch.Operator(), finlatch.ActivityFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{"by nobody": {}, "of ann by ben": {"anna", ""}, "of ben by ann": {"", "anna"}, "of ann refused": {"anna", ""}}
	found := 0
	for _, entry := range entries {
		if names, ours := want[entry.Name]; ours {
			found++
			if entry.UserName != names[0] || entry.ByName != names[1] {
				t.Errorf("%s: about %q by %q, want %q", entry.Name, entry.UserName, entry.ByName, names)
			}
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d entries", found, len(want))
	}
}
