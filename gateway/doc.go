// Package gateway puts finlatch in front of a Jellyfin media server, which is called upstream here: apps keep their address and
// stay as they are, what they watch flows through untouched, and all that is about signing in is finlatch's.
//
// [Client] asks upstream for what the rules need to know: it is the [finlatch.Upstream] of a service. [Examine] looks at
// upstream and says in plain words what is wrong there and what to do.
//
// Upstream is trusted to say who its users are, and with nothing else: whatever it answers is bounded in size and time and checked
// for its form, no redirect of it is followed, and the administrator's key goes to it alone, with the calls that calls.go lists.
package gateway
