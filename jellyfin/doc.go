// Package jellyfin is a client of Jellyfin servers: it finds them, signs users in, by password or by Quick Connect, keeps who is signed
// in and signs requests. It works with Jellyfin 10.9 to 12 and with finlatch, and needs the standard library only. It also has the
// types of the sign-in part of the API, as Jellyfin 12.0.0 reads and writes them, which serve clients and servers alike.
//
// # Signing in
//
// Three lines, whatever somebody types as the address:
//
//	client, err := jellyfin.Dial(ctx, "media.example.org", jellyfin.App{Client: "My app", Version: "1.0.0"}, jellyfin.Options{})
//	in, err := client.SignIn(ctx, "ann", password)
//	me, err := client.Me(ctx)
//
// [Dial] tries https and http and the usual ports at once ([Candidates], [Probe]), follows redirects to learn the true base URL, and tells,
// where it finds no server to use, what it found instead: a *[DialError]. [New] takes a base URL that is known and asks nothing.
//
// The token stays in the [Client]. [Client.SignOut] ends it on the server, too.
//
// # Quick Connect
//
// Without a password: the server gives a code, and somebody approves it in an app that is signed in.
//
//	in, err := client.QuickConnect(ctx, func(c jellyfin.QuickConnectCode) {
//		fmt.Println("Approve", c.Code, "at", c.Link)
//	}, jellyfin.QuickConnectOptions{})
//
// It returns when the device is signed in, or with an error that errors.Is tells apart: [ErrQuickConnectOff], [ErrQuickConnectExpired],
// [ErrQuickConnectDenied], [ErrQuickConnectCanceled]. It asks the server every 5 seconds, and survives that it cannot be reached for a
// time. A server that takes the preference to wait (RFC 7240), as finlatch does, answers the moment somebody approves; others ignore it.
//
// [Client.ApproveQuickConnect] is the other side. finlatch also tells who asks, before anybody approves: [Client.AskedQuickConnect],
// [Client.ApproveAsked], [Client.DenyAsked].
//
// # Staying signed in
//
// A [CredentialStore] keeps a [Credential] for each user of each server: [NewMemoryStore], [NewFileStore], or the system's keyring with
// package jellyfin/keyring.
//
//	credential, _ := client.Credential()
//	err = store.Save(ctx, credential)
//	// the next time
//	all, err := store.Credentials(ctx) // the one that was saved last comes first
//	client, err = jellyfin.Resume(all[0], app, jellyfin.Options{})
//
// Servers keep one token for each user of a device. An installation has one id, and each of its users a device id made from it
// ([DeviceID]), so that nobody signs out somebody else.
//
// # Everything else of the API
//
// [Client.Transport] signs the requests of any http.Client, and only those that go to the server:
//
//	media := &http.Client{Transport: client.Transport(nil)}
//	response, err := media.Get(client.Address() + "/UserViews")
//
// # Errors and secrets
//
// What fails in talking to a server is an *[Error] with operation, status and what the server says. errors.Is knows [ErrUnauthorized],
// [ErrForbidden], [ErrNotFound], [ErrRateLimited], [ErrUnavailable], [ErrUnreachable] and the others. A server that is busy and says
// Retry-After is asked again, as long as Options.Patience lets. A password or token goes to the server's origin and nowhere else, not by a
// redirect either, which is [ErrMoved]; and none is in an error, a line of the log, or what prints a client.
//
// # The types
//
// The rules that hold for every type here:
//
//   - Members stand in the order in which Jellyfin writes them, under the names it uses.
//   - A member that Jellyfin leaves out while it is null is a pointer, or is tagged omitempty or omitzero
//     where the zero value never occurs; every other member is always written.
//   - Lists are [List] and never null. Dates are [Time], ids are [GUID], what must not be logged is [Secret].
//   - An enum is a string type with a Values method (see [Enum]); its zero value is written as the first name.
//   - int is .NET's Int32 and int64 is .NET's Int64: a decoder refuses numbers beyond 32 bits for an int.
//   - A type has a SetDefaults method where a member that a request omits means something else than Go's
//     zero value; a decoder of requests calls it before it reads the members (see [Defaulter]).
//   - Escaping is that of encoding/json. Jellyfin escapes more; servers add that where they write.
//
// A program that reads answers of a real server can use encoding/json as it is: unknown members are ignored,
// and unknown enum names are kept.
package jellyfin

// Defaulter is a type of request body whose omitted members are not all zero.
type Defaulter interface {
	// SetDefaults makes the receiver what Jellyfin takes an empty JSON object for.
	SetDefaults()
}
