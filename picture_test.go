package finlatch_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var (
	red  = color.RGBA{200, 0, 0, 255}
	blue = color.RGBA{0, 0, 200, 255}
)

// drawing is red above and blue below.
func drawing(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if m.SetRGBA(x, y, red); y >= h/2 {
				m.SetRGBA(x, y, blue)
			}
		}
	}
	return m
}

func pngOf(m image.Image) []byte {
	var buf bytes.Buffer
	png.Encode(&buf, m)
	return buf.Bytes()
}

func jpegOf(m image.Image) []byte {
	var buf bytes.Buffer
	jpeg.Encode(&buf, m, nil)
	return buf.Bytes()
}

// progressive is a grey JPEG of 512 × 512 pixels whose every scan, of ten bytes, goes over all of them.
func progressive(scans int) []byte {
	file := []byte("\xff\xd8\xff\xc2\x00\x0b\x08\x02\x00\x02\x00\x01\x01\x11\x00\xff\xdb\x00\x43\x00" + strings.Repeat("\x01", 64) +
		"\xff\xc4\x00\x14\x10\x01" + strings.Repeat("\x00", 15) + "\xc0") // one code: so many blocks have nothing more
	for range scans {
		file = append(file, "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x00\x07"...) // for 4,096 blocks
	}
	return append(file, "\xff\xd9"...)
}

func TestPicturesThatTakeLong(t *testing.T) {
	t.Parallel()
	if p, err := finlatch.NewPicture(finlatch.ID{1}, progressive(100), time.Time{}); err != nil || p.Type != "image/jpeg" {
		t.Errorf("100 scans: %s, %v", p.Type, err)
	}
	if _, err := finlatch.NewPicture(finlatch.ID{1}, progressive(1000), time.Time{}); !errors.Is(err, finlatch.ErrInvalid) {
		t.Errorf("1,000 scans: %v, want invalid", err)
	}
	film := append(jpegOf(drawing(20, 20)), bytes.Repeat([]byte("\xff\xda"+strings.Repeat("film", 16<<10)), 110)...)
	if _, err := finlatch.NewPicture(finlatch.ID{1}, film, time.Time{}); err != nil {
		t.Errorf("a picture with a film of 7 MB after it: %v", err)
	}
}

// turned is a JPEG that says how it is to be turned, in either order of bytes.
func turned(m image.Image, order binary.AppendByteOrder, orientation uint16) []byte {
	file := jpegOf(m)
	tiff := []byte("II*\x00\x08\x00\x00\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*\x00\x00\x00\x08")
	}
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x0110, 7}, {0x0112, orientation}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[0]), 3)
		tiff = order.AppendUint16(order.AppendUint16(order.AppendUint32(tiff, 1), entry[1]), 0)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	segment = append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(segment)+2)), segment...)
	return append(append(bytes.Clone(file[:2]), segment...), file[2:]...)
}

// announced is a PNG of a few bytes that says how large it is.
func announced(w, h uint32) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	header = append(header, 8, 2, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(header))
}

func TestPictures(t *testing.T) {
	t.Parallel()
	var animation bytes.Buffer
	palette := color.Palette{red, blue}
	first, second := image.NewPaletted(image.Rect(0, 0, 8, 4), palette), image.NewPaletted(image.Rect(0, 0, 8, 4), palette)
	for i := range second.Pix {
		second.Pix[i] = 1
	}
	gif.EncodeAll(&animation, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}})
	glass := image.NewNRGBA(image.Rect(0, 0, 600, 300))
	noise := image.NewRGBA(image.Rect(0, 0, 500, 500))
	rand.NewChaCha8([32]byte{}).Read(noise.Pix)
	for i := 3; i < len(noise.Pix); i += 4 {
		noise.Pix[i] = 255
	}
	webp, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	user, little, big := finlatch.ID{1}, binary.LittleEndian, binary.BigEndian
	for _, test := range []struct {
		name  string
		owner finlatch.ID
		file  []byte
		kind  string
		w, h  int
		top   color.Color // in the middle of the upper edge; nil: not looked at
	}{
		{"a PNG stays one", user, pngOf(drawing(20, 10)), "image/png", 20, 10, red},
		{"a JPEG stays one", user, jpegOf(drawing(20, 10)), "image/jpeg", 20, 10, red},
		{"a GIF gives its first frame", user, animation.Bytes(), "image/png", 8, 4, red},
		{"a WebP", user, webp, "image/jpeg", 1, 1, nil},
		{"transparency stays", user, pngOf(glass), "image/png", 512, 256, color.RGBA{}},
		{"a large one that is wide", user, pngOf(drawing(2000, 1000)), "image/png", 512, 256, red},
		{"a large one that is high", user, jpegOf(drawing(1000, 2000)), "image/jpeg", 256, 512, red},
		{"a thin one", user, pngOf(drawing(1, 5000)), "image/png", 1, 512, red},
		{"a noisy PNG is kept as JPEG", user, pngOf(noise), "image/jpeg", 500, 500, nil},
		{"a splash screen", finlatch.ID{}, jpegOf(drawing(3840, 2160)), "image/jpeg", 1920, 1080, red},
		{"turned by 180 degrees", user, turned(drawing(20, 10), little, 3), "image/jpeg", 20, 10, blue},
		{"mirrored", user, turned(drawing(20, 10), big, 2), "image/jpeg", 20, 10, red},
		{"upside down", user, turned(drawing(20, 10), big, 4), "image/jpeg", 20, 10, blue},
		{"turned to the right", user, turned(drawing(20, 40), big, 6), "image/jpeg", 40, 20, nil},
		{"turned to the left and too large", user, turned(drawing(1000, 2000), little, 8), "image/jpeg", 512, 256, nil},
		{"turned in no known way", user, turned(drawing(20, 10), little, 9), "image/jpeg", 20, 10, red},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
			p, err := finlatch.NewPicture(test.owner, test.file, at)
			if err != nil {
				t.Fatal(err)
			}
			if p.Type != test.kind || p.OwnerID != test.owner || !p.ModifiedAt.Equal(at) || len(p.Tag) != 32 {
				t.Errorf("got %s of %v at %v with tag %q, want %s", p.Type, p.OwnerID, p.ModifiedAt, p.Tag, test.kind)
			}
			m, format, err := image.Decode(bytes.NewReader(p.Data))
			if err != nil || "image/"+format != p.Type {
				t.Fatalf("what is kept is %s: %v", format, err)
			}
			if got := m.Bounds().Size(); got != image.Pt(test.w, test.h) {
				t.Errorf("got %v, want %d×%d", got, test.w, test.h)
			}
			if test.top != nil && distance(m.At(test.w/2, 0), test.top) > 0x1800 {
				t.Errorf("above there is %v, want %v", m.At(test.w/2, 0), test.top)
			}
		})
	}
	right, _ := finlatch.NewPicture(user, turned(drawing(20, 40), big, 6), time.Time{})
	m, err := jpeg.Decode(bytes.NewReader(right.Data))
	if err != nil || distance(m.At(39, 10), red) > 0x1800 || distance(m.At(0, 10), blue) > 0x1800 {
		t.Errorf("turned to the right, what was above is not to the right (%v)", err)
	}
}

