package cli

import (
	"crypto/tls"
	"log/slog"
	"sync/atomic"
	"time"
)

// certificate is the certificate in use. It can be exchanged while connections come in.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	pair              atomic.Pointer[tls.Certificate]
}

// loadCertificate reads a certificate and its key.
func loadCertificate(certFile, keyFile path, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: string(certFile), keyFile: string(keyFile), log: log}
	if err := c.load(); err != nil {
		return nil, failed("", "cannot use the certificate: %s", plain(err))
	}
	return c, nil
}

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	if end := pair.Leaf.NotAfter; time.Now().After(end) {
		c.log.Warn("the certificate has expired", "file", c.certFile, "end", end)
	}
	c.pair.Store(&pair)
	return nil
}

// reload reads both files again. If they are no good the certificate from before stays.
func (c *certificate) reload() {
	if err := c.load(); err != nil {
		c.log.Error("the certificate was not exchanged; the one from before stays", "error", err)
		return
	}
	c.log.Info("the certificate was read again", "file", c.certFile, "end", c.pair.Load().Leaf.NotAfter)
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.pair.Load(), nil },
	}
}
