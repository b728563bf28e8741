package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// selfMade makes a certificate for this machine and its key, in PEM.
func selfMade(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "finlatch test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// serial asks the server something over a new connection and returns its certificate's serial number.
func serial(t *testing.T, s *served, wantProto int) int64 {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: wantProto == 2, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	response, err := client.Get(s.url + "/System/Ping")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ProtoMajor != wantProto {
		t.Errorf("got %s over %s, want 200 over HTTP/%d", response.Status, response.Proto, wantProto)
	}
	return response.TLS.PeerCertificates[0].SerialNumber.Int64()
}

// TestCertificateReload exchanges the certificate of a running server, and keeps it when the new one is broken.
func TestCertificateReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert, key := selfMade(t, 1)
	write(t, certFile, cert)
	write(t, keyFile, key)
	s := serve(t, filepath.Join(dir, "data"), "--tls-cert", certFile, "--tls-key", keyFile)
	if !strings.HasPrefix(s.url, "https://127.0.0.1:") {
		t.Errorf("it says that it is ready at %s", s.url)
	}
	if got := serial(t, s, 2); got != 1 {
		t.Errorf("the certificate is %d, want 1", got)
	}

	cert, key = selfMade(t, 2)
	write(t, certFile, cert) // with the key of the other one
	s.signals <- syscall.SIGHUP
	waitFor(t, s, "the certificate was not exchanged")
	if got := serial(t, s, 1); got != 1 {
		t.Errorf("after a broken pair the certificate is %d, want 1", got)
	}

	write(t, keyFile, key)
	s.signals <- syscall.SIGHUP
	waitFor(t, s, "the certificate was read again")
	if got := serial(t, s, 2); got != 2 {
		t.Errorf("after SIGHUP the certificate is %d, want 2", got)
	}
	s.signals <- syscall.SIGTERM
	if code := <-s.exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestHangUpWithoutCertificate survives a SIGHUP, which ends programs that do not expect it.
func TestHangUpWithoutCertificate(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.signals <- syscall.SIGHUP
	waitFor(t, s, "SIGHUP")
	response, err := http.Get(s.url + "/System/Ping")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

// waitFor waits until the server's log has a text.
func waitFor(t *testing.T, s *served, text string) {
	t.Helper()
	for range 6000 {
		if strings.Contains(s.logged(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the log never says %q:\n%s", text, s.logged())
}
