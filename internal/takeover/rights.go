package takeover

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// permissions are where Jellyfin's PermissionKind stands in a policy, by its number.
func permissions(p *finlatch.Policy) []*bool {
	return []*bool{
		0: &p.IsAdministrator, 1: &p.IsHidden, 2: &p.IsDisabled, 3: &p.EnableSharedDeviceControl, 4: &p.EnableRemoteAccess,
		5: &p.EnableLiveTvManagement, 6: &p.EnableLiveTvAccess, 7: &p.EnableMediaPlayback, 8: &p.EnableAudioPlaybackTranscoding,
		9: &p.EnableVideoPlaybackTranscoding, 10: &p.EnableContentDeletion, 11: &p.EnableContentDownloading,
		12: &p.EnableSyncTranscoding, 13: &p.EnableMediaConversion, 14: &p.EnableAllDevices, 15: &p.EnableAllChannels,
		16: &p.EnableAllFolders, 17: &p.EnablePublicSharing, 18: &p.EnableRemoteControlOfOtherUsers, 19: &p.EnablePlaybackRemuxing,
		20: &p.ForceRemoteSourceTranscoding, 21: &p.EnableCollectionManagement, 22: &p.EnableSubtitleManagement,
		23: &p.EnableLyricManagement,
	}
}

// readPermissions leaves false what has no row, as Jellyfin does.
func (r *reader) readPermissions(ctx context.Context) error {
	return r.each(ctx, "Permissions", func(row *row) {
		user := r.owner(row)
		if user == nil {
			return
		}
		all, kind := permissions(&user.Policy), row.integer("Kind")
		if kind >= 0 && kind < len(all) {
			*all[kind] = row.flag("Value")
		}
	})
}

func (r *reader) readPreferences(ctx context.Context) error {
	return r.each(ctx, "Preferences", func(row *row) {
		user := r.owner(row)
		if user == nil {
			return
		}
		p, c := &user.Policy, &user.Configuration
		var list []string
		if value := row.text("Value"); value != "" {
			list = strings.Split(value, ",")
		}
		switch row.integer("Kind") { // Jellyfin's PreferenceKind
		case 0:
			p.BlockedTags = list
		case 1:
			p.BlockedChannels = ids(list)
		case 2:
			p.BlockedMediaFolders = ids(list)
		case 3:
			p.EnabledDevices = list
		case 4:
			p.EnabledChannels = ids(list)
		case 5:
			p.EnabledFolders = ids(list)
		case 6:
			p.EnableContentDeletionFromFolders = list
		case 7:
			c.LatestItemsExcludes = ids(list)
		case 8:
			c.MyMediaExcludes = ids(list)
		case 9:
			c.GroupedFolders = ids(list)
		case 10:
			for _, item := range jellyfin.ParseDelimited[jellyfin.UnratedItem](strings.Join(list, ",")) {
				p.BlockUnratedItems = append(p.BlockUnratedItems, string(item))
			}
		case 11:
			c.OrderedViews = ids(list)
		case 12:
			p.AllowedTags = list
		}
	})
}

// ids leaves out what is none, as Jellyfin does.
func ids(list []string) (ids []finlatch.ID) {
	for _, text := range list {
		if id, ok := finlatch.ParseID(text); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r *reader) readSchedules(ctx context.Context) error {
	err := r.each(ctx, "AccessSchedules", func(row *row) {
		if user := r.owner(row); user != nil {
			user.Policy.AccessSchedules = append(user.Policy.AccessSchedules, finlatch.AccessSchedule{
				ID: row.integer("Id"), DayOfWeek: row.named("DayOfWeek", jellyfin.DynamicDayOfWeek("").Values()),
				StartHour: row.hour("StartHour"), EndHour: row.hour("EndHour"),
			})
		}
	})
	for _, user := range r.into.Users {
		slices.SortFunc(user.Policy.AccessSchedules, func(a, b finlatch.AccessSchedule) int { return cmp.Compare(a.ID, b.ID) })
	}
	return err
}
