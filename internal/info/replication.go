package info

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/fullsync"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/replication"
)

// ReplicationState is what the node knows of replication.
type ReplicationState struct {
	Replica   bool
	Link      replication.Status // of a replica
	Replicas  []replication.ReplicaStatus
	Copies    fullsync.SourceStatus
	Offset    int64
	Offsets   map[string]int64 // by database
	Histories layout.Histories // of database 0
	Failover  string
	Good      int64
	Discarded int64 // changes that the master never had, written to files
	CopyingDB string
	Copying   *fullsync.Progress // nil: no copy is being received
	Advice    []string           // ports that could not be reached
	Circle    bool               // the master follows this server

	FullSyncs, Snapshots, PartialOK, PartialRefused int64
	LogSent, LogReceived, CopySent                  int64
}

func replicationSection(w *writer, s *Sources) {
	st, v := s.Replication(), s.Config.Load()
	priority := v.ReplicaPriority
	if st.Replica {
		w.str("role", "slave")
		writeLink(w, &st)
		if !st.Link.Serving || !st.Link.Whole && copying(&st.Link) {
			priority = 0 // an incomplete copy must not be promoted
		}
		w.int("slave_priority", priority)
		w.flag("slave_read_only", v.ReplicaReadOnly)
		w.flag("replica_announced", v.ReplicaAnnounced)
		w.str("is_eligible_for_master_election", strconv.FormatBool(priority > 0)) // Pika's tools read this word
	} else {
		w.str("role", "master")
		w.str("is_eligible_for_master_election", "true")
	}
	w.int("connected_slaves", int64(len(st.Replicas)))
	if v.MinReplicasToWrite > 0 {
		w.int("min_slaves_good_slaves", st.Good)
	}
	for i := range st.Replicas {
		writeReplica(w, i, &st.Replicas[i])
	}
	w.str("master_failover_state", st.Failover)
	writeHistories(w, &st)
	w.int("master_repl_offset", st.Offset)
	w.int("second_repl_offset", secondOffset(&st))
	w.int("repl_backlog_active", 1) // the binlog
	for i := range s.Engine.Databases() {
		name := "db" + strconv.Itoa(i)
		if at, ok := st.Offsets[name]; ok {
			w.str(name, pikaOffset(at))
		}
	}
	writeCopies(w, &st)
	w.int("repl_discarded_changes", st.Discarded)
	for i, text := range st.Advice {
		w.str("repl_port_advice_"+strconv.Itoa(i), text)
	}
}

// pikaOffset is a log position as Pika's tools read it: the number of a file and the place in it. A later position has larger ones.
func pikaOffset(lsn int64) string {
	return fmt.Sprintf("binlog_offset=%d %d,safety_purge=none", uint64(lsn)>>32, uint32(lsn))
}

func copying(st *replication.Status) bool {
	for _, d := range st.DBs {
		switch d.State {
		case replication.Queued, replication.Copying, replication.Installing, replication.Failed:
			return true
		}
	}
	return false
}

