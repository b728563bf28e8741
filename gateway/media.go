package gateway

import (
	"fmt"
	"strings"
)

// Anonymous says what is given to requests without a token of what Jellyfin gives to anybody.
type Anonymous uint8

const (
	// AnonymousKnown gives images and media to addresses from which somebody is signed in, or was within 24 hours.
	AnonymousKnown Anonymous = iota
	// AnonymousOpen gives everything to everybody, as Jellyfin does.
	AnonymousOpen
	// AnonymousStrict gives images as AnonymousKnown does, and media to nobody.
	AnonymousStrict
)

var anonymousNames = [...]string{"known", "open", "strict"}

func (a Anonymous) String() string { return anonymousNames[a] }

// UnmarshalText reads "known", "open" or "strict".
func (a *Anonymous) UnmarshalText(text []byte) error {
	for i, name := range anonymousNames {
		if string(text) == name {
			*a = Anonymous(i)
			return nil
		}
	}
	return fmt.Errorf("%q is none of known, open, strict", text)
}

// class is how a path is treated, the more careful the higher.
type class uint8

const (
	passed    class = iota // forwarded, and upstream decides
	image                  // pictures of the library
	media                  // streams, subtitles, attachments
	forgotten              // asks for a PIN for a forgotten password: counted
	pin                    // tries one: counted
	members                // forwarded with a token only
	set                    // belongs to the first run of upstream: never forwarded
	owned                  // answered here and nowhere else: never forwarded
)

// without tells whether Options.Anonymous says who gets it without a token.
func (c class) without() bool { return c == image || c == media }

// rules are what is treated specially. They begin at any word of a path, since upstream may have a base path that we were not
// told; "*" is one word, "**" any number of them.
var rules = compile([]struct {
	class class
	paths string
}{
	{owned, "QuickConnect/** Users/AuthenticateByName Users/AuthenticateWithQuickConnect Users/*/Authenticate"},
	{set, "Startup/*"},
	{pin, "Users/ForgotPassword/Pin"},
	{forgotten, "Users/ForgotPassword"},
	// Jellyfin lets the local network do this without a token, and takes everybody for local if it does not trust us.
	{members, "System/Restart System/Shutdown"},
	// Everything below Videos and Audio: Jellyfin asks for a token at some of it, and at which, changes with its versions.
	{media, "Videos/** Audio/** LiveTv/LiveRecordings/** LiveTv/LiveStreamFiles/** Items/*/Download Items/*/File " +
		"Providers/Subtitles/** FallbackFont/** Dlna/**"},
	// Pictures of users and the splash screen are not among them: they are on the page where people sign in.
	{image, "Items/*/Images/** Artists/**/Images/** Genres/**/Images/** MusicGenres/**/Images/** GameGenres/**/Images/** " +
		"Persons/**/Images/** Studios/**/Images/** Years/**/Images/** Images/General Images/Ratings Images/MediaInfo Images/Remote Plugins/*/*/Image"},
})

type rule struct {
	class class
	words []string
}

func compile(table []struct {
	class class
	paths string
}) (compiled []rule) {
	for _, line := range table {
		for pattern := range strings.FieldsSeq(line.paths) {
			compiled = append(compiled, rule{line.class, strings.Split(pattern, "/")})
		}
	}
	return compiled
}

// classify tells how a path is treated: the most careful of what it may mean.
func classify(p *path) class { return max(classOf(p.parts), classOf(p.words)) }

// classOf finds the first rule that words have, as close to their beginning as there is one.
func classOf(words []string) class {
	for at := range words {
		for i := range rules {
			if rules[i].match(words[at:]) {
				return rules[i].class
			}
		}
	}
	return passed
}

func (r *rule) match(words []string) bool {
	return strings.EqualFold(words[0], r.words[0]) && match(r.words[1:], words[1:])
}

// match compares without regard to case, and beyond ASCII too, which is more than .NET does. What follows a pattern's end
// is part of it: no route of Jellyfin is made longer to mean something harmless.
func match(pattern, words []string) bool {
	for i, want := range pattern {
		switch {
		case want == "**":
			for at := range len(words) - i + 1 {
				if match(pattern[i+1:], words[i+at:]) {
					return true
				}
			}
			return false
		case i >= len(words), want != "*" && !strings.EqualFold(words[i], want):
			return false
		}
	}
	return true
}
