package takeover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/password"
	"github.com/finlatch/finlatch/jellyfin"
)

func (r *reader) readUsers(ctx context.Context) error {
	order := map[finlatch.ID]int{}
	err := r.each(ctx, "Users", func(row *row) {
		user := r.user(row)
		if user.ID.IsZero() {
			row.fail("Id", "no id")
		}
		if user.Name != row.text("Username") || user.Name == "" {
			r.note("the user with the id %s: the name is empty, too long or holds control characters", user.ID)
			return
		}
		order[user.ID] = row.integer("InternalId")
		r.into.Users = append(r.into.Users, user)
	})
	if err != nil {
		return err
	}
	slices.SortFunc(r.into.Users, func(a, b finlatch.User) int {
		return cmp.Or(cmp.Compare(order[a.ID], order[b.ID]), strings.Compare(a.Name, b.Name))
	})
	names := map[string]string{}
	for i, user := range r.into.Users {
		if other, taken := names[user.NormalizedName]; taken {
			return fmt.Errorf("the users %q and %q have one name but for upper and lower case: rename one of them in Jellyfin", other, user.Name)
		}
		if _, taken := r.users[user.ID]; taken {
			return fmt.Errorf("table Users: two users have the id %s", user.ID)
		}
		names[user.NormalizedName], r.users[user.ID] = user.Name, i
	}
	return nil
}

// user is a user without rights. Wrong passwords are counted from zero: the count of Jellyfin 10.11.10 and 10.11.11 grows beyond
// its limit and locks nobody, and the next typing error would.
func (r *reader) user(row *row) finlatch.User {
	id, _ := finlatch.ParseID(row.text("Id"))
	user := finlatch.User{
		ID: id, Name: row.short("Username"), PasswordHash: row.optionalText("Password"), PasswordVersion: 1,
		LastLoginAt: row.time("LastLoginDate"), LastActivityAt: row.time("LastActivityDate"),
		Configuration: r.userConfiguration(row),
	}
	user.NormalizedName = finlatch.NormalizeName(user.Name)
	user.PasswordHash = user.PasswordHash[:min(len(user.PasswordHash), 2*maxName)] // never empty where the original was not

	p := &user.Policy
	p.LoginAttemptsBeforeLockout = -1
	if limit := row.optionalInteger("LoginAttemptsBeforeLockout"); limit != nil {
		p.LoginAttemptsBeforeLockout = *limit
	}
	if limit := row.optionalInteger("RemoteClientBitrateLimit"); limit != nil {
		p.RemoteClientBitrateLimit = *limit
	}
	p.MaxActiveSessions = row.integer("MaxActiveSessions")
	p.EnableUserPreferenceAccess = row.flag("EnableUserPreferenceAccess")
	p.AuthenticationProviderID, p.PasswordResetProviderID = row.short("AuthenticationProviderId"), row.short("PasswordResetProviderId")
	p.SyncPlayAccess = row.named("SyncPlayAccess", jellyfin.SyncPlayAccess("").Values())
	if score := "MaxParentalRatingScore"; row.has(score) {
		p.MaxParentalRating = row.optionalInteger(score)
		p.MaxParentalSubRating = row.optionalInteger("MaxParentalRatingSubScore")
	} else { // before 10.11
		p.MaxParentalRating = row.optionalInteger("MaxParentalAgeRating")
	}
	return user
}

func (r *reader) userConfiguration(row *row) finlatch.Configuration {
	c := finlatch.Configuration{
		AudioLanguagePreference:    row.short("AudioLanguagePreference"),
		PlayDefaultAudioTrack:      row.flag("PlayDefaultAudioTrack"),
		SubtitleLanguagePreference: row.short("SubtitleLanguagePreference"),
		DisplayMissingEpisodes:     row.flag("DisplayMissingEpisodes"),
		SubtitleMode:               row.named("SubtitleMode", jellyfin.SubtitleMode("").Values()),
		DisplayCollectionsView:     row.flag("DisplayCollectionsView"),
		EnableLocalPassword:        row.flag("EnableLocalPassword"),
		HidePlayedInLatest:         row.flag("HidePlayedInLatest"),
		RememberAudioSelections:    row.flag("RememberAudioSelections"),
		RememberSubtitleSelections: row.flag("RememberSubtitleSelections"),
		EnableNextEpisodeAutoPlay:  row.flag("EnableNextEpisodeAutoPlay"),
	}
	if row.has("CastReceiverId") { // since 10.9
		c.CastReceiverID = row.short("CastReceiverId")
	}
	// As Jellyfin shows it.
	if !slices.Contains(r.receivers, c.CastReceiverID) && len(r.receivers) > 0 {
		c.CastReceiverID = r.receivers[0]
	}
	return c
}

// noteUsers notes who cannot sign in by password. A Jellyfin without any administrator was never set up.
func (r *reader) noteUsers() error {
	administrators, able := 0, 0
	for _, user := range r.into.Users {
		if user.Policy.IsAdministrator {
			administrators++
		}
		switch p := &user.Policy; {
		case p.AuthenticationProviderID != finlatch.DefaultAuthenticationProviderID:
			r.note("the password of %s, for which %s vouches: finlatch user passwd sets one", user.Name, p.AuthenticationProviderID)
		case user.HasPassword() && password.Check(user.PasswordHash) != nil:
			r.note("the password of %s, which is hashed in an unknown way: finlatch user passwd sets one", user.Name)
		case p.IsAdministrator && !p.IsDisabled && user.HasPassword():
			able++
		}
	}
	switch {
	case administrators == 0:
		return errors.New("it has no administrator: it was never set up")
	case able == 0:
		r.note("no administrator has a password that works here: finlatch user passwd sets one")
	}
	if r.orphans > 0 {
		r.note("%d rows of users that are not there", r.orphans)
	}
	return nil
}
