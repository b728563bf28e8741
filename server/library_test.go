package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// An app that finds null where a list should be, or nothing at all, shows a blank page or crashes.
func TestWhatThereIsNoneOf(t *testing.T) {
	t.Parallel()
	const (
		none   = `{"Items":[],"TotalRecordCount":0,"StartIndex":0}`
		counts = `{"MovieCount":0,"SeriesCount":0,"EpisodeCount":0,"ArtistCount":0,"ProgramCount":0,"TrailerCount":0,"SongCount":0,
			"AlbumCount":0,"MusicVideoCount":0,"BoxSetCount":0,"BookCount":0,"ItemCount":0}`
	)
	w := newWorld(t)
	for _, want := range []struct{ path, answer string }{
		{"/UserViews", none},
		{"/userviews?userId=${ann}&includeHidden=true", none},
		{"/Users/${ann}/Views", none},
		{"/Users/${ann}/Items?Filters=IsFavorite&Recursive=true", none},
		{"/Items?userId=${ann}&searchTerm=x&limit=20", none},
		{"/UserItems/Resume", none},
		{"/Shows/NextUp", none},
		{"/LiveTv/Programs/Recommended", none},
		{"/Items/Latest", `[]`},
		{"/SyncPlay/List", `[]`},
		{"/Users/${ann}/GroupingOptions", `[]`},
		{"/Items/Counts", counts},
		{"/Search/Hints?searchTerm=x", `{"SearchHints":[],"TotalRecordCount":0}`},
		{"/Items/Filters", `{"Genres":[],"Tags":[],"OfficialRatings":[],"Years":[]}`},
		{"/LiveTv/Info", `{"Services":[],"IsEnabled":false,"EnabledUsers":[]}`},
	} {
		w.play(t, scenario{name: want.path, do: "GET " + want.path, as: "ann", want: jsonOf(200, want.answer)})
	}
	w.play(t,
		scenario{name: "another's", do: "GET /UserViews?userId=${ben}", as: "ann", want: failed(403)},
		scenario{name: "another's by path", do: "GET /Users/${ben}/Items/Latest", as: "ann", want: failed(403)},
		scenario{name: "another's for an administrator", do: "GET /UserViews?userId=${ben}", as: "admin", want: jsonOf(200, none)},
		scenario{name: "nobody's", do: "GET /UserViews?userId=00000000000000000000000000000001", as: "admin", want: failed(404)},
		scenario{name: "no id", do: "GET /Users/x/Views", as: "ann", want: problem(400, `{"userId":["The value 'x' is not valid."]}`)},
		scenario{name: "an item", do: "GET /Items/${ben}", as: "ann", want: problem(404, "")},
		scenario{name: "another's item", do: "GET /Users/${ben}/Items/${ben}", as: "ann", want: failed(403)},
		scenario{name: "no item's id", do: "GET /Items/x", as: "ann", want: problem(400, `{"itemId":["The value 'x' is not valid."]}`)},
		scenario{name: "plug-ins for an administrator", do: "GET /Plugins", as: "admin", want: jsonOf(200, `[]`)},
	)
}

// An app measures with three sizes, and Jellyfin sends the next power of two.
func TestBitrate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for size, want := range map[string]int{"": 131072, "?Size=1": 1, "?size=1000": 1024, "?Size=1024": 1024, "?Size=500000": 524288, "?Size=3000000": 4194304} {
		response, body := w.perform(scenario{do: "GET /Playback/BitrateTest" + size, as: "ann", want: anything(200)})
		kind, length := response.Header.Get("Content-Type"), response.Header.Get("Content-Length")
		if response.StatusCode != 200 || kind != "application/octet-stream" || len(body) != want || length != fmt.Sprint(want) {
			t.Errorf("%q: %d with %d bytes (%s) of %s, want %d", size, response.StatusCode, len(body), length, kind, want)
		}
	}
	const range_ = `{"size":["The requested size must be greater than or equal to 1 and less than or equal to 100000000"]}`
	w.play(t,
		scenario{name: "none", do: "GET /Playback/BitrateTest?Size=0", as: "ann", want: problem(400, range_)},
		scenario{name: "too many", do: "GET /Playback/BitrateTest?Size=100000001", as: "ann", want: problem(400, range_)},
		scenario{name: "no number", do: "GET /Playback/BitrateTest?Size=x", as: "ann", want: problem(400, `{"size":["The value 'x' is not valid."]}`)},
	)
}

// One user's tests do not fill the line, and keep nobody else from testing.
func TestBitrateTestsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	test := func(as string) *http.Response {
		t.Helper()
		response, err := w.client.Do(w.request(scenario{do: "GET /Playback/BitrateTest?size=100000000", as: as}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	var running []*http.Response
	for range 4 {
		running = append(running, test("ann"))
	}
	if fifth := test("ann"); fifth.StatusCode != 429 || fifth.Header.Get("Retry-After") == "" {
		t.Errorf("the fifth test at once got %d", fifth.StatusCode)
	}
	if other := test("ben"); other.StatusCode != 200 {
		t.Errorf("another user's test got %d", other.StatusCode)
	}
	for _, response := range running {
		if response.StatusCode != 200 {
			t.Errorf("got %d, want 200", response.StatusCode)
		}
		response.Body.Close()
	}
	for test("ann").StatusCode != 200 { // as soon as the server has seen that the client left
		time.Sleep(time.Millisecond)
	}
}

func TestStorage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := newWorld(t, func(o *options) { o.server.DataDir = folder })
	storage, _ := w.json(scenario{do: "GET /System/Info/Storage", as: "admin"}).(map[string]any)
	for _, name := range []string{"ProgramDataFolder", "WebFolder", "ImageCacheFolder", "CacheFolder", "LogFolder", "InternalMetadataFolder", "TranscodingTempFolder"} {
		of, _ := storage[name].(map[string]any)
		free, _ := of["FreeSpace"].(float64)
		used, _ := of["UsedSpace"].(float64)
		if of["Path"] != folder || free < -1 || used < -1 || free == 0 && used == 0 {
			t.Errorf("%s is %v", name, of)
		}
	}
	if libraries, is := storage["Libraries"].([]any); !is || len(libraries) != 0 {
		t.Errorf("Libraries are %v", storage["Libraries"])
	}
}