func distance(a, b color.Color) uint32 {
	r1, g1, b1, a1 := a.RGBA()
	r2, g2, b2, a2 := b.RGBA()
	return max(r1, r2) - min(r1, r2) + max(g1, g2) - min(g1, g2) + max(b1, b2) - min(b1, b2) + max(a1, a2) - min(a1, a2)
}

func TestPicturesKeepNothingElse(t *testing.T) {
	t.Parallel()
	const secret = "<script>alert(1)</script>"
	for _, file := range [][]byte{
		append(pngOf(drawing(4, 4)), secret...),
		append(jpegOf(drawing(4, 4)), secret...),
		append(append([]byte("\xff\xd8\xff\xfe\x00\x1b"), secret...), jpegOf(drawing(4, 4))[2:]...),
	} {
		p, err := finlatch.NewPicture(finlatch.ID{1}, file, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(p.Data, []byte("script")) {
			t.Errorf("what a %s file held besides is kept", p.Type)
		}
	}
	one, _ := finlatch.NewPicture(finlatch.ID{1}, pngOf(drawing(4, 4)), time.Time{})
	other, _ := finlatch.NewPicture(finlatch.ID{1}, pngOf(drawing(4, 6)), time.Time{})
	if one.Tag == other.Tag {
		t.Error("two pictures have one tag")
	}
}

func TestWhatIsNoPicture(t *testing.T) {
	t.Parallel()
	whole := pngOf(drawing(64, 64))
	for name, file := range map[string][]byte{
		"nothing": nil, "text": []byte("!!!"), "markup": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"),
		"a cut PNG": whole[:len(whole)/2], "only the beginning": whole[:8], "a cut JPEG": jpegOf(drawing(64, 64))[:200], "a cut GIF": []byte("GIF89a"),
		"no WebP": []byte("RIFF\x04\x00\x00\x00WEBPVP8 "), "a PNG without pixels": announced(0, 0),
		"a bomb": announced(30_000, 30_000), "a long bomb": announced(1_000_000, 1), "one pixel row too many": announced(5000, 5001),
		"too many bytes": append(pngOf(drawing(4, 4)), strings.Repeat("x", finlatch.MaxPicture)...),
	} {
		if _, err := finlatch.NewPicture(finlatch.ID{1}, file, time.Time{}); !errors.Is(err, finlatch.ErrInvalid) {
			t.Errorf("%s: got %v, want Invalid", name, err)
		}
	}
}

func FuzzNewPicture(f *testing.F) {
	f.Add(pngOf(drawing(3, 3)))
	f.Add(jpegOf(drawing(3, 3)))
	f.Add(turned(drawing(3, 3), binary.BigEndian, 6))
	f.Add([]byte("RIFF\x04\x00\x00\x00WEBPVP8X"))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := finlatch.NewPicture(finlatch.ID{1}, file, time.Time{})
		if err != nil {
			if finlatch.KindOf(err) != finlatch.Invalid {
				t.Errorf("got %v, want Invalid", err)
			}
			return
		}
		if _, _, err := image.Decode(bytes.NewReader(p.Data)); err != nil {
			t.Errorf("what is kept cannot be decoded: %v", err)
		}
	})
}
