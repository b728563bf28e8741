package replay

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Who administers the servers that recordings are played to.
const (
	administrator         = "admin"
	administratorPassword = "Adm1n-pass"
	caretakerDevice       = "wire-caretaker"
	caretaker             = `MediaBrowser Client="Wire caretaker", Device="Wire caretaker", DeviceId="` + caretakerDevice + `", Version="1.0"`
)

// callTimeout is what a call outside the recorded steps may take.
const callTimeout = 30 * time.Second

// noBody is the body of a call that has none; nil would be null.
type noBody struct{}

// call asks something outside the recorded steps; the body comes back as it was understood.
func (p *player) call(ctx context.Context, method, path, auth string, body any) (status int, answer any, err error) {
	out := outgoing{method: method, path: path, timeout: callTimeout}
	if auth != "" {
		out.headers = append(out.headers, Header{"Authorization", &auth})
	}
	if _, none := body.(noBody); !none {
		contentType := "application/json"
		out.headers = append(out.headers, Header{"Content-Type", &contentType})
		out.body = []byte(encode(body))
	}
	got, err := p.exchange(ctx, out)
	if err != nil {
		return 0, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return got.Status, got.Body, nil
}

// isSetUp asks whether the first-run set-up was done.
func (p *player) isSetUp(ctx context.Context) (bool, error) {
	status, info, err := p.call(ctx, "GET", "/System/Info/Public", "", noBody{})
	if err != nil {
		return false, err
	}
	if status != http.StatusOK {
		return false, fmt.Errorf("public info answered %d", status)
	}
	done, _ := dig(info, "$.StartupWizardCompleted")
	return done == true, nil
}

// setUp completes the first-run set-up if that has not been done.
func (p *player) setUp(ctx context.Context) error {
	if done, err := p.isSetUp(ctx); done || err != nil {
		return err
	}
	steps := []struct {
		method, path string
		body         any
	}{
		{"POST", "/Startup/Configuration", &object{members: []member{{"ServerName", "Wire test"}, {"UICulture", "en-US"},
			{"MetadataCountryCode", "US"}, {"PreferredMetadataLanguage", "en"}}}},
		{"GET", "/Startup/User", noBody{}},
		{"POST", "/Startup/User", &object{members: []member{{"Name", p.disguise.name(administrator)},
			{"Password", p.disguise.password(administratorPassword)}}}},
		{"POST", "/Startup/RemoteAccess", &object{members: []member{{"EnableRemoteAccess", true}}}},
		{"POST", "/Startup/Complete", noBody{}},
	}
	for _, step := range steps {
		status, _, err := p.call(ctx, step.method, step.path, "", step.body)
		if err != nil {
			return err
		}
		alreadyNamed := status == http.StatusForbidden && step.path == "/Startup/User"
		if status != http.StatusOK && status != http.StatusNoContent && !alreadyNamed {
			return fmt.Errorf("set-up: %s %s answered %d", step.method, step.path, status)
		}
	}
	return nil
}

// purge leaves only the administrator: no other users, no API keys, no devices, Quick Connect on, legacy off.
func (p *player) purge(ctx context.Context) error {
	status, answer, err := p.call(ctx, "POST", "/Users/AuthenticateByName", caretaker, &object{members: []member{
		{"Username", p.disguise.name(administrator)}, {"Pw", p.disguise.password(administratorPassword)}}})
	if err != nil {
		return err
	}
	token, _ := dig(answer, "$.AccessToken")
	own, _ := dig(answer, "$.User.Id")
	text, isText := token.(string)
	if status != http.StatusOK || !isText || own == nil {
		return fmt.Errorf("the administrator cannot sign in: %d, token and user id in the answer: %t, %t", status, isText, own != nil)
	}
	auth := caretaker + `, Token="` + text + `"`

	do := func(method, path string, body any) any {
		if err != nil {
			return nil
		}
		_, answer, err = p.call(ctx, method, path, auth, body)
		return answer
	}
	for _, user := range listedMembers(do("GET", "/Users", noBody{}), "Id") {
		if user != own {
			do("DELETE", "/Users/"+user, noBody{})
		}
	}
	for _, key := range listedMembers(do("GET", "/Auth/Keys", noBody{}), "AccessToken") {
		do("DELETE", "/Auth/Keys/"+key, noBody{})
	}
	if changed := defaultSwitches(do("GET", "/System/Configuration", noBody{})); changed != nil {
		do("POST", "/System/Configuration", changed)
	}
	devices := listedMembers(do("GET", "/Devices", noBody{}), "Id")
	devices = slices.DeleteFunc(devices, func(id string) bool { return id == caretakerDevice })
	for _, id := range append(devices, caretakerDevice) { // its own last: that ends the token
		do("DELETE", "/Devices?id="+percentEncode(id), noBody{})
	}
	return err
}

// defaultSwitches is the configuration with Quick Connect on and legacy authorization off; nil if it is so already.
func defaultSwitches(configuration any) *object {
	config, isObject := configuration.(*object)
	if !isObject {
		return nil
	}
	quickConnect, _ := config.get("QuickConnectAvailable")
	legacy, _ := config.get("EnableLegacyAuthorization")
	if quickConnect != false && legacy != true {
		return nil
	}
	config.set("QuickConnectAvailable", true)
	config.set("EnableLegacyAuthorization", false)
	return config
}

// listedMembers is one member of every entry of a list or of a query result, sorted, each once.
func listedMembers(answer any, name string) []string {
	if o, isObject := answer.(*object); isObject {
		answer, _ = o.get("Items")
	}
	entries, _ := answer.([]any)
	found := map[string]bool{}
	for _, entry := range entries {
		value, _ := dig(entry, "$."+name)
		if text, isText := value.(string); isText {
			found[text] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
