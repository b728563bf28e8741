// Package finlatch is sign-in for Jellyfin apps: the domain and its rules, without HTTP and without SQL.
//
// A [User] signs in with name and password ([Service.SignIn]) or with Quick Connect: a device asks for a code
// ([Service.Initiate]), a person approves it in an app that is signed in ([Service.Approve]), and the device redeems
// its secret ([Service.Redeem]). Either way there is a new [Device]: one user's access [Token] on one device. From then
// on every request carries the token, and [Service.Authenticate] says which [Caller] that is.
//
// Everything that outlives a process is in a [Store]; package sqlite has one. The Service holds the rules: it takes the
// Caller as the argument after ctx, checks what that Caller may do, and writes the activity log in the same transaction
// as the change it tells of. Package server puts the Jellyfin API in front of a Service.
//
//	store, err := sqlite.Open(ctx, "finlatch.db", sqlite.Options{})
//	service, err := finlatch.New(ctx, finlatch.Options{Store: store})
//	go service.Run(ctx)
//	http.ListenAndServe("127.0.0.1:8096", server.New(service, server.Options{}))
//
// Terms are Jellyfin's: Quick Connect, Device, API key, Policy, Activity log. A session is a device that was lately
// active. The operator is whoever owns the machine's files and runs the program's own commands.
package finlatch
