package replication

import (
	"fmt"

	"github.com/haypile/haypile/internal/layout"
)

// claim is what a replica's data proves.
type claim struct {
	histories layout.Histories
	lsn       uint64
	copy      bool // it wants a full copy
}

// offer is what the master has: its histories, and the log from start to end.
type offer struct {
	histories  layout.Histories
	start, end uint64
}

// decide says whether a replica may continue from its position (P1), and if not,
// why. emptyLog is the length of log up to which an empty replica reads it from the
// beginning.
func decide(c claim, o offer, emptyLog int64) verdict {
	no := func(format string, args ...any) verdict {
		return verdict{LSN: c.lsn, Reason: fmt.Sprintf(format, args...)}
	}
	if c.copy {
		return no("continuing has failed repeatedly")
	}
	if len(c.histories) == 0 && c.lsn == 0 {
		if o.start == 0 && o.end <= uint64(emptyLog) {
			return verdict{LSN: c.lsn, Continue: true}
		}
		v := no("the replica is empty")
		v.Foreign = true
		return v
	}
	common, ok := c.histories.Common(c.lsn, o.histories, o.end)
	switch {
	case !ok:
		v := no("the replica's data comes from another history")
		v.Foreign = true
		return v
	case common < c.lsn:
		v := no("the replica has %d bytes of log behind position %d that the master has not", c.lsn-common, common)
		v.Diverged, v.Common = true, common
		return v
	case c.lsn < o.start:
		return no("the log from position %d on is no longer held; it begins at %d", c.lsn, o.start)
	}
	return verdict{LSN: c.lsn, Continue: true}
}
