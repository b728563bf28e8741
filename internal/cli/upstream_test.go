package cli_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/finlatch/finlatch/discovery"
)

// told is what a server tells of itself, over UDP or HTTP.
type told struct{ Address, LocalAddress, ID, Name, ServerName string }

// discovered asks at a UDP address as apps do, until somebody answers.
func discovered(t *testing.T, at string) (found told) {
	t.Helper()
	conn, err := net.Dial("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, discovery.MaxAnswer)
	for range 100 { // it may not listen yet
		conn.Write([]byte(discovery.Question))
		conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, err := conn.Read(answer); err == nil {
			if err := json.Unmarshal(answer[:n], &found); err != nil {
				t.Fatal(err)
			}
			return found
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("nobody answers at %s", at)
	return found
}

func publicInfo(t *testing.T, url string) (info told) {
	t.Helper()
	response, err := http.Get(url + "/System/Info/Public")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&info); err != nil {
		t.Fatal(err)
	}
	return info
}

// freeUDP is an address at which nobody listens.
func freeUDP(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

// In front of a Jellyfin apps are led to finlatch, and to nothing behind it, under the server's id and name.
func TestGatewayAnnouncesItself(t *testing.T) {
	t.Parallel()
	for _, published := range []string{"", "https://tv.example.org/jelly"} {
		t.Run(published, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
			behind := serve(t, data, "--published-url", "http://127.0.0.9:8097")
			at := freeUDP(t)
			args := []string{"--upstream", behind.url, "--discovery", "on", "--discovery-listen", at, "--discovery-from", "127.0.0.1"}
			if published != "" {
				args = append(args, "--published-url", published)
			}
			front := serve(t, t.TempDir(), args...)
			want := published
			if want == "" {
				want = front.url
			}
			upstream, seen, found := publicInfo(t, behind.url), publicInfo(t, front.url), discovered(t, at)
			if found.Address != want || found.ID != upstream.ID || found.Name != upstream.ServerName {
				t.Errorf("apps that look for servers are told %+v, want %s and the server of %+v", found, want, upstream)
			}
			if seen.LocalAddress != want || seen.ID != upstream.ID || seen.ServerName != upstream.ServerName {
				t.Errorf("apps that ask are told %+v, want %s and the server of %+v", seen, want, upstream)
			}
			if upstream.LocalAddress != "http://127.0.0.9:8097" {
				t.Errorf("the server behind tells %q, so this shows nothing", upstream.LocalAddress)
			}
		})
	}
}

// ownAddress is one of this machine that others reach.
func ownAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && !network.IP.IsLoopback() && network.IP.To4() != nil {
			return network.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback")
	return ""
}

// Strict is refused where the media server is reached past finlatch, also by a server that was there first.
func TestStrictThatIsAnIllusion(t *testing.T) {
	t.Parallel()
	for _, strict := range [][]string{{"--strict"}, {"--anonymous", "strict"}} {
		t.Run(strict[0], func(t *testing.T) {
			t.Parallel()
			data, front := t.TempDir(), t.TempDir()
			done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
			behind := serve(t, data, "--listen", net.JoinHostPort(ownAddress(t), "0"))
			args := append([]string{"--upstream", behind.url}, strict...)
			stop := func(s *served) {
				t.Helper()
				s.signals <- syscall.SIGTERM
				if exit := <-s.exit; exit != 0 {
					t.Fatalf("exit code %d: %s", exit, s.logged())
				}
			}
			refused := func(exit int, text string) {
				t.Helper()
				if exit != 1 || !strings.Contains(text, "strict is worth nothing") || !strings.Contains(text, "listen on 127.0.0.1 only") {
					t.Errorf("got exit code %d and %s", exit, text)
				}
			}
			exit, _, text := run(t, "", append([]string{"serve", "--data", front, "--listen", "127.0.0.1:0"}, args...)...)
			refused(exit, text)
			stop(serve(t, front, "--upstream", behind.url)) // without, it gets to know the media server
			stop(behind)
			first := serve(t, front, args...)
			serve(t, data, "--listen", strings.TrimPrefix(behind.url, "http://"))
			refused(<-first.exit, first.logged())
		})
	}
}

// The pages tell of the server behind, and who still sends tokens of old kinds.
func TestPagesTellOfTheServerBehind(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
	behind := serve(t, data)
	front := serve(t, t.TempDir(), "--upstream", behind.url)
	do := func(client *http.Client, method, path, body string, header map[string]string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, front.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range header {
			r.Header.Set(name, value)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s %s (%v)", method, path, response.Status, text, err)
		}
		return string(text)
	}
	var in struct{ AccessToken string }
	answer := do(http.DefaultClient, "POST", "/Users/AuthenticateByName", signIn, map[string]string{"Content-Type": "application/json",
		"Authorization": `MediaBrowser Client="Grey app", Device="d", DeviceId="i", Version="1"`})
	if err := json.Unmarshal([]byte(answer), &in); err != nil {
		t.Fatal(err)
	}
	do(http.DefaultClient, "GET", "/Users/Me", "", map[string]string{"X-Emby-Token": in.AccessToken})

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	form := url.Values{"username": {"anna"}, "password": {"correct horse"}}
	do(browser, "POST", "/finlatch/sign-in", form.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	page := do(browser, "GET", "/finlatch/admin", "", nil)
	// Without a key there is no Quick Connect.
	for _, want := range []string{"it is Jellyfin 12.", "Quick Connect is switched off in the media server", "x-emby-token", "Grey app"} {
		if !strings.Contains(page, want) {
			t.Errorf("the overview does not say %q: %s", want, page)
		}
	}
	if page := do(browser, "GET", "/finlatch/admin/users", "", nil); !strings.Contains(page, "Users are the media server") || !strings.Contains(page, "anna") {
		t.Errorf("the page of users does not say whose they are: %s", page)
	}
}

// The doctor ends with what it comes to, and its exit code says the same.
func TestDoctor(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
	behind := serve(t, data)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + listener.Addr().String()
	listener.Close()
	for _, tt := range []struct {
		name, upstream string
		code           int
		stdout, stderr string
	}{
		{"no key", behind.url, 0, "finlatch can stand in front of it; 1 warning says", ""},
		{"nobody", nobody, 1, "nothing listens there.", "1 problem is to be mended"},
		{"no server", "", 2, "", "which media server?"},
	} {
		args := []string{"doctor"}
		if tt.upstream != "" {
			args = append(args, "--upstream", tt.upstream)
		}
		code, stdout, stderr := run(t, "", args...)
		if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) || code == 0 && stderr != "" {
			t.Errorf("%s: exit code %d, said\n%s%s", tt.name, code, stdout, stderr)
		}
	}
}
