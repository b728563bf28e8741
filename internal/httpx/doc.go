// Package httpx is the HTTP plumbing under the packages server, web and gateway: what stands between a connection and
// a handler, and knows nothing of users or devices. It reads and writes bodies the way Jellyfin does, down to the
// sentences of its errors, since apps show them and tests compare them.
//
// The order of the wrapping, outside in, and who does it:
//
//	Record          the event of the request, panics, the log line, X-Response-Time-ms
//	Progress        deadlines that move with the bytes
//	ClientAddress   who asks, by the peer or by a trusted proxy
//	CORS            Access-Control headers and preflights
//	LimitBody       bounds what DecodeJSON and others read
//	BasePath        the path under which everything lives
//	Fold            one spelling of each path
//	Mux             the route table
//	Adapt           handlers that return errors
package httpx
