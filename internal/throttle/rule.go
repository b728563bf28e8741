package throttle

import (
	"slices"
	"time"
)

// MaxHold is the longest hold that a Rule asks for.
const MaxHold = 8 * time.Second

// Count is the failed attempts on one thing. The zero Count is none.
type Count struct {
	N     int
	First time.Time // of those that are counted
	Last  time.Time // what was noted last, which need not be a failure

	recent [4]uint64 // the last guesses that were counted
}

// Rule says what failed attempts lead to. Its attempts are in a row where Life is set and Window is not: they count until
// a success, or until nothing has happened for that long.
type Rule struct {
	Free   int           // so many failures have no effect
	Refuse int           // from so many on attempts are refused; 0: never
	Window time.Duration // failures count so long after the first of them
	Life   time.Duration // failures count so long after the last of them
}

// Verdict is what is done with an attempt: it is made at once, or held for a while first, or refused.
type Verdict struct {
	Hold    time.Duration // at most MaxHold
	Refused time.Duration // above 0: no attempt is made, and so long from now one will be
}

// Of is the verdict on the next attempt. Holds double with every failure from a second on.
func (r Rule) Of(c Count, now time.Time) Verdict {
	over := c.N - r.Free
	switch {
	case over < 0 || r.Over(c, now):
		return Verdict{}
	case r.Refuse > 0 && c.N >= r.Refuse:
		return Verdict{Refused: r.end(c).Sub(now)}
	case over < 3:
		return Verdict{Hold: time.Second << over}
	}
	return Verdict{Hold: MaxHold}
}

// Over tells whether what was counted counts no longer. A clock that was set back ends nothing.
func (r Rule) Over(c Count, now time.Time) bool { return !now.Before(r.end(c)) }

func (r Rule) end(c Count) time.Time {
	if r.Window > 0 {
		return c.First.Add(r.Window)
	}
	return c.Last.Add(r.Life)
}

// Fail counts a failed attempt; what no longer counts is forgotten first.
func (r Rule) Fail(c Count, now time.Time) Count {
	if c.N == 0 || r.Over(c, now) {
		c = Count{First: now}
	}
	c.N++
	c.Last = now
	return c
}

// Guess is Fail for an attempt that made a guess, which is not 0 and stands for what was guessed. The same guess again
// tells the guesser nothing, so it is not counted while it is one of the last four: news is false.
func (r Rule) Guess(c Count, guess uint64, now time.Time) (_ Count, news bool) {
	if c.N > 0 && !r.Over(c, now) && slices.Contains(c.recent[:], guess) {
		return c, false
	}
	c = r.Fail(c, now)
	copy(c.recent[1:], c.recent[:])
	c.recent[0] = guess
	return c, true
}

// And is the stricter of two verdicts: the longer hold, and the longer refusal.
func (v Verdict) And(other Verdict) Verdict {
	return Verdict{Hold: max(v.Hold, other.Hold), Refused: max(v.Refused, other.Refused)}
}