func writeLink(w *writer, st *ReplicationState) {
	l := &st.Link
	up := l.State == replication.Linked
	syncing := up && copying(l)
	following := up && !syncing && (l.Whole || l.Serving)
	w.str("master_host", l.Master.Host)
	w.int("master_port", int64(l.Master.Port))
	w.str("master_link_status", map[bool]string{true: "up", false: "down"}[following])
	w.int("master_last_io_seconds_ago", secondsAgo(l.LastIO))
	w.flag("master_sync_in_progress", syncing)
	w.int("slave_read_repl_offset", st.Offset)
	w.int("slave_repl_offset", st.Offset)
	if syncing && st.Copying != nil {
		total, have := st.Copying.Total.Load(), st.Copying.Received.Load()+st.Copying.Reused.Load()
		w.int("master_sync_total_bytes", total)
		w.int("master_sync_read_bytes", have)
		w.int("master_sync_left_bytes", total-have)
		w.float("master_sync_perc", 100*float64(have)/float64(max(total, 1)))
		w.int("master_sync_last_io_seconds_ago", secondsAgo(l.LastIO))
	}
	if !following { // not 0: Sentinel looks each second, not each ten, at a replica that says so, and soon sees that its copy is whole
		w.int("master_link_down_since_seconds", max(1, int64(l.DownFor/time.Second)))
	}
	w.str("repl_connect_status", l.State.String())
	if l.Reason != "" {
		w.str("repl_connect_reason", l.Reason)
	}
	if st.Circle {
		w.str("repl_circle", "the master follows this server: neither takes writes. Say REPLICAOF NO ONE to the one that is to lead")
	}
	w.int("repl_connect_failures", int64(l.Failures))
	if !l.Next.IsZero() {
		w.int("repl_connect_next_attempt_ms", max(0, time.Until(l.Next).Milliseconds()))
	}
	w.str("repl_via", l.Via)
	for _, d := range l.DBs {
		text := fmt.Sprintf("state=%s,since_seconds=%d,offset=%d,behind=%d,attempts=%d", d.State, secondsAgo(d.Since), d.Written, d.Behind, d.Attempts)
		if !d.Next.IsZero() {
			text += fmt.Sprintf(",next_retry_ms=%d", max(0, time.Until(d.Next).Milliseconds()))
		}
		if d.Place > 0 {
			text += fmt.Sprintf(",queue_place=%d", d.Place)
		}
		if d.Reason != "" {
			text += ",reason=" + d.Reason
		}
		w.str("repl_database_"+strings.TrimPrefix(d.Name, "db"), "db="+d.Name+","+text)
	}
	if st.Copying != nil {
		total, have, rate := st.Copying.Total.Load(), st.Copying.Received.Load()+st.Copying.Reused.Load(), st.Copying.Rate.Load()
		w.str("full_sync_receiving", fmt.Sprintf("db=%s,bytes=%d,total=%d,reused=%d,requested=%d,bytes_per_second=%d,eta_seconds=%d",
			st.CopyingDB, have, total, st.Copying.Reused.Load(), st.Copying.Requested.Load(), rate, (total-have)/max(rate, 1)))
	}
}

func secondsAgo(t time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return max(0, int64(time.Since(t)/time.Second))
}

func writeReplica(w *writer, i int, r *replication.ReplicaStatus) {
	state := "online"
	if !r.Online {
		state = "wait_bgsave"
		if r.Copying {
			state = "send_bulk"
		}
	}
	w.str("slave"+strconv.Itoa(i), fmt.Sprintf("ip=%s,port=%d,state=%s,offset=%d,lag=%d,lag_bytes=%d",
		r.Host, r.Port, state, r.Offset(), secondsAgo(r.LastAck), r.Lag))
}

// writeHistories shows Redis's two ids: the history that is being written, and the one
// before it, from which replicas may continue.
func writeHistories(w *writer, st *ReplicationState) {
	last, previous := layout.HistoryID{}.String(), layout.HistoryID{}.String()
	if n := len(st.Histories); n > 0 {
		last = st.Histories[n-1].ID.String()
		if n > 1 {
			previous = st.Histories[n-2].ID.String()
		}
	}
	w.str("master_replid", last)
	w.str("master_replid2", previous)
	w.str("ReplicationID", last) // Pika's name
}

func secondOffset(st *ReplicationState) int64 {
	if n := len(st.Histories); n > 1 {
		return int64(st.Histories[n-1].Start)
	}
	return -1
}

func writeCopies(w *writer, st *ReplicationState) {
	w.int("full_sync_snapshots", int64(st.Copies.Snapshots))
	w.int("full_sync_queue", int64(len(st.Copies.Queue)))
	for i, id := range st.Copies.Queue {
		w.str("full_sync_queued_"+strconv.Itoa(i), id)
	}
	for i, j := range st.Copies.Jobs {
		w.str("full_sync_sending_"+strconv.Itoa(i), fmt.Sprintf("replica=%s,db=%s,bytes=%d,total=%d,bytes_per_second=%d,eta_seconds=%d,limited_by=%s",
			j.Replica, j.Database, j.Sent, j.Total, j.Rate, (j.Total-j.Sent)/max(j.Rate, 1), j.Limit))
	}
	w.int("repl_log_bytes_sent", st.LogSent)
	w.int("repl_log_bytes_received", st.LogReceived)
	w.int("full_sync_bytes_sent", st.CopySent)
}
