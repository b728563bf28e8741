package server

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// webRoutes are where browsers and the shells of the official web client look. Desktop and Xbox look with HEAD.
func (s *Server) webRoutes() []route {
	var routes []route
	for pattern, handle := range map[string]handler{"/{$}": s.root, "/web/{file...}": s.web, "/robots.txt": s.robots} {
		routes = append(routes, get(pattern, finlatch.LevelAnybody, handle), head(pattern, finlatch.LevelAnybody, handle))
	}
	return routes
}

func (s *Server) root(*request) (any, error) { return redirect("web/"), nil }

func (s *Server) robots(*request) (any, error) {
	if s.options.WebDir != "" {
		return redirect("web/robots.txt"), nil
	}
	return document{"text/plain; charset=utf-8", "User-agent: *\nDisallow: /\n"}, nil
}

// web is a file of the official web client's copy, or leads to finlatch's own pages where there is none.
func (s *Server) web(r *request) (any, error) {
	name := httpx.PathValue(r.Request, "file")
	folder := name == "" && !strings.HasSuffix(r.URL.Path, "/")
	switch {
	case s.options.WebDir == "" && folder:
		return redirect("finlatch/"), nil
	case s.options.WebDir == "" && (name == "" || strings.EqualFold(name, "index.html")):
		return redirect("../finlatch/"), nil
	case s.options.WebDir == "":
		return nil, as(empty, finlatch.ErrNotFound)
	case folder:
		return moved("web/"), nil
	case name == "":
		name = "index.html"
	}
	return s.webFile(name)
}

// webFile opens a file below WebDir, which no spelling and no link leads out of.
func (s *Server) webFile(name string) (any, error) {
	missing := as(empty, finlatch.ErrNotFound)
	if !fs.ValidPath(name) || strings.Contains(name, `\`) {
		return nil, missing
	}
	root, err := os.OpenRoot(s.options.WebDir)
	if err != nil {
		s.options.Log.Error("the web client is not there", "error", err)
		return nil, missing
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.options.Log.Warn("a file of the web client cannot be read", "error", err)
		}
		return nil, missing
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, missing
	}
	return &webFile{file, info, name}, nil
}

type webFile struct {
	*os.File
	info fs.FileInfo
	name string
}

// webTypes are the types of a web client's files, whatever this machine's tables say. JavaScript, JSON and style sheets
// are UTF-8 where nothing else is said.
var webTypes = map[string]string{
	".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json",
	".map": "application/json", ".webmanifest": "application/manifest+json", ".wasm": "application/wasm", ".txt": "text/plain",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".ico": "image/x-icon", ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".mp4": "video/mp4", ".xml": "application/xml",
}

func (f *webFile) write(w http.ResponseWriter, r *http.Request) {
	defer f.Close()
	kind, known := webTypes[strings.ToLower(path.Ext(f.name))]
	if !known {
		kind = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+strconv.FormatInt(f.info.ModTime().UnixNano(), 16)+"-"+strconv.FormatInt(f.info.Size(), 16)+`"`)
	if path.Base(f.name) == "index.html" { // it names the files of one build
		h.Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, "", f.info.ModTime(), f.File)
}

// document is an answer of a type and a text.
type document struct{ kind, text string }

func (d document) write(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", d.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(d.text)))
	_, _ = io.WriteString(w, d.text)
}
