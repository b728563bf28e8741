package gateway

import (
	"context"
	"net/http"
)

// count counts what could be guessed by who asks often enough, before it is forwarded: PINs for forgotten passwords.
func (x *exchange) count(ctx context.Context) (err error) {
	switch x.request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	switch x.class {
	case forgotten:
		err = x.g.service.CountForgotten(ctx, x.caller)
	case pin:
		x.judged, err = x.g.service.CountPIN(ctx, x.caller)
	}
	return err
}
