// Package web has the pages under /finlatch/, and /link as their short address: where people sign in with a browser, see what
// asks before they approve it, look after their devices and their account, and where administrators run the server.
//
// The pages follow the rules of [finlatch.Service] as every app does. A session is an ordinary device whose token rides in a
// cookie; that token counts on the pages only, and no other counts there. They need no script.
package web
