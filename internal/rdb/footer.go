// Package rdb reads and writes Redis's RDB format: the payloads of DUMP, and files.
//
// Promises:
//   - D1. Bytes of others are checked before they are believed; nothing panics, and nothing is allocated for a size that the
//     bytes cannot hold.
//   - D2. What is written, Redis 7.0 reads; hashes with fields that expire, Redis 7.4: an older one refuses them, which is
//     better than to lose the times.
//   - D3. A collection is read and written element by element. What is held in memory of it is one element, or one
//     packed piece as Redis has written it.
package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/haypile/haypile/internal/algo/crc"
)

// ErrCorrupt marks bytes that are no payload, or were damaged.
var ErrCorrupt = errors.New("corrupt payload")

const (
	version      = 10 // of Redis 7.0: what is written
	timesVersion = 12 // of Redis 7.4: for hashes with fields that expire
	maxVersion   = 12 // what is read
	footerBytes  = 2 + 8
)

// VersionError is the RDB version of a payload or file that is later than what can be read.
type VersionError int

// writers are what writes such versions, from each on.
var writers = []struct {
	from VersionError
	name string
}{{13, "Redis 8.6"}, {14, "Redis 8.8"}, {15, "Redis 8.10"}, {16, "a later Redis"}, {firstOfValkey, "Valkey 9"}, {firstOfValkey + 1, "Valkey 9.2 or later"},
	{1000, "no server that is known"}}

// firstOfValkey is where Valkey counts on by itself.
const firstOfValkey VersionError = 80

// Error says what has written it, and what to do.
func (v VersionError) Error() string {
	who := ""
	for _, w := range writers {
		if v >= w.from {
			who = w.name
		}
	}
	return fmt.Sprintf("it is of RDB version %d, which %s writes; up to version %d (Redis 7.4 to 8.4, Valkey 8) can be read. "+
		"Have its server write commands (CONFIG SET aof-use-rdb-preamble no, then BGREWRITEAOF), which `haypile import` reads", int(v), who, maxVersion)
}

// AppendFooter ends a payload: the version of the format, and a checksum of all before.
func AppendFooter(payload []byte) []byte {
	v := uint16(version)
	if len(payload) > 0 && payload[0] == codeHashTimes {
		v = timesVersion
	}
	payload = binary.LittleEndian.AppendUint16(payload, v)
	return binary.LittleEndian.AppendUint64(payload, crc.CRC64(0, payload))
}

// CheckFooter returns a payload without its footer.
func CheckFooter(payload []byte) (body []byte, v int, err error) {
	n := len(payload) - footerBytes
	if n < 0 {
		return nil, 0, ErrCorrupt
	}
	v = int(binary.LittleEndian.Uint16(payload[n:]))
	sum := binary.LittleEndian.Uint64(payload[n+2:])
	if sum != crc.CRC64(0, payload[:n+2]) {
		return nil, 0, ErrCorrupt
	}
	if v > maxVersion {
		return nil, 0, VersionError(v)
	}
	return payload[:n], v, nil
}
