package server_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
	"github.com/finlatch/finlatch/sqlite"
)

// victim is a world in which vic has something of everything that can be somebody's.
type victim struct {
	*world
	id      finlatch.ID
	path    string // of the store
	db      *sql.DB
	marks   map[string]string // texts that occur in what is hers and nowhere else
	secrets []string          // shown to nobody
	told    map[string]bool   // which marks an answer has shown to the caller
}

// newVictim makes a world like another, whose store is closed, or the first.
func newVictim(t *testing.T, like *victim) *victim {
	t.Helper()
	v := &victim{path: filepath.Join(t.TempDir(), "finlatch.db")}
	if like != nil {
		data, err := os.ReadFile(like.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(v.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v.world = freshWorld(t, func(o *options) {
		store, err := sqlite.Open(t.Context(), v.path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.service.Store, o.service.ResetDir = store, t.TempDir()
		o.server.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	})
	db, err := sql.Open("sqlite", "file:"+v.path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	v.db = db
	if like != nil {
		v.id, v.names, v.marks, v.secrets = like.id, maps.Clone(like.names), like.marks, like.secrets
		return v
	}
	v.marks = map[string]string{
		"name": "Vic7f3a9c", "configuration": "subtitles-7f3a9c", "picture": "picture-7f3a9c", "tag": "7f3a9c7f3a9c7f3a9c7f3a9c7f3a9c00",
		"app": "App-7f3a9c", "device": "device-7f3a9c", "device-name": "Telly-7f3a9c", "shared-name": "Tablet-7f3a9c",
		"custom-name": "Bedroom-7f3a9c", "icon": "icon-7f3a9c", "address": "198.51.100.77", "preference": "preference-7f3a9c",
		"request": "request-7f3a9c", "log": "entry-7f3a9c",
	}
	v.world.populate()
	v.settle()
	return v
}

func (v *victim) settle() {
	v.Helper()
	m := v.marks
	v.id = v.user(m["name"], "password-7f3a9c")
	caller := finlatch.Caller{ClientInfo: finlatch.NewClientInfo(m["app"], "1.0", m["device-name"], m["device"]), Address: netip.MustParseAddr(m["address"])}
	in, err := v.SignIn(v.ctx, caller, m["name"], "password-7f3a9c")
	if err != nil {
		v.Fatal(err)
	}
	token := in.Token
	v.names["vic"], v.names["vic.name"], v.names["vic.token"], v.names["vic.device"] = v.id.String(), m["name"], token.Reveal(), m["device"]
	v.names["vic.session"] = jellyfin.MD5GUID(m["app"] + m["device"] + v.names["vic"]).String()
	shared := caller
	shared.DeviceID, shared.DeviceName = "shared", m["shared-name"]
	if _, err := v.SignIn(v.ctx, shared, m["name"], "password-7f3a9c"); err != nil {
		v.Fatal(err)
	}
	v.signIn("ben", "ben-pw", "shared")
	v.names[""] = ""
	v.secrets = []string{token.Reveal(), fmt.Sprintf("%x", token.Hash()), "password-7f3a9c"}
	request, _, err := v.Initiate(v.ctx, finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", m["request"], "x")})
	if err != nil {
		v.Fatal(err)
	}
	if err := v.Approve(v.ctx, finlatch.Operator(), request.Code, v.id); err != nil {
		v.Fatal(err)
	}
	err = v.store.Update(v.ctx, func(tx finlatch.Tx) error {
		user, err := tx.User(v.ctx, v.id)
		if err != nil {
			return err
		}
		user.Configuration.SubtitleLanguagePreference, user.ImageTag = m["configuration"], m["tag"]
		user.Policy.IsHidden = false
		usersettings := finlatch.ID{0x3c, 0xe5, 0xb6, 0x5d, 0xe1, 0x16, 0xd7, 0x31, 0x65, 0xd1, 0xef, 0xc4, 0xa3, 0x0e, 0xc3, 0x5c}
		return errors.Join(
			tx.PutUser(v.ctx, user),
			tx.PutPicture(v.ctx, finlatch.Picture{OwnerID: v.id, Tag: user.ImageTag, Type: "image/png", Data: []byte("\x89PNG" + m["picture"]), ModifiedAt: v.Now()}),
			tx.PutPicture(v.ctx, finlatch.Picture{Tag: "splash", Type: "image/png", Data: []byte("\x89PNG")}),
			tx.PutCapabilities(v.ctx, token.Hash(), finlatch.Capabilities{IconURL: "https://example.com/" + m["icon"]}),
			tx.PutDeviceOptions(v.ctx, finlatch.DeviceOptions{DeviceID: m["device"], UserID: v.id, CustomName: m["custom-name"]}),
			tx.PutDisplayPreferences(v.ctx, finlatch.DisplayPreferences{UserID: v.id, ItemID: usersettings, Client: "emby",
				Data: []byte(`{"CustomPrefs":{"x":"` + m["preference"] + `"}}`)}),
			tx.PutPasswordReset(v.ctx, finlatch.PasswordReset{UserID: v.id, PINHash: finlatch.Hash{7}, CreatedAt: v.Now(), ExpiresAt: v.Now().Add(time.Hour)}),
			tx.AddActivity(v.ctx, finlatch.Activity{Type: "x", Name: m["log"], UserID: v.id, Severity: finlatch.SeverityInformation, Count: 1, At: v.Now()}),
		)
	})
	if err != nil {
		v.Fatal(err)
	}
}

type rows map[string]bool

// dump has every row of the store, as another program sees them. Without what is counted it leaves out the counts of
// failures, the entries of the log about sign-ins that failed, and how many wrong passwords a user has.
func (v *victim) dump() (all, uncounted rows) {
	v.Helper()
	all, uncounted = rows{}, rows{}
	for _, table := range v.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'") {
		for _, row := range v.query("SELECT * FROM " + table["name"]) {
			row[""] = table["name"]
			all[fmt.Sprint(row)] = true
			delete(row, "invalid_login_attempts")
			if row[""] != "failures" && row["type"] != finlatch.ActivityAuthenticationFailed {
				uncounted[fmt.Sprint(row)] = true
			}
		}
	}
	return all, uncounted
}

// hers are the rows that name vic, without those of a table, if it has a name, and without the log.
func (v *victim) hers(of rows, without string) rows {
	hers := rows{}
	for row := range of {
		table, _, _ := strings.Cut(strings.TrimPrefix(row, "map[:"), " ")
		if table != "activities" && table != without && strings.Contains(row, v.id.String()) {
			hers[row] = true
		}
	}
	return hers
}

// query gives rows as texts by their columns' names.
func (v *victim) query(statement string) (all []map[string]string) {
	v.Helper()
	result, err := v.db.QueryContext(v.ctx, statement)
	if err != nil {
		v.Fatal(err)
	}
	defer result.Close()
	columns, err := result.Columns()
	if err != nil {
		v.Fatal(err)
	}
	for result.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := result.Scan(into...); err != nil {
			v.Fatal(err)
		}
		row := map[string]string{}
		for i, column := range columns {
			row[column] = fmt.Sprint(values[i])
			if blob, ok := values[i].([]byte); ok {
				row[column] = fmt.Sprintf("%x", blob)
			}
		}
		all = append(all, row)
	}
	if err := result.Err(); err != nil {
		v.Fatal(err)
	}
	return all
}
