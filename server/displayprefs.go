package server

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// preferencesKey is what display preferences are kept under: the item of the path, which apps also give any name, the
// user and the app of the query.
func (r *request) preferencesKey() (user finlatch.ID, item jellyfin.GUID, client string, err error) {
	if user, err = r.queryID("userId"); err != nil {
		return user, item, client, err
	}
	if client, err = r.query.Required("client"); err != nil {
		return user, item, client, err
	}
	name := httpx.PathValue(r.Request, "displayPreferencesId")
	if item, err = jellyfin.ParseGUID(name); err != nil {
		item = jellyfin.MD5GUID(name)
	}
	return user, item, client, nil
}

// displayPreferences must not fail for a signed-in user: without an answer jellyfin-web's sign-in hangs.
func (s *Server) displayPreferences(r *request) (any, error) {
	user, item, client, err := r.preferencesKey()
	if err != nil {
		return nil, err
	}
	data, err := s.service.DisplayPreferences(r.Context(), r.caller, user, finlatch.ID(item), client)
	if err != nil {
		return nil, err
	}
	var dto jellyfin.DisplayPreferencesDto
	dto.SetDefaults()
	dto.SortBy = new("SortName")
	dto.CustomPrefs = jellyfin.CustomPrefs{"chromecastVersion": new("stable"), "skipForwardLength": new("30000"),
		"skipBackLength": new("10000"), "enableNextVideoInfoOverlay": new("False"), "tvhome": nil, "dashboardTheme": nil}
	if data != nil {
		dto.CustomPrefs = nil
		if err := json.Unmarshal(data, &dto); err != nil {
			return nil, err
		}
	}
	dto.ID, dto.Client = item.Dashed(), client
	return &dto, nil
}

// setDisplayPreferences keeps what Jellyfin keeps: not the sizes, and custom preferences with its defaults filled in.
func (s *Server) setDisplayPreferences(r *request, in *jellyfin.DisplayPreferencesDto) (any, error) {
	user, item, client, err := r.preferencesKey()
	if err != nil {
		return nil, err
	}
	in.PrimaryImageHeight, in.PrimaryImageWidth = 250, 250
	if in.CustomPrefs, err = kept(in.CustomPrefs); err != nil {
		return nil, err
	}
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return nil, s.service.SetDisplayPreferences(r.Context(), r.caller, user, finlatch.ID(item), client, data)
}

// kept fills in what Jellyfin 12 fills in when preferences are saved.
func kept(prefs jellyfin.CustomPrefs) (jellyfin.CustomPrefs, error) {
	out := jellyfin.CustomPrefs{"chromecastVersion": new("stable"), "skipForwardLength": new("15000"), "skipBackLength": new("15000"),
		"enableNextVideoInfoOverlay": new("True"), "tvhome": new(""), "dashboardTheme": new("")}
	for key, value := range prefs {
		switch {
		case value == nil && out[key] != nil:
		case key == "skipForwardLength", key == "skipBackLength":
			if _, err := strconv.ParseInt(*value, 10, 32); err != nil {
				return nil, finlatch.ErrInvalid // Jellyfin fails with 500
			}
			out[key] = value
		case key == "enableNextVideoInfoOverlay":
			on, err := strconv.ParseBool(strings.ToLower(*value))
			if err != nil {
				return nil, finlatch.ErrInvalid
			}
			out[key] = new("False")
			if on {
				out[key] = new("True")
			}
		default:
			out[key] = value
		}
	}
	return out, nil
}
