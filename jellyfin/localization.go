package jellyfin

// LocalizationOption is a language of the server's texts, in the answer of GET /Localization/Options.
type LocalizationOption struct {
	Name  string `json:"Name"`  // in that language
	Value string `json:"Value"` // as en-US
}

// CultureDto is a language of media, in the answer of GET /Localization/Cultures.
type CultureDto struct {
	Name                        string       `json:"Name"`
	DisplayName                 string       `json:"DisplayName"`
	TwoLetterISOLanguageName    string       `json:"TwoLetterISOLanguageName"` // ISO 639-1, or ""
	ThreeLetterISOLanguageName  string       `json:"ThreeLetterISOLanguageName,omitempty"`
	ThreeLetterISOLanguageNames List[string] `json:"ThreeLetterISOLanguageNames"` // ISO 639-2/T, then /B
}

// CountryInfo is a country, in the answer of GET /Localization/Countries.
type CountryInfo struct {
	Name                     string `json:"Name"` // TwoLetterISORegionName again
	DisplayName              string `json:"DisplayName"`
	TwoLetterISORegionName   string `json:"TwoLetterISORegionName"`
	ThreeLetterISORegionName string `json:"ThreeLetterISORegionName"`
}

// ParentalRating is a rating that a policy can name, in the answer of GET /Localization/ParentalRatings.
type ParentalRating struct {
	Name        string               `json:"Name"`
	Value       *int                 `json:"Value,omitempty"` // UserPolicy.MaxParentalRating; absent: unrated
	RatingScore *ParentalRatingScore `json:"RatingScore,omitempty"`
}

// ParentalRatingScore orders ratings.
type ParentalRatingScore struct {
	Score    int  `json:"score"`
	SubScore *int `json:"subScore,omitempty"` // UserPolicy.MaxParentalSubRating
}

// NameValuePair is an entry of ServerConfiguration.ContentTypes.
type NameValuePair struct {
	Name  string `json:"Name"`
	Value string `json:"Value"`
}
