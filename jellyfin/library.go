package jellyfin

// ItemCounts is how many media a server has, by kind (Jellyfin 12 ItemCounts).
type ItemCounts struct {
	MovieCount      int `json:"MovieCount"`
	SeriesCount     int `json:"SeriesCount"`
	EpisodeCount    int `json:"EpisodeCount"`
	ArtistCount     int `json:"ArtistCount"`
	ProgramCount    int `json:"ProgramCount"`
	TrailerCount    int `json:"TrailerCount"`
	SongCount       int `json:"SongCount"`
	AlbumCount      int `json:"AlbumCount"`
	MusicVideoCount int `json:"MusicVideoCount"`
	BoxSetCount     int `json:"BoxSetCount"`
	BookCount       int `json:"BookCount"`
	ItemCount       int `json:"ItemCount"`
}

// SearchHintResult is what a search has found (Jellyfin 12 SearchHintResult), for servers without media.
type SearchHintResult struct {
	SearchHints      List[struct{}] `json:"SearchHints"`
	TotalRecordCount int            `json:"TotalRecordCount"`
}

// QueryFilters are the values by which media can be filtered (Jellyfin 12 QueryFilters and QueryFiltersLegacy), for servers
// without media.
type QueryFilters struct {
	Genres          List[struct{}] `json:"Genres"`
	Tags            List[string]   `json:"Tags"`
	OfficialRatings List[string]   `json:"OfficialRatings"`
	Years           List[int]      `json:"Years"`
}

// LiveTvInfo tells whether there is television (Jellyfin 12 LiveTvInfo), for servers without.
type LiveTvInfo struct {
	Services     List[struct{}] `json:"Services"`
	IsEnabled    bool           `json:"IsEnabled"`
	EnabledUsers List[string]   `json:"EnabledUsers"`
}

// SystemStorageDto tells where a server's folders are and how full their disks (Jellyfin 12 SystemStorageDto).
type SystemStorageDto struct {
	ProgramDataFolder      FolderStorageDto `json:"ProgramDataFolder"`
	WebFolder              FolderStorageDto `json:"WebFolder"`
	ImageCacheFolder       FolderStorageDto `json:"ImageCacheFolder"`
	CacheFolder            FolderStorageDto `json:"CacheFolder"`
	LogFolder              FolderStorageDto `json:"LogFolder"`
	InternalMetadataFolder FolderStorageDto `json:"InternalMetadataFolder"`
	TranscodingTempFolder  FolderStorageDto `json:"TranscodingTempFolder"`
	Libraries              List[struct{}]   `json:"Libraries"` // of media; none on servers without
}

// FolderStorageDto is a folder and the disk it is on.
type FolderStorageDto struct {
	Path        string `json:"Path"`
	FreeSpace   int64  `json:"FreeSpace"` // bytes; -1: unknown
	UsedSpace   int64  `json:"UsedSpace"` // bytes; -1: unknown
	StorageType string `json:"StorageType,omitempty"`
	DeviceID    string `json:"DeviceId,omitempty"`
}
