package takeover

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// noteTables notes what a media server has in its database.
func (r *reader) noteTables(ctx context.Context) error {
	for _, table := range []struct{ name, what string }{
		{"BaseItems", "entries of the media library"}, {"UserData", "ratings and places in films"}, {"ActivityLogs", "entries of the activity log"},
	} {
		n, err := r.count(ctx, table.name)
		if err != nil {
			return err
		}
		if n > 0 {
			r.note("%d %s", n, table.what)
		}
	}
	return nil
}

// noteFolders notes what a media server has besides its database.
func (r *reader) noteFolders() {
	const limit = 50
	for _, folder := range []struct{ name, what string }{{"root/default", "libraries"}, {"plugins", "plugins"}} {
		names := slices.DeleteFunc(subfolders(r.data, folder.name, limit), func(name string) bool { return name == "configurations" })
		if len(names) > 0 {
			slices.Sort(names)
			r.note("the %s: %s", folder.what, strings.Join(names, ", "))
		}
	}
}

// Report writes what there is of each kind, and then what has no place here.
func (i *Installation) Report(w io.Writer) error {
	administrators := 0
	for _, user := range i.Users {
		if user.Policy.IsAdministrator {
			administrators++
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "server\t%s (%s)\n", i.Settings.ServerName, i.Settings.ServerID)
	for _, kind := range []struct {
		name  string
		count int
	}{
		{"users", len(i.Users)}, {"administrators", administrators}, {"pictures", len(i.Pictures)}, {"devices", len(i.Devices)},
		{"device names", len(i.DeviceOptions)}, {"API keys", len(i.APIKeys)}, {"display preferences", len(i.DisplayPreferences)},
	} {
		fmt.Fprintf(table, "%s\t%d\n", kind.name, kind.count)
	}
	if len(i.Notes) > 0 {
		fmt.Fprint(table, "\nHas no place here:\n")
		for _, note := range i.Notes {
			fmt.Fprintf(table, "  %s\n", note)
		}
	}
	return table.Flush()
}
