// Package lzf unpacks LZF, which Redis compresses strings in RDB files with.
//
// It promises never to write beyond the length that it is told, and to accept any bytes.
package lzf

import "errors"

// ErrCorrupt marks bytes that are not LZF of the length given.
var ErrCorrupt = errors.New("corrupt LZF data")

// Decompress unpacks src into exactly size bytes.
func Decompress(src []byte, size int) ([]byte, error) {
	const mostOfOne = 264 // bytes that three may stand for
	if size < 0 || size/mostOfOne > len(src) {
		return nil, ErrCorrupt
	}
	dst := make([]byte, 0, size)
	for i := 0; i < len(src); {
		c := int(src[i])
		i++
		if c < 32 { // so many bytes as they are, and one more
			if i+c+1 > len(src) || len(dst)+c+1 > size {
				return nil, ErrCorrupt
			}
			dst = append(dst, src[i:i+c+1]...)
			i += c + 1
			continue
		}
		n := c >> 5
		if n == 7 {
			if i >= len(src) {
				return nil, ErrCorrupt
			}
			n += int(src[i])
			i++
		}
		if i >= len(src) {
			return nil, ErrCorrupt
		}
		from := len(dst) - (c&31<<8 | int(src[i])) - 1
		i++
		if n += 2; from < 0 || len(dst)+n > size {
			return nil, ErrCorrupt
		}
		for j := range n { // the two may overlap
			dst = append(dst, dst[from+j])
		}
	}
	if len(dst) != size {
		return nil, ErrCorrupt
	}
	return dst, nil
}
