package server

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/finlatch/finlatch/jellyfin"
)

// uiCultures are the names of the languages that Jellyfin offers, by their lower-case forms.
var uiCultures = sync.OnceValue(func() map[string]string {
	var options []jellyfin.LocalizationOption
	if err := json.Unmarshal(localizationOptions, &options); err != nil {
		panic(err) // the file is part of the program
	}
	names := make(map[string]string, len(options))
	for _, option := range options {
		names[strings.ToLower(option.Value)] = option.Value
	}
	return names
})

// language names the language of an answer, as ASP.NET chooses it for Jellyfin: the one asked for, else the server's. There is
// no text that would differ.
func (s *Server) language(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chosen := asked(r.Header.Get("Accept-Language"))
		if settings, err := s.service.Settings(r.Context()); chosen == "" && err == nil {
			chosen = uiCultures()[strings.ToLower(settings.UICulture)]
		}
		w.Header().Set("Content-Language", cmp.Or(chosen, "en-US"))
		next.ServeHTTP(w, r)
	})
}

// unnamed takes the language back from answers of another server, which says that itself; nil for none.
func unnamed(next http.Handler) http.Handler {
	if next == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del("Content-Language")
		next.ServeHTTP(w, r)
	})
}

// asked is the best of the first three languages in a header that is offered, itself or what it is a variant of.
func asked(header string) string {
	if header == "" {
		return ""
	}
	type wish struct {
		name    string
		quality float64
	}
	var wishes []wish
	for _, part := range strings.SplitN(header, ",", 4)[:min(3, strings.Count(header, ",")+1)] {
		name, parameters, _ := strings.Cut(part, ";")
		w := wish{strings.ToLower(strings.TrimSpace(name)), 1}
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			w.quality, _ = strconv.ParseFloat(q, 64)
		}
		wishes = append(wishes, w)
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.quality, a.quality) })
	for _, w := range wishes {
		for name := w.name; name != ""; {
			if offered, ok := uiCultures()[name]; ok {
				return offered
			}
			name = name[:max(strings.LastIndexByte(name, '-'), 0)]
		}
	}
	return ""
}
