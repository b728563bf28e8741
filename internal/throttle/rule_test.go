package throttle_test

import (
	"testing"
	"time"

	"github.com/finlatch/finlatch/internal/throttle"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	row := throttle.Rule{Free: 10, Refuse: 100, Life: 24 * time.Hour}
	window := throttle.Rule{Free: 30, Window: 10 * time.Minute}
	held := func(d time.Duration) throttle.Verdict { return throttle.Verdict{Hold: d} }
	refused := func(d time.Duration) throttle.Verdict { return throttle.Verdict{Refused: d} }
	for _, tt := range []struct {
		name     string
		rule     throttle.Rule
		failures int
		every    time.Duration
		after    time.Duration // from the last one
		want     throttle.Verdict
	}{
		{"nothing failed", row, 0, 0, 0, held(0)},
		{"one less than the limit", row, 9, time.Second, 0, held(0)},
		{"at the limit", row, 10, time.Second, 0, held(time.Second)},
		{"then twice as long", row, 11, time.Second, 0, held(2 * time.Second)},
		{"and again", row, 12, time.Second, 0, held(4 * time.Second)},
		{"up to the longest", row, 13, time.Second, 0, held(8 * time.Second)},
		{"and no longer", row, 99, time.Second, 0, held(8 * time.Second)},
		{"in a row, however slowly", row, 13, 23 * time.Hour, 0, held(8 * time.Second)},
		{"long after the last", row, 13, time.Second, 24*time.Hour - 1, held(8 * time.Second)},
		{"too long after the last", row, 13, time.Second, 24 * time.Hour, held(0)},
		{"too many", row, 100, time.Second, 0, refused(24 * time.Hour)},
		{"more than too many", row, 1000, time.Second, time.Hour, refused(23 * time.Hour)},
		{"too many, forgotten", row, 100, time.Second, 24 * time.Hour, held(0)},
		{"below the window's limit", window, 29, time.Second, 0, held(0)},
		{"at the window's limit", window, 30, time.Second, 0, held(time.Second)},
		{"a window refuses nobody", window, 5000, time.Millisecond, 0, held(8 * time.Second)},
		{"just inside the window", window, 30, time.Second, 10*time.Minute - 29*time.Second - 1, held(time.Second)},
		{"the window is over", window, 30, time.Second, 10*time.Minute - 29*time.Second, held(0)},
		{"too slow for the window", window, 300, 21 * time.Second, 0, held(0)},
		{"a clock that was set back", row, 100, time.Second, -time.Hour, refused(25 * time.Hour)},
	} {
		var c throttle.Count
		at := noon
		for i := range tt.failures {
			at = noon.Add(time.Duration(i) * tt.every)
			c = tt.rule.Fail(c, at)
		}
		if got := tt.rule.Of(c, at.Add(tt.after)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestVerdictsTogether(t *testing.T) {
	t.Parallel()
	a, b := throttle.Verdict{Hold: time.Second, Refused: time.Hour}, throttle.Verdict{Hold: 2 * time.Second}
	want := throttle.Verdict{Hold: 2 * time.Second, Refused: time.Hour}
	if got := a.And(b); got != want || b.And(a) != want {
		t.Errorf("%+v and %+v, want %+v", got, b.And(a), want)
	}
}

// A guess is counted once, however often it comes, unless four others came between.
func TestGuesses(t *testing.T) {
	t.Parallel()
	rule := throttle.Rule{Free: 10, Refuse: 100, Life: time.Hour}
	for _, tt := range []struct {
		name    string
		guesses []uint64
		want    int
	}{
		{"the same", []uint64{7, 7, 7, 7, 7}, 1},
		{"two by turns", []uint64{1, 2, 1, 2, 1, 2}, 2},
		{"four by turns", []uint64{1, 2, 3, 4, 1, 2, 3, 4}, 4},
		{"each another", []uint64{1, 2, 3, 4, 5, 6}, 6},
		{"more than are remembered", []uint64{1, 2, 3, 4, 5, 1}, 6},
	} {
		var c throttle.Count
		for i, guess := range tt.guesses {
			before := c.N
			var news bool
			if c, news = rule.Guess(c, guess, noon.Add(time.Duration(i)*time.Second)); news != (c.N == before+1) {
				t.Errorf("%s: guess %d is news: %v, and the count went from %d to %d", tt.name, i, news, before, c.N)
			}
		}
		if c.N != tt.want {
			t.Errorf("%s: counted %d, want %d", tt.name, c.N, tt.want)
		}
		if c, news := rule.Guess(c, tt.guesses[0], noon.Add(2*time.Hour)); !news || c.N != 1 || !c.First.Equal(noon.Add(2*time.Hour)) {
			t.Errorf("%s: after the life of the others: %+v, want the first of new ones", tt.name, c)
		}
	}
}

// A repeated guess must not keep the others alive for ever.
func TestRepeatedGuessDoesNotProlong(t *testing.T) {
	t.Parallel()
	rule := throttle.Rule{Free: 1, Life: time.Hour}
	c, _ := rule.Guess(throttle.Count{}, 7, noon)
	c, _ = rule.Guess(c, 7, noon.Add(59*time.Minute))
	if v := rule.Of(c, noon.Add(time.Hour)); v != (throttle.Verdict{}) {
		t.Errorf("an hour after the only failure: %+v", v)
	}
}
