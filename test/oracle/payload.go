package oracle

import (
	"encoding/binary"
	"hash/crc64"

	"github.com/haypile/haypile/test/harness"
)

// jones is the polynomial of Redis's checksum, which Go's package inverts before and after.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

func checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), jones, b) }

// bodies are values as DUMP spells them, in encodings of all times up to Redis 7.0, and some that are
// wrong. Those that are cut off claim much more than there is: Redis would take the checksum for the rest.
var bodies = []string{
	"\x00\x05hello", "\x00\xc0\x7f", "\x00\xc1\x00\x80", "\x00\xc2\x00\x00\x00\x80", "\x00\xc3\x04\x08\x00a\xa0\x00", // strings
	"\x01\x03\x01a\xc0\x01\x00", "\x02\x02\x01a\x01b", "\x03\x02\x01a\x031.5\x01b\xff", "\x04\x01\x01f\x01v", // each element by itself
	"\x05\x01\x01m\x00\x00\x00\x00\x00\x00\xf8\x3f",
	"\x09\x08\x01\x01f\x02\x00vw\xff",                               // a zipmap
	"\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x02\x00",      // an intset
	"\x0a\x0e\x0e\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x01a\xff", // ziplists
	"\x0d\x11\x11\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01f\x03\x01v\xff",
	"\x0c\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01m\x03\xf3\xff",
	"\x0e\x01\x0e\x0e\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x01a\xff", // quicklists
	"\x12\x01\x02\x0a\x0a\x00\x00\x00\x01\x00\x81a\x02\xff", "\x12\x01\x01\x03abc",
	"\x10\x0d\x0d\x00\x00\x00\x02\x00\x81f\x02\x81v\x02\xff", // listpacks
	"\x11\x0c\x0c\x00\x00\x00\x02\x00\x81m\x02\x03\x01\xff",

	"\x00\x3fhell", "\x01\x30\x01a", "\x02\x00", "\x04\x00", "\x01\x00", // too short; empty
	"\x02\x02\x01a\x01a", "\x04\x02\x01f\x01v\x01f\x01w", "\x03\x02\x01a\x011\x01a\x012", // twice the same
	"\x05\x01\x01m\x00\x00\x00\x00\x00\x00\xf8\x7f", "\x03\x01\x01m\xfd", // no number
	"\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x02\x00\x01\x00", "\x0b\x08\x02\x00\x00\x00\x00\x00\x00\x00",
	"\x10\x0d\x0d\x00\x00\x00\x02\x00\x81f\x02\x81v\x03\xff", "\x10\x0a\x0a\x00\x00\x00\x01\x00\x81f\x02\xff",
	"\x12\x01\x03\x03abc", "\x07\x00", "\x08\x01", "\x30\x01a", "\xf5\x01a",
	"\x00\xc3\x04\x40\xff\x00a\xa0\x00", "\x02\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x01a",
	"\x00\x01atrailing", // which is ignored
}

// payload ends a body as DUMP does, and sometimes wrongly.
func (g *gen) payload() string {
	body := bodies[g.IntN(len(bodies))]
	version := uint16(10)
	if g.chance(10) {
		version = []uint16{1, 6, 9, 99, 65535}[g.IntN(5)]
	}
	b := binary.LittleEndian.AppendUint16([]byte(body), version)
	b = binary.LittleEndian.AppendUint64(b, checksum(b))
	switch g.IntN(30) {
	case 0:
		b[g.IntN(len(b))] ^= 1
	case 1:
		b = b[:g.IntN(len(b))]
	}
	return string(b)
}

// restoreTTL is none, one that is past, or a wrong one: two servers tell "in a while" by their own clocks.
func (g *gen) restoreTTL() []string {
	if g.chance(4) {
		return g.one("-1", "x", "9223372036854775807", "1.5")
	}
	return g.one("0")
}

func (g *gen) restoreOptions() []string {
	return g.one("REPLACE", "REPLACE", "replace ABSTTL", "REPLACE IDLETIME 5", "REPLACE FREQ 5", "", "REPLACE IDLETIME 1 FREQ 2", "IDLETIME -1",
		"FREQ 256", "FREQ x", "IDLETIME", "REPLACE FREQ 255", "FOO")
}

// dumpAndRestore writes a value over itself in its own payload. What is lost on the way is seen when the key
// spaces are compared.
func (g *gen) dumpAndRestore() []step {
	return g.probe([]string{"DUMP", g.anyKey()}, "the value is restored from its payload", func(do doFunc, args []string) (harness.Reply, error) {
		payload, err := do(args)
		if err != nil || payload.Null {
			return payload, err
		}
		expires, err := do("PEXPIRETIME", args[1])
		if err != nil {
			return expires, err
		}
		return do("RESTORE", args[1], max(0, expires.Int), payload.Str, "REPLACE", "ABSTTL")
	})
}
