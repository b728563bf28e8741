package server

import (
	"io"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// What there is none of here, in Jellyfin's shapes: apps ask for media on their way to a home page, and the dashboard
// for plug-ins and tasks. An empty answer keeps them quiet; a 404 leaves pages blank or crashes them.
var (
	noItems  = jellyfin.NewQueryResult([]struct{}{})
	noList   = jellyfin.List[struct{}]{}
	noHints  = jellyfin.SearchHintResult{}
	noCounts = jellyfin.ItemCounts{}
	noFilter = jellyfin.QueryFilters{}
	noLiveTv = jellyfin.LiveTvInfo{}
)

// library are the routes of it.
func (s *Server) library() []route {
	var routes []route
	for _, empty := range []struct {
		answer   any
		level    finlatch.Level
		patterns []string
	}{
		{noItems, finlatch.LevelUser, []string{
			"/UserViews", "/Users/{userId}/Views", // without views an app asks for no rows
			"/Items", "/Users/{userId}/Items", "/UserItems/Resume", "/Users/{userId}/Items/Resume",
			"/Items/Suggestions", "/Users/{userId}/Suggestions", "/Shows/NextUp", "/Shows/Upcoming", "/Trailers",
			"/Persons", "/Artists", "/Artists/AlbumArtists", "/Studios", "/Genres", "/MusicGenres", "/Years", "/Channels",
			"/LiveTv/Channels", "/LiveTv/Programs", "/LiveTv/Programs/Recommended", "/LiveTv/Recordings",
		}},
		{noItems, finlatch.LevelAdmin, []string{"/Library/MediaFolders"}},
		{noList, finlatch.LevelUser, []string{
			"/UserViews/GroupingOptions", "/Users/{userId}/GroupingOptions", "/Items/Latest", "/Users/{userId}/Items/Latest",
			"/Movies/Recommendations", "/SyncPlay/List",
		}},
		{noList, finlatch.LevelAdmin, []string{"/ScheduledTasks", "/web/ConfigurationPages", "/Plugins", "/Packages", "/Repositories", "/Backup"}},
		{noHints, finlatch.LevelUser, []string{"/Search/Hints"}},
		{noCounts, finlatch.LevelUser, []string{"/Items/Counts"}},
		{noFilter, finlatch.LevelUser, []string{"/Items/Filters", "/Items/Filters2"}},
		{noLiveTv, finlatch.LevelUser, []string{"/LiveTv/Info"}},
	} {
		for _, pattern := range empty.patterns {
			routes = append(routes, get(pattern, empty.level, s.nothing(empty.answer)))
		}
	}
	return append(routes,
		get("/Library/VirtualFolders", finlatch.LevelSetupOrAdmin, func(*request) (any, error) { return noList, nil }).guard(),
		get("/Items/{itemId}", finlatch.LevelUser, s.noItem),
		get("/Users/{userId}/Items/{itemId}", finlatch.LevelUser, s.noItem),
		get("/Playback/BitrateTest", finlatch.LevelUser, s.bitrateTest))
}

// nothing answers for the user whom the request names: the caller, or anybody where an administrator asks.
func (s *Server) nothing(answer any) handler {
	return func(r *request) (any, error) {
		id, err := r.namedUser()
		if err != nil || id.IsZero() || id == r.caller.UserID() {
			return answer, err
		}
		if !r.caller.Administrator() {
			return nil, finlatch.ErrForbidden
		}
		_, err = s.service.UserByID(r.Context(), r.caller, id)
		return answer, err
	}
}

// noItem says that there is no such item, whichever it is.
func (s *Server) noItem(r *request) (any, error) {
	if _, err := s.nothing(nil)(r); err != nil {
		return nil, err
	}
	text := httpx.PathValue(r.Request, "itemId")
	if _, err := jellyfin.ParseGUID(text); err != nil {
		return nil, httpx.Invalid("itemId", printable(text))
	}
	return nil, as(problem, finlatch.ErrNotFound)
}

// Bounds of BitrateTest: its size in bytes, as Jellyfin has them, and how many one user has under way.
const (
	usualBitrateTest   = 102_400
	largestBitrateTest = 100_000_000
	maxBitrateTests    = 4
)

var errBitrateTests = &finlatch.Error{Kind: finlatch.RateLimited, Msg: "too many tests at once", RetryAfter: time.Second}

// bitrateTests counts the tests under way, each of which may fill the server's line. All API keys count as one user.
type bitrateTests struct {
	mu      sync.Mutex
	running map[finlatch.ID]int
}

func (b *bitrateTests) begin(user finlatch.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running[user] >= maxBitrateTests {
		return false
	}
	if b.running == nil {
		b.running = make(map[finlatch.ID]int)
	}
	b.running[user]++
	return true
}

func (b *bitrateTests) end(user finlatch.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running[user]--; b.running[user] == 0 {
		delete(b.running, user)
	}
}

// bitrateTest sends bytes by which an app measures how fast they come. Jellyfin sends the next power of two.
func (s *Server) bitrateTest(r *request) (any, error) {
	size, err := r.query.Int("size")
	switch {
	case err != nil:
		return nil, err
	case size == nil:
		size = new(int)
		*size = usualBitrateTest
	case *size < 1 || *size > largestBitrateTest:
		return nil, &httpx.ValidationError{Errors: map[string][]string{"size": {
			"The requested size must be greater than or equal to 1 and less than or equal to " + strconv.Itoa(largestBitrateTest)}}}
	}
	user := r.caller.UserID()
	if !s.bitrate.begin(user) {
		return nil, errBitrateTests
	}
	return noise{1 << bits.Len(uint(*size-1)), func() { s.bitrate.end(user) }}, nil
}

// noise is an answer of so many bytes that nobody on the way can compress. end is called when they are sent.
type noise struct {
	size int
	end  func()
}

func (n noise) write(w http.ResponseWriter, _ *http.Request) {
	defer n.end()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(n.size))
	var seed [32]byte
	_, _ = io.CopyN(w, rand.NewChaCha8(seed), int64(n.size))
}
