// Package replay plays recorded conversations with a Jellyfin server to another server and compares the answers.
//
// A [Recording] is one scenario: steps with what was asked and what was answered. [Play] asks the same again and gives a
// [Result]: for each step its differences. [Lists] are the differences that are wanted (divergences) and the steps that
// cannot be right yet (waiting); [Lists.Judge] says what is wrong after all.
//
// Ids, tokens, secrets, codes and dates differ from run to run. They are compared by form (letter case, dashes, digits,
// zone) and by identity over a whole scenario: where the recording has one value in two places the new run must too,
// and where it has two the new run must not have one. All else is compared literally.
//
// Nothing here speaks to any address but loopback.
package replay
