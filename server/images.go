package server

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// uploads is how many pictures may come in at the same time, each up to finlatch.MaxPicture in memory.
const uploads = 8

var (
	errImageType = &finlatch.Error{Kind: finlatch.Invalid, Msg: "Incorrect ContentType."}
	errNotBase64 = &finlatch.Error{Kind: finlatch.Invalid, Msg: "the body is not the base64 text of a picture"}
	errUploads   = &finlatch.Error{Kind: finlatch.Unavailable, Msg: "too many pictures at once", RetryAfter: 5 * time.Second}
)

// imageTypes are the kinds of images that Jellyfin knows. A user has one picture, whichever of them is asked for.
var imageTypes = []string{"Primary", "Art", "Backdrop", "Banner", "Logo", "Thumb", "Disc", "Box", "Screenshot", "Menu", "Chapter", "BoxRear", "Profile"}

// pictureOwner is the user that the path or the query names; a path names a kind of image, too.
func (r *request) pictureOwner() (finlatch.ID, error) {
	kind, index := httpx.PathValue(r.Request, "imageType"), httpx.PathValue(r.Request, "imageIndex")
	if kind != "" && !slices.ContainsFunc(imageTypes, func(known string) bool { return strings.EqualFold(known, kind) }) {
		return finlatch.ID{}, httpx.Invalid("imageType", printable(kind))
	}
	if _, err := strconv.ParseInt(index, 10, 32); index != "" && err != nil {
		return finlatch.ID{}, httpx.Invalid("imageIndex", printable(index))
	}
	return r.namedUser()
}

func (s *Server) userImage(r *request) (any, error) {
	id, err := r.pictureOwner()
	if err != nil {
		return nil, err
	}
	picture, err := s.service.Picture(r.Context(), r.caller, id)
	if errors.Is(err, finlatch.ErrInvalid) {
		return nil, as(message, err)
	}
	return shown(picture, r.query.Get("tag"), err)
}

func (s *Server) setUserImage(r *request) (any, error) {
	id, err := r.pictureOwner()
	if err != nil {
		return nil, err
	}
	return nil, r.pictureRefusal(id, s.service.SetPicture(r.Context(), r.caller, id, r.upload))
}

func (s *Server) deleteUserImage(r *request) (any, error) {
	id, err := r.pictureOwner()
	if err != nil {
		return nil, err
	}
	return nil, r.pictureRefusal(id, s.service.DeletePicture(r.Context(), r.caller, id))
}

// pictureRefusal gives refusals Jellyfin's shapes: a sentence about the own picture, none about another's.
func (r *request) pictureRefusal(id finlatch.ID, err error) error {
	if errors.Is(err, finlatch.ErrForbidden) && !id.IsZero() && id != r.caller.UserID() {
		return err
	}
	return pictureError(updated(err))
}

// pictureError says what is wrong with a picture, where Jellyfin takes everything.
func pictureError(err error) error {
	var given shaped
	if errors.Is(err, finlatch.ErrInvalid) && !errors.As(err, &given) {
		return as(plain, err)
	}
	return err
}

func (s *Server) splashScreen(r *request) (any, error) {
	picture, err := s.service.SplashScreen(r.Context(), r.caller)
	return shown(picture, r.query.Get("tag"), err)
}

func (s *Server) setSplashScreen(r *request) (any, error) {
	return nil, pictureError(s.service.SetSplashScreen(r.Context(), r.caller, r.upload))
}

func (s *Server) deleteSplashScreen(r *request) (any, error) {
	return nil, s.service.DeleteSplashScreen(r.Context(), r.caller)
}

// upload reads a body that is the base64 text of a picture, and asks again who sends it, since that may take a while.
func (r *request) upload() ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "image/") {
		return nil, as(message, errImageType)
	}
	select {
	case r.server.uploads <- struct{}{}:
		defer func() { <-r.server.uploads }()
	default:
		return nil, errUploads
	}
	const longest = finlatch.MaxPicture/3*4 + 4096 // with line breaks here and there
	body := http.MaxBytesReader(nil, httpx.Unlimited(r.Request).Body, longest)
	file, err := io.ReadAll(io.LimitReader(base64.NewDecoder(base64.StdEncoding, body), finlatch.MaxPicture+1))
	var corrupt base64.CorruptInputError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), len(file) > finlatch.MaxPicture:
		return nil, httpx.ErrTooLarge
	case errors.As(err, &corrupt), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, as(plain, errNotBase64)
	case err != nil:
		return nil, errors.Join(httpx.ErrUnreadBody, err)
	}
	return file, r.authenticate()
}

// image is an answer that is a picture.
type image struct {
	finlatch.Picture
	current bool // it was asked for by its tag, so it never changes
}

func shown(picture finlatch.Picture, tag string, err error) (any, error) {
	switch {
	case errors.Is(err, finlatch.ErrNotFound):
		return nil, as(problem, err)
	case err != nil:
		return nil, err
	}
	return &image{picture, strings.EqualFold(tag, picture.Tag)}, nil
}

// write answers with the picture, or with 304 to who has it. Jellyfin calls whatever tag is asked for the picture's own
// and good for a year; here only the right one is.
func (i *image) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", i.Type)
	h.Set("Content-Disposition", "attachment")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept")
	h.Set("ETag", `"`+i.Tag+`"`)
	switch {
	case strings.Contains(r.Header.Get("Cache-Control"), "no-cache"):
		h.Set("Cache-Control", "no-cache, no-store, must-revalidate")
	case i.current:
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	default:
		h.Set("Cache-Control", "public")
	}
	http.ServeContent(w, r, "", i.ModifiedAt, bytes.NewReader(i.Data))
}
