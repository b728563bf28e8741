package server

import (
	_ "embed"
	"encoding/json"

	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// The languages, cultures and countries that Jellyfin 12 lists. Clients that set a server up need them.
var (
	//go:embed localization/options.json
	localizationOptions []byte
	//go:embed localization/cultures.json
	localizationCultures []byte
	//go:embed localization/countries.json
	localizationCountries []byte
)

// list answers with an embedded list, which it encodes once.
func list[T any](data []byte) handler {
	var items []T
	if err := json.Unmarshal(data, &items); err != nil {
		panic(err) // the file is part of the program
	}
	encoded, err := httpx.Marshal(items)
	if err != nil {
		panic(err)
	}
	return func(*request) (any, error) { return encoded, nil }
}

// virtualFolders are libraries of media: here is none.
func (s *Server) virtualFolders(*request) (any, error) { return jellyfin.List[struct{}]{}, nil }
