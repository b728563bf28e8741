package finlatch_test

import (
	"testing"

	"github.com/finlatch/finlatch"
)

func TestParseNetwork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.168.0.0/16": "192.168.0.0/16", "192.168.7.9/16": "192.168.0.0/16", "10.1.2.3": "10.1.2.3", "10.1.2.3/32": "10.1.2.3",
		"::ffff:10.1.2.3": "10.1.2.3", "FD00::1": "fd00::1", "fd00::/8": "fd00::/8", "0.0.0.0/0": "0.0.0.0/0",
		"": "", " 10.0.0.1": "", "10.0.0": "", "10.0.0.0/33": "", "::ffff:10.0.0.0/104": "", "fe80::1%eth0": "", "private": "", "!10.0.0.1": "",
	} {
		network, valid := finlatch.ParseNetwork(text)
		if valid != (want != "") || valid && finlatch.NetworkText(network) != want {
			t.Errorf("ParseNetwork(%q) = %v, %v; want %q", text, network, valid, want)
		}
	}
}
