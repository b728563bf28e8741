package server

import (
	_ "embed"
	"encoding/json"

	"github.com/finlatch/finlatch/internal/httpx"
)

// The languages, cultures and countries that Jellyfin 12 lists. Clients that set a server up need them.
var (
	//go:embed localization/options.json
	localizationOptions []byte
	//go:embed localization/cultures.json
	localizationCultures []byte
	//go:embed localization/countries.json
	localizationCountries []byte
	// The ratings of the United States, where Jellyfin begins; there is nothing here that they could keep from anybody.
	//go:embed localization/ratings.json
	localizationRatings []byte
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
