package takeover

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// Bounds of display preferences, as the rules have them: bytes in one document and in a client's name, and documents of one user.
const (
	maxPreferences      = 64 << 10
	maxPreferencesName  = 128
	maxPreferencesCount = 500
)

// HomeSectionType and IndexingKind, by their numbers.
var (
	homeSections  = []string{"none", "smalllibrarytiles", "librarybuttons", "activerecordings", "resume", "resumeaudio", "latestmedia", "nextup", "livetv", "resumebook"}
	indexingKinds = []string{"PremiereDate", "ProductionYear", "CommunityRating"}
)

type preferencesKey struct {
	user, item finlatch.ID
	client     string
}

// documents are display preferences, which Jellyfin keeps in four tables.
type documents map[preferencesKey]*jellyfin.DisplayPreferencesDto

// of is the document that a row belongs to, as new ones are until something is said; nil for an orphan.
func (d documents) of(r *reader, row *row) *jellyfin.DisplayPreferencesDto {
	user := r.owner(row)
	item, ok := finlatch.ParseID(row.text("ItemId"))
	if !ok {
		row.fail("ItemId", "no id")
	}
	if user == nil || row.err != nil {
		return nil
	}
	key := preferencesKey{user.ID, item, row.text("Client")}
	if d[key] == nil {
		d[key] = newDocument(key)
	}
	return d[key]
}

func newDocument(key preferencesKey) *jellyfin.DisplayPreferencesDto {
	dto := new(jellyfin.DisplayPreferencesDto)
	dto.SetDefaults()
	dto.ID, dto.Client, dto.SortBy = jellyfin.GUID(key.item).Dashed(), key.client, new("SortName")
	dto.SortOrder, dto.ScrollDirection = jellyfin.SortAscending, jellyfin.ScrollHorizontal
	dto.CustomPrefs = jellyfin.CustomPrefs{"chromecastVersion": new("stable"), "skipForwardLength": new("30000"),
		"skipBackLength": new("10000"), "enableNextVideoInfoOverlay": new("False"), "tvhome": nil, "dashboardTheme": nil}
	return dto
}

func (r *reader) readDisplayPreferences(ctx context.Context) error {
	all, byRow := documents{}, map[int]*jellyfin.DisplayPreferencesDto{}
	err := r.each(ctx, "DisplayPreferences", func(row *row) {
		dto := all.of(r, row)
		if dto == nil {
			return
		}
		byRow[row.integer("Id")] = dto
		dto.ScrollDirection = jellyfin.ScrollDirection(row.named("ScrollDirection", dto.ScrollDirection.Values()))
		dto.ShowSidebar, dto.ShowBackdrop = row.flag("ShowSidebar"), row.flag("ShowBackdrop")
		if row.value("IndexBy") != nil {
			dto.IndexBy = new(row.named("IndexBy", indexingKinds))
		}
		set := dto.CustomPrefs
		set["chromecastVersion"] = new(row.named("ChromecastVersion", []string{"stable", "unstable"}))
		set["skipForwardLength"] = new(strconv.Itoa(row.integer("SkipForwardLength")))
		set["skipBackLength"] = new(strconv.Itoa(row.integer("SkipBackwardLength")))
		if row.flag("EnableNextVideoInfoOverlay") {
			set["enableNextVideoInfoOverlay"] = new("True")
		}
		for key, column := range map[string]string{"tvhome": "TvHome", "dashboardTheme": "DashboardTheme"} {
			if row.value(column) != nil {
				set[key] = new(row.text(column))
			}
		}
	})
	if err != nil {
		return err
	}
	err = r.each(ctx, "HomeSection", func(row *row) {
		if dto := byRow[row.integer("DisplayPreferencesId")]; dto != nil {
			dto.CustomPrefs[fmt.Sprint("homesection", row.integer("Order"))] = new(row.named("Type", homeSections))
		}
	})
	if err != nil {
		return err
	}
	err = r.each(ctx, "ItemDisplayPreferences", func(row *row) {
		if dto := all.of(r, row); dto != nil {
			dto.RememberIndexing, dto.RememberSorting = row.flag("RememberIndexing"), row.flag("RememberSorting")
			dto.SortBy = new(row.text("SortBy"))
			dto.SortOrder = jellyfin.SortOrder(row.named("SortOrder", dto.SortOrder.Values()))
		}
	})
	if err != nil {
		return err
	}
	err = r.each(ctx, "CustomItemDisplayPreferences", func(row *row) {
		dto := all.of(r, row)
		if dto == nil {
			return
		}
		key := row.text("Key")
		if _, taken := dto.CustomPrefs[key]; taken {
			return // Jellyfin, too, lets the columns win
		}
		dto.CustomPrefs[key] = nil
		if row.value("Value") != nil {
			dto.CustomPrefs[key] = new(row.text("Value"))
		}
	})
	if err != nil {
		return err
	}
	return r.keepDisplayPreferences(all)
}

// keepDisplayPreferences leaves out what says no more than no document does: Jellyfin makes one for everything that is looked at.
func (r *reader) keepDisplayPreferences(all documents) error {
	count, dropped := map[finlatch.ID]int{}, 0
	for key, dto := range all {
		if reflect.DeepEqual(dto, newDocument(key)) {
			continue
		}
		data, err := json.Marshal(dto)
		if err != nil {
			return err
		}
		if len(data) > maxPreferences || len(key.client) > maxPreferencesName || count[key.user] >= maxPreferencesCount {
			dropped++
			continue
		}
		count[key.user]++
		r.into.DisplayPreferences = append(r.into.DisplayPreferences,
			finlatch.DisplayPreferences{UserID: key.user, ItemID: key.item, Client: key.client, Data: data})
	}
	slices.SortFunc(r.into.DisplayPreferences, func(a, b finlatch.DisplayPreferences) int {
		return cmp.Or(strings.Compare(a.UserID.String(), b.UserID.String()), strings.Compare(a.ItemID.String(), b.ItemID.String()), strings.Compare(a.Client, b.Client))
	})
	if dropped > 0 {
		r.note("%d display preferences that are too large, or of users who have more than %d", dropped, maxPreferencesCount)
	}
	return nil
}
