package conformance_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// The rules about what a client asks before anybody signs in.

const publicInfo = "/System/Info/Public"

func (w *world) publicInfo(ctx context.Context) (map[string]any, error) {
	return object(w.get(ctx, publicInfo, ""))
}

// Anything else is scored bad by the SDKs and refused by Expo, Roku and Xbox.
func productName(ctx context.Context, w *world) error {
	info, err := w.publicInfo(ctx)
	return errors.Join(err, wanted(member(info, "ProductName") == "Jellyfin Server", "ProductName is %q", info["ProductName"]))
}

var productNameBreaks = []breakage{
	{name: "another product", answer: changed(publicInfo, func(info map[string]any) { info["ProductName"] = "finlatch" })},
	{name: "another case", answer: changed(publicInfo, func(info map[string]any) { info["ProductName"] = "jellyfin server" })},
	{name: "none", answer: changed(publicInfo, func(info map[string]any) { delete(info, "ProductName") })},
}

var plainVersion = regexp.MustCompile(`^([0-9]+)\.([0-9]+)\.([0-9]+)(\.[0-9]+)?$`)

// The next Kotlin SDK wants 12; two numbers or a suffix are no version to it.
func version(ctx context.Context, w *world) error {
	info, err := w.publicInfo(ctx)
	parts := plainVersion.FindStringSubmatch(member(info, "Version"))
	return errors.Join(err, wanted(parts != nil && len(parts[1]) == 2 && parts[1] >= "12", "Version is %q", info["Version"]))
}

var versionBreaks = []breakage{
	{name: "two numbers", answer: versioned("12.0")},
	{name: "a suffix", answer: versioned("12.0.0-rc1")},
	{name: "too old", answer: versioned("10.10.7")},
	{name: "none", answer: versioned("")},
}

func versioned(as string) func(*http.Response) error {
	return changed(publicInfo, func(info map[string]any) { info["Version"] = as })
}

var plainID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Android TV crashes on what is no UUID; web calls a changed id a server mismatch; Kodi throws a sign-in away whose ServerId differs.
func serverID(ctx context.Context, w *world) error {
	info, err := w.publicInfo(ctx)
	if err != nil {
		return err
	}
	again, err := w.publicInfo(ctx)
	if err != nil {
		return err
	}
	in, err := w.signIn(ctx, "ben", "rules-03")
	if err != nil {
		return err
	}
	id := member(info, "Id")
	found, err := w.discover(ctx, "who is JellyfinServer?")
	return errors.Join(err,
		wanted(plainID.MatchString(id), "Id is %q", id),
		wanted(member(again, "Id") == id, "Id was %q and is %q", id, again["Id"]),
		wanted(member(in, "ServerId") == id, "ServerId of the sign-in is %q, Id %q", in["ServerId"], id),
		wanted(member(in, "User", "ServerId") == id, "ServerId of the user is %q, Id %q", member(in, "User", "ServerId"), id),
		wanted(member(found, "Id") == id, "discovery's Id is %q, the server's %q", found["Id"], id))
}

var serverIDBreaks = []breakage{
	{name: "dashes", answer: changed(publicInfo, func(info map[string]any) { info["Id"] = dashed(member(info, "Id")) })},
	{name: "upper case", answer: changed(publicInfo, func(info map[string]any) { info["Id"] = strings.ToUpper(member(info, "Id")) })},
	{name: "another one each time", answer: changed(publicInfo, func(info map[string]any) { info["Id"] = randomID() })},
	{name: "another one in the sign-in", answer: changed("/Users/AuthenticateByName", func(in map[string]any) { in["ServerId"] = randomID() })},
	{name: "none in the user", answer: changed("/Users/AuthenticateByName", func(in map[string]any) { delete(in["User"].(map[string]any), "ServerId") })},
	{name: "another one in discovery", udp: reply(func(found map[string]any) { found["Id"] = randomID() })},
}

func randomID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	return hex.EncodeToString(id)
}

func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// A wrong address is tried first by web builds for many servers, and costs 20 s or a server mismatch.
func localAddress(ctx context.Context, w *world) error {
	info, err := w.publicInfo(ctx)
	told, any := info["LocalAddress"]
	return errors.Join(err, wanted(!any || told == w.base, "LocalAddress is %q, the client used %q", told, w.base))
}

