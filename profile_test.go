package finlatch_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
)

func TestWhoMayUpdateWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ben := w.user("ann", "pw"), w.user("ben", "pw")
	eve := w.user("eve", "pw", func(p *finlatch.Policy) { p.EnableUserPreferenceAccess = false })
	const ok = finlatch.Kind(99)
	for _, test := range []struct {
		name string
		c    finlatch.Caller
		id   finlatch.ID
		want finlatch.Kind
	}{
		{"a stranger", device("tv", home), ann.ID, finlatch.Unauthenticated},
		{"another user", w.as("ann", "pw"), ben.ID, finlatch.Forbidden},
		{"who may not", w.as("eve", "pw"), eve.ID, finlatch.Forbidden},
		{"who may not, naming nobody", w.as("eve", "pw"), finlatch.ID{}, finlatch.Forbidden},
		{"an unknown user", w.as("ann", "pw"), finlatch.ID{1}, finlatch.NotFound},
		{"an operator who names nobody", finlatch.Operator(), finlatch.ID{}, finlatch.Invalid},
		{"the own", w.as("ann", "pw"), ann.ID, ok},
		{"the own, naming nobody", w.as("ben", "pw"), finlatch.ID{}, ok},
		{"an administrator", w.as("admin", "admin-pw"), eve.ID, ok},
	} {
		name := "x-" + strings.Map(func(r rune) rune {
			if r == ',' {
				return '-'
			}
			return r
		}, test.name)
		for what, err := range map[string]error{
			"UpdateUser":       w.UpdateUser(w.ctx, test.c, test.id, name, finlatch.NewConfiguration()),
			"SetConfiguration": w.SetConfiguration(w.ctx, test.c, test.id, finlatch.NewConfiguration()),
		} {
			switch {
			case test.want == ok && err != nil:
				t.Errorf("%s: %s: %v", what, test.name, err)
			case test.want != ok && (err == nil || finlatch.KindOf(err) != test.want):
				t.Errorf("%s: %s: got %v, want %v", what, test.name, err, test.want)
			}
		}
	}
	for id, want := range map[finlatch.ID]string{ann.ID: "x-the own", ben.ID: "x-the own- naming nobody", eve.ID: "x-an administrator"} {
		if user, err := w.UserByID(w.ctx, finlatch.Operator(), id); err != nil || user.Name != want {
			t.Errorf("got %q, want %q (%v)", user.Name, want, err)
		}
	}
}

func TestUpdatingUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	w.user("ben", "pw")
	c := w.as("ann", "pw")
	configuration := finlatch.Configuration{AudioLanguagePreference: "ger\x00", SubtitleMode: "Smart", OrderedViews: []finlatch.ID{{1}, {2}},
		GroupedFolders: []finlatch.ID{{3}}, HidePlayedInLatest: true}
	for _, name := range []string{"BEN", "a/b", "", " ann"} {
		w.wantKind(w.UpdateUser(w.ctx, c, ann.ID, name, configuration), finlatch.Invalid)
	}
	if after, _ := w.UserByID(w.ctx, c, ann.ID); after.Configuration.SubtitleMode != "Default" {
		t.Error("a refused update has changed the configuration")
	}
	if err := w.UpdateUser(w.ctx, c, ann.ID, "Ann", configuration); err != nil {
		t.Fatal(err)
	}
	after, err := w.UserByID(w.ctx, c, ann.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := configuration
	want.AudioLanguagePreference, want.CastReceiverID = "ger", "F007D354"
	if diff := cmp.Diff(want, after.Configuration); diff != "" || after.Name != "Ann" {
		t.Errorf("%s has another configuration (-want +got):\n%s", after.Name, diff)
	}
	configuration.CastReceiverID = "6F511C87"
	if err := w.UpdateUser(w.ctx, c, ann.ID, "Ann", configuration); err != nil {
		t.Fatal(err)
	}
	if after, _ := w.UserByID(w.ctx, c, ann.ID); after.Configuration.CastReceiverID != "6F511C87" {
		t.Errorf("the cast receiver is %s", after.Configuration.CastReceiverID)
	}
	if entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityUserRenamed}); len(entries) != 1 {
		t.Errorf("%d renames are noted, want 1", len(entries))
	}
	configuration.MyMediaExcludes = make([]finlatch.ID, 1001)
	w.wantKind(w.SetConfiguration(w.ctx, c, ann.ID, configuration), finlatch.Invalid)
}

func TestAPolicyWithoutListsKeepsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	folders, channels := []finlatch.ID{{1}}, []finlatch.ID{{2}, {3}}
	ann := w.user("ann", "pw", func(p *finlatch.Policy) { p.BlockedMediaFolders, p.BlockedChannels = folders, channels })
	policy := finlatch.NewPolicy()
	policy.BlockedChannels = []finlatch.ID{}
	if err := w.SetPolicy(w.ctx, finlatch.Operator(), ann.ID, policy, 0); err != nil {
		t.Fatal(err)
	}
	after, err := w.UserByID(w.ctx, finlatch.Operator(), ann.ID)
	if diff := cmp.Diff(folders, after.Policy.BlockedMediaFolders); diff != "" || len(after.Policy.BlockedChannels) != 0 || err != nil {
		t.Errorf("blocked are %v and %v (%v)", after.Policy.BlockedMediaFolders, after.Policy.BlockedChannels, err)
	}
}
