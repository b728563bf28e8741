package finlatch

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation is how a JPEG file says that it is to be turned, as Exif numbers it from 1 to 8: telephones store a
// photograph as the sensor lay. 1, as it is, where the file says nothing.
func orientation(file []byte) int {
	if !bytes.HasPrefix(file, []byte{0xff, 0xd8}) {
		return 1
	}
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != 0xda; {
		end := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if end < 4 || end > len(rest) {
			break
		}
		if tiff, found := bytes.CutPrefix(rest[4:end], []byte("Exif\x00\x00")); found && rest[1] == 0xe1 {
			return exifOrientation(tiff)
		}
		rest = rest[end:]
	}
	return 1
}

func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	first := int64(order.Uint32(tiff[4:]))
	if first+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[first:]
	count := order.Uint16(entries)
	for entries = entries[2:]; count > 0 && len(entries) >= 12; count, entries = count-1, entries[12:] {
		const tag = 0x0112
		if order.Uint16(entries) == tag {
			if value := int(order.Uint16(entries[8:])); 1 <= value && value <= 8 {
				return value
			}
		}
	}
	return 1
}

// upright turns and mirrors an image that has an orientation, so that it has none.
func upright(from *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return from
	}
	right, bottom := from.Rect.Dx()-1, from.Rect.Dy()-1
	size := image.Pt(right+1, bottom+1)
	if orientation >= 5 {
		size.X, size.Y = size.Y, size.X
	}
	to := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			at := [...]image.Point{
				2: {right - x, y}, 3: {right - x, bottom - y}, 4: {x, bottom - y},
				5: {y, x}, 6: {y, bottom - x}, 7: {right - y, bottom - x}, 8: {right - y, x},
			}[orientation]
			copy(to.Pix[to.PixOffset(x, y):][:4], from.Pix[from.PixOffset(at.X, at.Y):])
		}
	}
	return to
}
