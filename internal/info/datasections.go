package info

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/haypile/haypile/internal/engine"
)

func commandstatsSection(w *writer, s *Sources) {
	for _, r := range s.Table.Executable() {
		calls := r.Stats.Calls.Load()
		if calls == 0 && r.Stats.Rejected.Load() == 0 {
			continue
		}
		usec := r.Stats.Nanos.Load() / 1000
		per := 0.0
		if calls > 0 {
			per = float64(usec) / float64(calls)
		}
		w.str("cmdstat_"+r.Full, fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			calls, usec, per, r.Stats.Rejected.Load(), r.Stats.Failed.Load()))
	}
}

func errorstatsSection(w *writer, s *Sources) {
	s.Engine.Errors.Each(func(code string, n int64) { w.str("errorstat_"+code, fmt.Sprintf("count=%d", n)) })
}

func latencystatsSection(w *writer, s *Sources) {
	v := s.Config.Load()
	if !v.LatencyTracking {
		return
	}
	for _, r := range s.Table.Executable() {
		if r.Stats.Calls.Load() == 0 {
			continue
		}
		var parts []string
		for _, p := range v.LatencyPercentiles {
			us := float64(r.Stats.Latency.Quantile(p/100)) / 1000
			parts = append(parts, fmt.Sprintf("p%s=%.3f", strconv.FormatFloat(p, 'g', -1, 64), us))
		}
		w.str("latency_percentiles_usec_"+r.Full, strings.Join(parts, ","))
	}
}

// opened visits the databases that are open.
func opened(s *Sources, visit func(i int, db *engine.DB)) {
	s.Engine.EachOpen(visit)
}

func keyspaceSection(w *writer, s *Sources) {
	opened(s, func(i int, db *engine.DB) {
		if keys, expires := db.Counts(); keys > 0 {
			w.str("db"+strconv.Itoa(i), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", keys, expires))
		}
	})
}

func dataSection(w *writer, s *Sources) {
	var disk, reclaim, log, memtables, readers int64
	var damaged []string
	opened(s, func(_ int, db *engine.DB) {
		if _, yes := db.Store().Damaged(); yes {
			damaged = append(damaged, db.Name)
		}
		m := db.Store().Metrics()
		disk += int64(m.DiskSpaceUsage())
		memtables += int64(m.MemTable.Size)
		readers += m.FileCache.Size
		reclaim += db.Store().Reclaimable()
		log += int64(db.Log().End() - db.Log().Start())
	})
	w.bytes("db_size", disk)
	w.bytes("log_size", log)
	w.bytes("disk_waiting_to_be_reclaimed", reclaim)
	w.str("compression", s.Config.Load().Compression.String())
	w.int("db_memtable_usage", memtables)
	w.int("db_tablereader_usage", readers)
	w.str("damaged_databases", strings.Join(damaged, ",")) // reads have met blocks that cannot be read
	w.flag("db_fatal", s.Disk().WritesStopped)
	w.str("db_fatal_msg", s.Disk().Reason)
}

// What databases have in common is a line per database and no field per number: an exporter makes a metric of each name, and
// of a name that begins with db or holds dbN: a line of the keyspace.
func binlogSection(w *writer, s *Sources) {
	var fsyncs int64
	opened(s, func(i int, db *engine.DB) {
		l := db.Log()
		fsyncs += l.Fsyncs()
		w.str("binlog_database_"+strconv.Itoa(i), fmt.Sprintf("db=%s,start=%d,end=%d,durable=%d,segments=%d",
			db.Name, l.Start(), l.End(), l.Durable(), l.Segments()))
	})
	w.int("binlog_fsyncs", fsyncs)
}

func cacheSection(w *writer, s *Sources) {
	st := s.Cache.Stats()
	w.str("cache_status", "Ok")
	w.int("cache_keys", st.Entries)
	w.bytes("cache_memory", st.Bytes)
	w.int("hits", st.Hits)
	w.int("all_cmds", st.Hits+st.Misses)
	ratio := 0.0
	if n := st.Hits + st.Misses; n > 0 {
		ratio = 100 * float64(st.Hits) / float64(n)
	}
	w.str("hitratio_all", fmt.Sprintf("%.2f%%", ratio))
}

func storeSection(w *writer, s *Sources) {
	opened(s, func(i int, db *engine.DB) {
		m := db.Store().Metrics()
		damage, _ := db.Store().Damaged()
		text := fmt.Sprintf("db=%s,pending_bytes=%d,memtable_bytes=%d,memtables=%d,l0_files=%d,l0_sublevels=%d,compaction_debt_bytes=%d,compactions=%d,"+
			"compactions_in_progress=%d,flushes=%d,write_stalls=%d,disk_bytes=%d,reclaimable_bytes=%d,damaged_reads=%d,filter_bytes=%d",
			db.Name, db.Store().PendingBytes(), m.MemTable.Size, m.MemTable.Count, m.Levels[0].TablesCount, m.Levels[0].Sublevels,
			m.Compact.EstimatedDebt, m.Compact.Count, m.Compact.NumInProgress, m.Flush.Count, db.Store().Stalls(), m.DiskSpaceUsage(),
			db.Store().Reclaimable(), damage.Reads, db.Store().FilterBytes())
		for l := range m.Levels {
			text += fmt.Sprintf(",level%d_bytes=%d", l, m.Levels[l].TablesSize)
		}
		w.str("store_database_"+strconv.Itoa(i), text)
	})
}
