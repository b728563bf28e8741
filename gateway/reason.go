package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"github.com/finlatch/finlatch"
)

// errKeyRefused is why a call with the administrator's key went wrong.
var errKeyRefused = errors.New("it does not take the API key")

// reason is why a call went wrong, for people who run a server at home. reached tells whether somebody has answered.
func reason(err error) (text string, reached bool) {
	var e *finlatch.Error
	if errors.As(err, &e) && e.Err != nil {
		err = e.Err
		if inner := errors.Unwrap(err); inner != nil { // without the call
			err = inner
		}
	}
	var (
		name        *net.DNSError
		network     net.Error
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Sprintf("no machine is called %q", short(name.Name)), false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there", false
	case errors.As(err, &network) && network.Timeout():
		return "no answer came in time", false
	case errors.As(err, &certificate):
		return "its certificate is not one that this machine trusts", true
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak https", true
	}
	return err.Error(), !errors.As(err, &network)
}

// unreached is the finding of an upstream that is not a Jellyfin that answers.
func (d *doctor) unreached(err error) Finding {
	why, reached := reason(err)
	if !reached {
		return Finding{CheckUpstream, Problem, fmt.Sprintf("The media server does not answer at %s: %s.", d.url.Host, why),
			"Start it, and compare its address with --upstream. Seen from a container, 127.0.0.1 is the container itself."}
	}
	return Finding{CheckUpstream, Problem, fmt.Sprintf("What answers at %s is not a Jellyfin that is ready: %s.", d.url.Host, why),
		"If it is just starting, wait a minute. Else compare its address with --upstream: port, http or https, and the base path, if it has one (Dashboard, Networking)."}
}
