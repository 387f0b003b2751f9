package replication

import (
	"cmp"
	"slices"
	"time"
)

// Status is what a follower says of itself.
type Status struct {
	State    LinkState
	Reason   string
	Since    time.Time
	Failures int
	Next     time.Time // of the next attempt; zero: none is planned
	Master   Address
	Via      string
	Remote   string // the master's run id
	DownFor  time.Duration
	LastIO   time.Time
	Whole    bool // every database streams, and has been where its master was
	Serving  bool // no database is without the master's data
	DBs      []DBStatus
}

// DBStatus is what a follower says of one database.
type DBStatus struct {
	Name     string
	State    DBState
	Reason   string
	Since    time.Time
	Attempts int
	Next     time.Time
	Place    int
	Written  uint64
	Behind   int64 // log bytes of the master, as last told, that are not here
	Unlike   bool
}

// Status returns the present state.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	st := Status{State: f.m.State, Reason: f.m.Reason, Since: f.since, Failures: f.m.Failures, Next: f.next, Master: f.master,
		Via: f.via, Remote: f.remote.RunID, Whole: f.m.State == Linked, Serving: true}
	if ms := f.lastIO.Load(); ms > 0 {
		st.LastIO = time.UnixMilli(ms)
	}
	if f.m.State != Linked {
		st.DownFor = time.Since(f.downAt)
	}
	for _, d := range f.dbs {
		x := DBStatus{Name: d.name, State: d.m.State, Reason: d.m.Reason, Since: d.since, Attempts: d.m.Attempts, Next: d.next, Place: d.m.Place, Unlike: d.unlike}
		if d.db != nil {
			x.Written, _ = d.db.Reach()
			x.Behind = max(0, int64(d.end)-int64(x.Written))
		}
		st.Whole = st.Whole && x.State == Connected && !x.Unlike
		st.Serving = st.Serving && !x.Unlike && (d.judged || d.off) // before the master has answered nobody knows
		st.DBs = append(st.DBs, x)
	}
	slices.SortFunc(st.DBs, func(a, b DBStatus) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return st
}
