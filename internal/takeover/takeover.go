// Package takeover reads what a Jellyfin 10.9 to 12 has left on disk and writes it into an empty finlatch.Store: users with
// their passwords, rights and pictures, signed-in devices, API keys, display preferences and the server's own settings, so that
// nobody has to sign in again. Nothing is written where the Jellyfin lies. What is read is taken for a stranger's: a file that
// is not what Jellyfin writes is an error.
package takeover

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/finlatch/finlatch"
)

// Source says where a Jellyfin, or a copy of one, lies.
type Source struct {
	Data   string // the folder with data/jellyfin.db in it, or the one above that
	Config string // the folder with system.xml in it, or the one above that; empty: in Data
}

// Installation is what a Jellyfin leaves to finlatch.
type Installation struct {
	Settings           finlatch.Settings // of a server that is set up
	Users              []finlatch.User   // in the order in which Jellyfin created them; without CreatedAt, which it does not keep
	Devices            []finlatch.Device
	DeviceOptions      []finlatch.DeviceOptions
	APIKeys            []finlatch.APIKey
	DisplayPreferences []finlatch.DisplayPreferences
	Pictures           []finlatch.Picture
	Notes              []string // what is not taken, or not as it was: a line each
}

// Read reads an installation. Its errors name the file or the table that is not as it should be.
func Read(ctx context.Context, source Source) (*Installation, error) {
	from, err := open(source)
	if err != nil {
		return nil, err
	}
	defer from.close()
	r := &reader{folders: from, users: map[finlatch.ID]int{}}
	if err := cmp.Or(r.readServerID(), r.readConfiguration()); err != nil {
		return nil, err
	}
	if err := r.readDatabase(ctx); err != nil {
		return nil, err
	}
	r.noteFolders()
	return &r.into, nil
}

// reader gathers an Installation.
type reader struct {
	*folders
	*database
	into      Installation
	users     map[finlatch.ID]int // where in into.Users
	receivers []string            // ids of the players to cast to; the first is the default
	splash    string              // the path of the splash screen's picture; empty: none
	orphans   int                 // rows of users that are not there
}

func (r *reader) note(format string, args ...any) {
	r.into.Notes = append(r.into.Notes, fmt.Sprintf(format, args...))
}

func (r *reader) readDatabase(ctx context.Context) (err error) {
	if r.database, err = openDatabase(ctx, r.folders); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.database.close()) }()
	for _, read := range []func(context.Context) error{
		r.readUsers, r.readPermissions, r.readPreferences, r.readSchedules, r.readPictures, r.readDevices, r.readDeviceOptions,
		r.readAPIKeys, r.readDisplayPreferences,
	} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	if err := r.noteUsers(); err != nil {
		return err
	}
	return r.noteTables(ctx)
}

// owner is the user whom a row belongs to; without one the row is an orphan. Jellyfin 10.11.11 leaves the old rows of a user
// behind at every change.
func (r *reader) owner(row *row) *finlatch.User {
	if id, ok := finlatch.ParseID(row.optionalText("UserId")); ok {
		if i, ok := r.users[id]; ok {
			return &r.into.Users[i]
		}
	}
	row.orphan = true
	r.orphans++
	return nil
}
