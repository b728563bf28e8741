package main_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// testFullDisk fills the file system that the data is on, and empties it again.
func testFullDisk(t *testing.T, binary string) {
	disk := smallDisk(t)
	p := newProcess(t, binary, filepath.Join(disk, "data"), "--log-level", "warn")
	p.start()
	d := &fullDisk{process: p, phone: p.mustSignIn("anna", "phone")}
	d.tokens = append(d.tokens, d.phone)
	// Without a password nothing is hashed, so thousands of sign-ins are quick.
	if a, err := p.ask(t.Context(), "", "POST", "/Users/New", "", d.phone, `{"Name":"guest"}`); err != nil || a.status != 200 {
		t.Fatalf("a new user: %d %s %v", a.status, brief(a.body), err)
	}
	for range 20 {
		if !d.signIn() {
			t.Fatal("a sign-in is refused, and there is room")
		}
	}

	ballast := d.fill(disk)
	d.signInUntilFull()
	d.refuse()
	d.checkAll()

	t.Log("with room again")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if !d.signIn() {
			t.Fatal("a sign-in is refused, and there is room again")
		}
	}
	d.checkAll()

	t.Log("killed while the disk is full")
	ballast = d.fill(disk)
	d.signInUntilFull()
	p.kill()
	p.checkLog()
	if err := p.tryStart(); err != nil {
		t.Log("it does not start on the full disk, and says:", err)
	} else {
		d.checkAll()
		p.kill()
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.start()
	d.checkAll()
	if !d.signIn() {
		t.Error("a sign-in is refused after all, and there is room")
	}
	p.stop()
	p.checkLog()
	t.Logf("%d tokens, %d refusals", len(d.tokens), d.refused)
}

type fullDisk struct {
	*process
	phone   string
	tokens  []string
	devices int
	refused int
}

// smallDisk mounts a file system of 8 MiB in memory.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if output, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m", "finlatch-test", dir).CombinedOutput(); err != nil {
		skipped := fmt.Sprintf("no file system of its own: %v %s", err, output)
		if os.Getenv("CI") == "true" {
			t.Fatal(skipped)
		}
		t.Skip(skipped)
	}
	t.Cleanup(func() {
		if output, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, output)
		}
	})
	return dir
}

// fill leaves no room on the disk.
func (d *fullDisk) fill(disk string) string {
	d.Helper()
	file, err := os.CreateTemp(disk, "ballast")
	if err != nil {
		d.Fatal(err)
	}
	defer file.Close()
	for size := 64 << 10; size > 0; size /= 2 {
		for err == nil {
			_, err = file.Write(make([]byte, size))
		}
		err = nil
	}
	return file.Name()
}

// signIn signs in on one more device, and tells whether that worked; the only refusal is 503.
func (d *fullDisk) signIn() bool {
	d.Helper()
	d.devices++
	a, err := d.client.signIn(context.Background(), "", "guest", "", fmt.Sprint("device ", d.devices))
	switch {
	case err != nil:
		d.Fatalf("a sign-in: %v", err)
	case a.status == 503 && a.retryAfter != "":
		d.refused++
		return false
	case a.status != 200:
		d.Fatalf("a sign-in: %d %s, Retry-After %q", a.status, brief(a.body), a.retryAfter)
	}
	d.tokens = append(d.tokens, a.field("AccessToken"))
	return true
}

// signInUntilFull uses up what room the database has in itself.
func (d *fullDisk) signInUntilFull() {
	d.Helper()
	for refused := 0; refused < 20; {
		if d.devices > 20_000 {
			d.Fatal("the disk is not full")
		}
		if d.signIn() {
			refused = 0
		} else {
			refused++
		}
	}
}

// refuse asks for other changes than sign-ins.
func (d *fullDisk) refuse() {
	d.Helper()
	for _, r := range []struct{ method, path, token, body string }{
		{"POST", "/QuickConnect/Initiate", "", ""},
		{"POST", "/Users/New", d.phone, `{"Name":"ben","Password":"pw"}`},
		{"POST", "/Sessions/Logout", d.tokens[3], ""},
	} {
		a, err := d.ask(context.Background(), "", r.method, r.path, "device 0", r.token, r.body)
		if err != nil || a.status != 503 || a.retryAfter == "" {
			d.Errorf("%s: %d %s %v, Retry-After %q; want 503", r.path, a.status, brief(a.body), err, a.retryAfter)
		}
	}
	if output, err := d.run("user", "add", "carl"); err == nil || !bytes.HasPrefix(output, []byte("finlatch: ")) {
		d.Errorf("user add: %v\n%s", err, output)
	} else {
		d.Logf("user add says: %s", output)
	}
}

// checkAll uses every token: those that the server remembers and those that it has to look up.
func (d *fullDisk) checkAll() {
	d.Helper()
	each(d.tokens, func(token string) {
		a, err := d.ask(context.Background(), "", "GET", "/Users/Me", "", token, "")
		if err != nil || a.status != 200 {
			d.Errorf("a token: %d %s %v", a.status, brief(a.body), err)
		}
	})
}
