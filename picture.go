package finlatch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// Picture is an image that finlatch has decoded and encoded anew, so that it is nothing but an image.
type Picture struct {
	OwnerID    ID     // a user; zero: the splash screen of the sign-in page
	Tag        string // 32 hex digits that change with the picture
	Type       string // image/png or image/jpeg
	Data       []byte
	ModifiedAt time.Time
}

// MaxPicture bounds the file that a picture is made from, in bytes.
const MaxPicture = 8 << 20

// Bounds of what is decoded, so that a small file cannot take all memory, and of what is kept.
const (
	maxPictureMemory = 100_000_000 // bytes of all pixels, so 25 megapixels of an ordinary photograph
	maxPictureSide   = 16_384      // pixels; the scaler's memory grows with the longer side
	userPictureSide  = 512
	splashSide       = 1920
	losslessLimit    = 512 << 10 // a larger PNG without transparency is kept as JPEG
	pictureQuality   = 90

	// A JPEG may go over all of its pixels again with every few bytes; real ones do so 20 times at most. Beyond the picture
	// itself a telephone may keep a film in the file, where what looks like a scan is chance: once in 64 KiB.
	maxScans = 240
)

const startOfScan = "\xff\xda"

var (
	errNoPicture       = &Error{Kind: Invalid, Msg: "this is no picture; PNG, JPEG, GIF and WebP are taken"}
	errPictureScans    = &Error{Kind: Invalid, Msg: "the picture takes too long to decode"}
	errPictureTooLarge = &Error{Kind: Invalid, Msg: "the picture is too large: it may have 8 MiB and 25 megapixels"}
)

// NewPicture makes a picture from a file in PNG, JPEG, GIF (its first frame) or WebP: upright, at most 512 pixels a side, or
// 1920 for the splash screen (the zero owner), and without whatever else the file held. Invalid for a file that is none of
// these or too large. It takes up to 500 MB for a moment, so callers run one at a time.
func NewPicture(owner ID, file []byte, at time.Time) (Picture, error) {
	if len(file) > MaxPicture {
		return Picture{}, errPictureTooLarge
	}
	format := pictureFormatOf(file)
	if format == nil {
		return Picture{}, errNoPicture
	}
	if bytes.Count(file, []byte(startOfScan)) > maxScans && format.scans {
		return Picture{}, errPictureScans
	}
	config, err := format.config(bytes.NewReader(file))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return Picture{}, errNoPicture
	}
	if max(config.Width, config.Height) > maxPictureSide ||
		int64(config.Width)*int64(config.Height)*pixelSize(config.ColorModel) > maxPictureMemory {
		return Picture{}, errPictureTooLarge
	}
	decoded, err := format.decode(bytes.NewReader(file))
	if err != nil || decoded.Bounds().Empty() {
		return Picture{}, errNoPicture
	}
	side := userPictureSide
	if owner.IsZero() {
		side = splashSide
	}
	p := Picture{OwnerID: owner, ModifiedAt: at}
	if p.Type, p.Data, err = encodePicture(upright(scaled(decoded, side), orientation(file)), format.lossless); err != nil {
		return Picture{}, err
	}
	sum := sha256.Sum256(p.Data)
	p.Tag = hex.EncodeToString(sum[:16])
	return p, nil
}

// thumbnailSide is in pixels: small enough for the picture to stand in a page's own text.
const thumbnailSide = 96

// Thumbnail is the picture at most 96 pixels a side.
func (p Picture) Thumbnail() (Picture, error) {
	format := pictureFormatOf(p.Data)
	if format == nil {
		return Picture{}, errNoPicture
	}
	decoded, err := format.decode(bytes.NewReader(p.Data))
	if err != nil {
		return Picture{}, err
	}
	p.Type, p.Data, err = encodePicture(scaled(decoded, thumbnailSide), false)
	return p, err
}

type pictureFormat struct {
	magic    string // in which a ? stands for any byte
	config   func(io.Reader) (image.Config, error)
	decode   func(io.Reader) (image.Image, error)
	lossless bool
	scans    bool
}

// pictureFormatOf goes by the file's first bytes, and not by image.RegisterFormat, to which the whole program may add.
func pictureFormatOf(file []byte) *pictureFormat {
	for _, format := range []pictureFormat{
		{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode, true, false},
		{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode, false, true},
		{"GIF8?a", gif.DecodeConfig, gif.Decode, true, false},
		{"RIFF????WEBP", webp.DecodeConfig, webp.Decode, false, false},
	} {
		if len(file) < len(format.magic) {
			continue
		}
		fits := true
		for i := range len(format.magic) {
			fits = fits && (format.magic[i] == '?' || format.magic[i] == file[i])
		}
		if fits {
			return &format
		}
	}
	return nil
}

// pixelSize is what a pixel may take while it is decoded, in bytes.
func pixelSize(model color.Model) int64 {
	switch model {
	case color.NRGBA64Model, color.RGBA64Model, color.Gray16Model:
		return 8
	}
	return 4
}

func scaled(from image.Image, side int) *image.RGBA {
	bounds := from.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	longer := max(w, h)
	if longer <= side {
		to := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(to, to.Bounds(), from, bounds.Min, draw.Src)
		return to
	}
	to := image.NewRGBA(image.Rect(0, 0, max(1, w*side/longer), max(1, h*side/longer)))
	draw.BiLinear.Scale(to, to.Bounds(), from, bounds, draw.Src, nil)
	return to
}

func encodePicture(m *image.RGBA, lossless bool) (kind string, data []byte, err error) {
	var buf bytes.Buffer
	opaque := m.Opaque()
	if lossless || !opaque {
		if err := png.Encode(&buf, m); err != nil {
			return "", nil, err
		}
		if !opaque || buf.Len() <= losslessLimit {
			return "image/png", buf.Bytes(), nil
		}
		buf.Reset()
	}
	err = jpeg.Encode(&buf, m, &jpeg.Options{Quality: pictureQuality})
	return "image/jpeg", buf.Bytes(), err
}
