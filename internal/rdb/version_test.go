package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/algo/crc"
)

// What is too new is named, and told from what is damaged.
func TestLaterVersions(t *testing.T) {
	payload := func(v uint16) []byte {
		b := binary.LittleEndian.AppendUint16([]byte{0, 1, 'x'}, v)
		return binary.LittleEndian.AppendUint64(b, crc.CRC64(0, b))
	}
	for v, want := range map[uint16]string{13: "Redis 8.6", 14: "Redis 8.8", 15: "Redis 8.10", 16: "a later Redis", 80: "Valkey 9", 81: "Valkey 9.2 or later"} {
		_, _, err := CheckFooter(payload(v))
		var later VersionError
		if !errors.As(err, &later) || !strings.Contains(err.Error(), ", which "+want+" writes") || !strings.Contains(err.Error(), "aof-use-rdb-preamble no") {
			t.Errorf("%d: %v", v, err)
		}
		broken := payload(v)
		broken[1] ^= 1
		if _, _, err := CheckFooter(broken); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d, damaged: %v", v, err)
		}
	}
	for head, want := range map[string]string{
		"REDIS0013": "Redis 8.6", "VALKEY080": "Valkey 9 ", "VALKEY081": "Valkey 9.2", "VALKEY0x0": "no RDB file", "REDIS00x0": "no RDB file", "REDISVALK": "no RDB file",
	} {
		if err := NewReader(bytes.NewReader([]byte(head))).File(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", head, err)
		}
	}
}
