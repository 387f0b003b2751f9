package info

import "testing"

// Codis takes for the newest replica the one with the larger pair.
func TestPikaOffsetsGrowWithPositions(t *testing.T) {
	for lsn, want := range map[int64]string{
		0:         "binlog_offset=0 0,safety_purge=none",
		1<<32 - 1: "binlog_offset=0 4294967295,safety_purge=none",
		1 << 32:   "binlog_offset=1 0,safety_purge=none",
		5<<32 + 7: "binlog_offset=5 7,safety_purge=none",
	} {
		if got := pikaOffset(lsn); got != want {
			t.Errorf("%d: %s", lsn, got)
		}
	}
}
