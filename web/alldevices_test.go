package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestEverybodysDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.appSignIn("ann", "ann-pw", "telly")
	w.appSignIn("ann", "ann-pw", "tablet")
	w.appSignIn("ben", "ben-pw", "telly") // the same device id
	b := w.signedIn("admin")
	p := b.get("admin/devices")
	if p.h1() != "Devices" || len(p.rows()) != 4 || !strings.Contains(p.text(), "This browser") {
		t.Fatalf("%q: %q", p.h1(), p.rows())
	}
	if got := p.click("ben"); got.h1() != "ben" {
		t.Errorf("the name leads to %q", got.h1())
	}
	bens := p.formOf("Sign out Telly of ben")
	if p := b.submit(bens).follow(); p.h1() != "Devices" || p.notice() == "" || len(w.devices("ben")) != 0 || len(w.devices("ann")) != 2 {
		t.Errorf("%q %q: ben has %d, ann %d", p.h1(), p.alert(), len(w.devices("ben")), len(w.devices("ann")))
	}
	for _, value := range []string{bens.fields.Get("device"), "", ".", w.id("ann").String(), w.id("ann").String() + ".", strings.Repeat("0", 32) + ".x", strings.Repeat("A", 22) + ".x", "telly",
		strings.Repeat("A", 22) + bens.fields.Get("device")[22:]} {
		p := b.post("admin/devices/sign-out", "device", value)
		if p.status != http.StatusNotFound || p.alert() == "" || p.h1() != "Devices" {
			t.Errorf("%q: %d %q", value, p.status, p.alert())
		}
	}
	if len(w.devices("ann")) != 2 {
		t.Errorf("ann has %d devices left", len(w.devices("ann")))
	}
	if p := w.signedIn("ann").get("admin/devices"); p.status != http.StatusForbidden {
		t.Errorf("a user gets %d", p.status)
	}
}
