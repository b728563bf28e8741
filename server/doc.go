// Package server is the sign-in part of the Jellyfin 12 API as an http.Handler, in front of a finlatch.Service.
//
// routes.go is the one table of what it answers. Everything else goes to Options.Fallback, so that a program can mount
// it beside its own handlers.
package server