var localAddressBreaks = []breakage{
	{name: "another address", answer: changed(publicInfo, func(info map[string]any) { info["LocalAddress"] = "http://10.9.8.7:8096" })},
	{name: "null", answer: changed(publicInfo, func(info map[string]any) { info["LocalAddress"] = nil })},
}

// Six shells load their sign-in page from the server: Desktop and Xbox look with HEAD, webOS by way of the manifest.
func webClient(ctx context.Context, w *world) error {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		root, err := w.ask(ctx, sent{method: method, path: "/"})
		if err != nil {
			return err
		}
		to := strings.TrimPrefix(root.header.Get("Location"), w.base)
		if err := wanted(root.status/100 == 3 && (to == "web/" || to == "/web/"), "%s / is %d to %q", method, root.status, to); err != nil {
			return err
		}
		page, err := must(http.StatusOK)(w.ask(ctx, sent{method: method, path: "/web/"}))
		if err != nil {
			return err
		}
		kind := page.header.Get("Content-Type")
		if err := wanted(strings.HasPrefix(kind, "text/html"), "%s /web/ is %q", method, kind); err != nil {
			return err
		}
		if err := wanted(method == http.MethodHead || bytes.Contains(page.body, []byte("main.0123456789.bundle.js")), "/web/ is another page"); err != nil {
			return err
		}
	}
	manifest, err := object(w.get(ctx, "/web/manifest.json", ""))
	return errors.Join(err, wanted(member(manifest, "start_url") != "", "the manifest has no start_url"))
}

var webClientBreaks = []breakage{
	{name: "no redirect", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return r.URL.Path == "/" })},
	{name: "no HEAD of the root", instead: refused(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.URL.Path == "/" && r.Method == http.MethodHead })},
	{name: "no HEAD of the client", instead: refused(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.URL.Path == "/web/" && r.Method == http.MethodHead })},
	{name: "another page", answer: replaced("/web/", func([]byte) []byte { return []byte("<!doctype html><title>other</title>") })},
	{name: "no manifest", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return r.URL.Path == "/web/manifest.json" })},
}

// Roku and webOS spell the question with a capital W. Kotlin reads 1,024 bytes and needs all three members; Kodi, too.
func discovery(ctx context.Context, w *world) error {
	info, err := w.publicInfo(ctx)
	if err != nil {
		return err
	}
	for _, question := range []string{"who is JellyfinServer?", "Who is JellyfinServer?", "WHO IS JELLYFINSERVER?"} {
		found, err := w.discover(ctx, question)
		if err != nil {
			return err
		}
		address := member(found, "Address")
		err = errors.Join(
			wanted(regexp.MustCompile(`^https?://[^/]+`).MatchString(address), "%s: Address is %q", question, address),
			wanted(member(found, "Id") == member(info, "Id"), "%s: Id is %q", question, found["Id"]),
			wanted(member(found, "Name") == member(info, "ServerName"), "%s: Name is %q, the server's %q", question, found["Name"], info["ServerName"]))
		if err != nil {
			return err
		}
	}
	return nil
}

var discoveryBreaks = []breakage{
	{name: "silent", udp: func(bool, []byte) []byte { return nil }},
	{name: "one spelling only", udp: func(request bool, datagram []byte) []byte {
		if request && !bytes.Contains(datagram, []byte("who is JellyfinServer?")) {
			return nil
		}
		return datagram
	}},
	{name: "no address", udp: reply(func(found map[string]any) { delete(found, "Address") })},
	{name: "no id", udp: reply(func(found map[string]any) { delete(found, "Id") })},
	{name: "no name", udp: reply(func(found map[string]any) { delete(found, "Name") })},
	{name: "too long", udp: reply(func(found map[string]any) { found["More"] = strings.Repeat("x", 1024) })},
}

// reply changes discovery's answers.
func reply(change func(map[string]any)) func(bool, []byte) []byte {
	return func(request bool, datagram []byte) []byte {
		if request {
			return datagram
		}
		var found map[string]any
		if json.Unmarshal(datagram, &found) != nil {
			return datagram
		}
		change(found)
		datagram, _ = json.Marshal(found)
		return datagram
	}
}
