package takeover_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/internal/takeover"
)

func expectation(t *testing.T, dir string) *expected {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := new(expected)
	if err := json.Unmarshal(text, want); err != nil {
		t.Fatal(err)
	}
	return want
}

// installation copies a real one for a test that changes it.
func installation(t *testing.T, version string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "jellyfin")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", version))); err != nil {
		t.Fatal(err)
	}
	return dir
}

const databaseFile = "data/data/jellyfin.db"

// edit runs statements on an installation's database.
func edit(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// snapshot is all that can be seen of a folder.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := []byte(nil)
		if info.Mode().IsRegular() {
			if content, err = os.ReadFile(name); err != nil {
				return err
			}
		}
		all[name] = fmt.Sprintf("%s %s %x", info.Mode(), info.ModTime(), content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// withLog makes the copy of a Jellyfin that was killed: the user's last renaming is in the write-ahead log alone.
func withLog(t *testing.T, version string) (dir string) {
	t.Helper()
	live, dir := installation(t, version), installation(t, version)
	db, err := sql.Open("sqlite", filepath.Join(live, databaseFile)+"?_pragma=wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE Users SET Username = 'benedikt' WHERE Username = 'ben'"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(filepath.Join(live, databaseFile+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, databaseFile+suffix), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWriteAheadLogIsRead(t *testing.T) {
	t.Parallel()
	var names []string
	for _, user := range read(t, withLog(t, "12.0.0")).Users {
		names = append(names, user.Name)
	}
	want := []string{"admin", "ann", "benedikt", "cleo", "dora", "Émile Zoë", "old-sha1", "old-sha512", "remote-no", "second.admin"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
}

// Not parallel: it looks at the folder for temporary files.
func TestSourceStaysUntouched(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for _, tt := range []struct {
		name     string
		dir      string
		readOnly bool
	}{
		{"closed", installation(t, "12.0.0"), false},
		{"with a log", withLog(t, "10.11.11"), false},
		{"read-only", withLog(t, "12.0.0"), true},
	} {
		if tt.readOnly {
			makeReadOnly(t, tt.dir)
		}
		before := snapshot(t, tt.dir)
		found := read(t, tt.dir)
		if err := found.Write(t.Context(), newStore(t), now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, snapshot(t, tt.dir)); diff != "" {
			t.Errorf("%s: the source has changed", tt.name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(temporary, "finlatch-import-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func makeReadOnly(t *testing.T, dir string) {
	t.Helper()
	chmod := func(folders, files fs.FileMode) {
		filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				return os.Chmod(name, folders)
			}
			return os.Chmod(name, files)
		})
	}
	chmod(0o555, 0o444)
	t.Cleanup(func() { chmod(0o755, 0o644) })
}

// TestLayouts finds the two folders where the ways to install Jellyfin have them.
func TestLayouts(t *testing.T) {
	t.Parallel()
	move := func(from, to string) func(string) error {
		return func(dir string) error { return os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)) }
	}
	for _, tt := range []struct {
		name   string
		moves  []func(string) error
		source takeover.Source // below the installation's folder
	}{
		{"side by side", nil, takeover.Source{Data: "."}},
		{"in one", []func(string) error{move("config", "data/config")}, takeover.Source{Data: "data"}},
		{"in one, from above", []func(string) error{move("config", "data/config")}, takeover.Source{Data: "."}},
		{"configuration beside data", []func(string) error{move("config/system.xml", "system.xml"), move("config/users", "users"), move("config/network.xml", "network.xml")}, takeover.Source{Data: "."}},
		{"two places", []func(string) error{move("config", "etc")}, takeover.Source{Data: "data", Config: "etc"}},
		{"two places, from above", nil, takeover.Source{Data: ".", Config: "."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := installation(t, "12.0.0")
			for _, f := range tt.moves {
				if err := f(dir); err != nil {
					t.Fatal(err)
				}
			}
			source := takeover.Source{Data: filepath.Join(dir, tt.source.Data)}
			if tt.source.Config != "" {
				source.Config = filepath.Join(dir, tt.source.Config)
			}
			found, err := takeover.Read(t.Context(), source)
			if err != nil {
				t.Fatal(err)
			}
			if found.Settings.ServerName != "Haus am See" || len(found.Users) != 10 || len(found.Pictures) != 1 {
				t.Errorf("%q with %d users and %d pictures", found.Settings.ServerName, len(found.Users), len(found.Pictures))
			}
		})
	}
}

// TestRefused reads what is no whole installation, or a hostile one.
func TestRefused(t *testing.T) {
	t.Parallel()
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := func(statements ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { edit(t, dir, statements...) }
	}
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, string)
		want  string // in the error
	}{
		{"no database", remove(databaseFile), "no data/jellyfin.db"},
		{"no configuration", remove("config"), "no system.xml"},
		{"no server id", remove("data/data/device.txt"), "the server's id"},
		{"another text for a server id", write("data/data/device.txt", "hello"), "the server's id"},
		{"no XML", write("config/system.xml", "hello"), "read system.xml: it is no XML"},
		{"half the XML", write("config/system.xml", "<ServerConfiguration><ServerName>x"), "read system.xml"},
		{"no number", write("config/network.xml", "<NetworkConfiguration><InternalHttpPort>x</InternalHttpPort></NetworkConfiguration>"), "InternalHttpPort: no number"},
		{"a large configuration", write("config/system.xml", strings.Repeat(" ", 2<<20)), "larger than"},
		{"no SQLite", write(databaseFile, strings.Repeat("hello ", 1000)), "not a database"},
		{"an empty database", write(databaseFile, ""), "no table Users"},
		{"a torn database", func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, databaseFile), 40<<10); err != nil {
				t.Fatal(err)
			}
		}, "malformed"},
		{"a rollback journal", write(databaseFile+"-journal", "x"), "not closed in order"},
		{"a folder for a database", func(t *testing.T, dir string) {
			remove(databaseFile)(t, dir)
			if err := os.Mkdir(filepath.Join(dir, databaseFile), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		{"a link out of the folder", func(t *testing.T, dir string) {
			remove(databaseFile)(t, dir)
			outside, err := filepath.Abs("testdata/12.0.0/" + databaseFile)
			if err == nil {
				err = os.Symlink(outside, filepath.Join(dir, databaseFile))
			}
			if err != nil {
				t.Skip(err)
			}
		}, "escapes"},
		{"no table", run("DROP TABLE Devices"), "no table Devices"},
		{"no column", run("ALTER TABLE Devices DROP COLUMN AppName"), "AppName is not there"},
		{"a view that never ends", run("DROP TABLE DeviceOptions",
			"CREATE VIEW DeviceOptions AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS DeviceId, NULL AS CustomName FROM n"), "no table DeviceOptions"},
		{"a virtual table", run("DROP TABLE DeviceOptions", "CREATE VIRTUAL TABLE DeviceOptions USING fts5(DeviceId, CustomName)"), "no table DeviceOptions"},
		{"a number for a name", run("ALTER TABLE DeviceOptions DROP COLUMN CustomName", "ALTER TABLE DeviceOptions ADD COLUMN CustomName", "UPDATE DeviceOptions SET CustomName = 5"), "CustomName is no text"},
		{"a text for a number", run("UPDATE Users SET MaxActiveSessions = 'many'"), "MaxActiveSessions is no 32 bit integer"},
		{"a blob for a hash", run("UPDATE Users SET Password = x'00ff'"), "Password is no text"},
		{"bytes that are no text", run("UPDATE Devices SET AppName = CAST(x'ff' AS TEXT)"), "AppName is no text"},
		{"a large number", run("UPDATE Users SET SyncPlayAccess = 9000000000"), "SyncPlayAccess"},
		{"a value that an enum does not have", run("UPDATE Users SET SubtitleMode = 9"), "SubtitleMode is out of range"},
		{"no hour", run("UPDATE AccessSchedules SET EndHour = 9e999"), "EndHour is no hour"},
		{"a huge text", run("UPDATE Devices SET DeviceId = printf('%.*c', 2000000, 'x')"), "too big"},
		{"no id", run("PRAGMA foreign_keys = 0", "UPDATE Users SET Id = 'ann' WHERE Username = 'ann'"), "Id is no id"},
		{"one id twice", run("PRAGMA foreign_keys = 0", "INSERT INTO Users SELECT * FROM Users WHERE 0",
			"UPDATE Users SET Id = (SELECT lower(Id) FROM Users WHERE Username = 'admin') WHERE Username = 'ann'"), "two users have the id"},
		{"one name twice", run("UPDATE Users SET Username = 'éMILE zoë' WHERE Username = 'ann'"), "one name but for upper and lower case"},
		{"no administrator", run("UPDATE Permissions SET Value = 0 WHERE Kind = 0"), "never set up"},
		{"no users", run("DELETE FROM Users"), "never set up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := installation(t, "12.0.0")
			tt.spoil(t, dir)
			found, err := takeover.Read(t.Context(), takeover.Source{Data: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Read = %v, %v; want an error with %q", found, err, tt.want)
			}
		})
	}
}

// TestDamagedDatabases reads databases with wrong bytes in them, mostly where SQLite keeps its own: an error or what is left, and
// neither a crash nor an end that never comes.
func TestDamagedDatabases(t *testing.T) {
	t.Parallel()
	dir := installation(t, "12.0.0")
	whole, err := os.ReadFile(filepath.Join(dir, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for seed := range uint64(80) {
		random := rand.New(rand.NewPCG(seed, 0))
		damaged := bytes.Clone(whole)
		for range 1 + random.IntN(40) {
			at := random.IntN(len(damaged)/page) * page
			if seed%2 == 0 {
				damaged[at+random.IntN(page)] = byte(random.Uint32())
			} else {
				damaged[at+random.IntN(60)] = byte(random.Uint32())
			}
		}
		if err := os.WriteFile(filepath.Join(dir, databaseFile), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := takeover.Read(t.Context(), takeover.Source{Data: dir})
		if (found == nil) == (err == nil) || found != nil && len(found.Users) > len(whole)/page {
			t.Errorf("seed %d: Read = %v, %v", seed, found, err)
		}
	}
}
