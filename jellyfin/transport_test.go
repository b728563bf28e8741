package jellyfin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/finlatch/finlatch/jellyfin"
)

func TestTransportSigns(t *testing.T) {
	t.Parallel()
	client := asks(t, http.NotFoundHandler())
	if err := client.Use(jellyfin.Credential{Server: client.Address(), DeviceID: "d", Token: "token"}); err != nil {
		t.Fatal(err)
	}
	var got string
	signing := &http.Client{Transport: client.Transport(inProcess{http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })})}
	signed := jellyfin.Authorization{Client: testApp.Client, Version: testApp.Version, Device: testApp.Device, DeviceID: "d", Token: "token"}.Header()
	for url, want := range map[string]string{
		"https://jellyfin.example/base/Items?x=y":         signed,
		"https://JELLYFIN.example:443/base/Items":         signed,
		"https://jellyfin.example/base":                   signed,
		"https://jellyfin.example/base/../other":          "",
		"https://jellyfin.example/base/%2e%2e/other":      "",
		"https://jellyfin.example/baseball":               "",
		"https://jellyfin.example/":                       "",
		"http://jellyfin.example/base/Items":              "",
		"https://jellyfin.example:8920/base/Items":        "",
		"https://jellyfin.example.evil.org/base/Items":    "",
		"https://evil.org/base/Items":                     "",
		"https://jellyfin.example@evil.org/base/Items":    "Basic amVsbHlmaW4uZXhhbXBsZTo=", // net/http makes that of the URL
		"https://evil.org/?https://jellyfin.example/base": "",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := signing.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got != want {
			t.Errorf("%s is sent with %q, want %q", url, got, want)
		}
		if request.Header.Get("Authorization") != "" {
			t.Error("the caller's request was changed")
		}
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://jellyfin.example/base/x", nil)
	request.Header.Set("Authorization", "mine")
	if response, err := signing.Do(request); err != nil || got != "mine" {
		t.Errorf("a header of the caller's became %q (%v)", got, err)
	} else {
		response.Body.Close()
	}
}

func TestTransportAndRedirects(t *testing.T) {
	t.Parallel()
	var got []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("Authorization")) }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		http.Redirect(w, r, map[string]string{"/one": "/two", "/two": other.URL}[r.URL.Path], http.StatusFound)
	}))
	t.Cleanup(server.Close)
	client, err := jellyfin.Resume(jellyfin.Credential{Server: server.URL, DeviceID: "d", Token: "token"}, testApp, jellyfin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: client.Transport(nil)}).Get(server.URL + "/one")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if len(got) != 3 || got[0] == "" || got[1] != got[0] || got[2] != "" {
		t.Errorf("the servers got %q", got)
	}
}
