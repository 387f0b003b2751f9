package info

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/haypile/haypile/internal/acl"
)

func serverSection(w *writer, s *Sources) {
	v := s.Config.Load()
	now := time.Now()
	up := int64(now.Sub(s.Started).Seconds())
	w.str("redis_version", RedisVersion)
	w.str("redis_git_sha1", "00000000")
	w.str("redis_git_dirty", "0")
	w.str("redis_mode", "standalone")
	w.str("haypile_version", s.Version)
	w.str("pika_version", "4.0.1") // the version whose commands and fields tools may expect
	w.str("pika_git_sha", "00000000")
	w.str("pika_build_compile_date", "")
	w.str("os", runtime.GOOS+" "+runtime.GOARCH)
	w.int("arch_bits", strconv.IntSize)
	w.str("go_version", runtime.Version())
	w.str("multiplexing_api", "epoll")
	w.int("process_id", int64(os.Getpid()))
	w.str("run_id", s.RunID)
	w.int("tcp_port", v.Port)
	w.int("server_time_usec", now.UnixMicro())
	w.int("uptime_in_seconds", up)
	w.int("uptime_in_days", up/86400)
	w.int("hz", 10)
	w.int("configured_hz", 10)
	w.int("lru_clock", now.Unix()&(1<<24-1))
	exe, _ := os.Executable()
	w.str("executable", exe)
	w.str("config_file", s.Config.Path())
	w.int("io_threads_active", 0)
}

func clientsSection(w *writer, s *Sources) {
	var blocked, pubsub, watching int64
	var maxIn, maxOut int64
	for _, c := range s.Registry.All() {
		if c.Blocked() {
			blocked++
		}
		if c.Subscribed() {
			pubsub++
		}
		if _, n := c.Multi(); n > 0 {
			watching++
		}
		if c.Sink != nil {
			in, out := c.Sink.Buffered()
			maxIn, maxOut = max(maxIn, in), max(maxOut, out)
		}
	}
	w.int("connected_clients", int64(s.Registry.Len()))
	w.int("cluster_connections", 0)
	w.int("maxclients", s.Config.Load().MaxClients)
	w.int("client_recent_max_input_buffer", maxIn)
	w.int("client_recent_max_output_buffer", maxOut)
	w.int("blocked_clients", blocked)
	tracking, _, _, _ := s.Tracking.Counts()
	w.int("tracking_clients", int64(tracking))
	w.int("pubsub_clients", pubsub)
	w.int("watching_clients", watching)
	w.int("clients_in_timeout_table", 0)
}

func memorySection(w *writer, s *Sources) {
	parts := s.Memory()
	used, rss, peak, budget := int64(0), int64(0), int64(0), int64(0)
	for _, p := range parts {
		switch p.Name {
		case "total.rss":
			rss = p.Bytes
		case "budget":
			budget = p.Bytes
		case "peak.rss":
			peak = p.Bytes
		default:
			used += p.Bytes
		}
	}
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	v := s.Config.Load()
	w.bytes("used_memory", used) // first: tools look for the first line with this in it
	w.bytes("used_memory_rss", rss)
	w.bytes("used_memory_peak", peak)
	w.str("used_memory_peak_perc", fmt.Sprintf("%.2f%%", 100*float64(rss)/float64(max(peak, 1)))) // both resident
	w.bytes("total_system_memory", systemMemory())
	w.bytes("memory_budget", budget)
	w.bytes("maxmemory", int64(v.MaxMemory))
	w.str("maxmemory_policy", v.MaxMemoryPolicy.String())
	w.float("mem_fragmentation_ratio", float64(rss)/float64(max(used, 1)))
	w.int("mem_fragmentation_bytes", rss-used)
	// The allocator is Go's: objects, the spans that hold them, and what has not been given back to the system.
	live, spans, held := int64(ms.HeapAlloc), int64(ms.HeapInuse), int64(ms.HeapSys-ms.HeapReleased)
	w.int("allocator_allocated", live)
	w.int("allocator_active", spans)
	w.int("allocator_resident", held)
	w.float("allocator_frag_ratio", float64(spans)/float64(max(live, 1)))
	w.int("allocator_frag_bytes", spans-live)
	w.float("allocator_rss_ratio", float64(held)/float64(max(spans, 1)))
	w.int("allocator_rss_bytes", held-spans)
	w.float("rss_overhead_ratio", float64(rss)/float64(max(held, 1)))
	w.int("rss_overhead_bytes", rss-held)
	for _, p := range parts {
		switch p.Name {
		case "total.rss", "budget", "peak.rss":
		default:
			w.int("memory_part_"+p.Name, p.Bytes)
		}
	}
	scripts, libs := s.Scripts.Stats(), s.Engine.Functions()
	code := 0
	for _, lib := range libs.List() {
		code += len(lib.Code)
	}
	w.bytes("used_memory_lua", scripts.EvalBytes)
	w.int("used_memory_vm_eval", scripts.EvalBytes)
	w.int("used_memory_scripts_eval", int64(scripts.ScriptBytes))
	w.int("number_of_cached_scripts", int64(scripts.Scripts))
	w.int("number_of_functions", int64(libs.Functions()))
	w.int("number_of_libraries", int64(len(libs.List())))
	w.int("used_memory_vm_functions", scripts.FunctionBytes)
	w.bytes("used_memory_vm_total", scripts.EvalBytes+scripts.FunctionBytes)
	w.int("used_memory_functions", int64(code))
	w.bytes("used_memory_scripts", int64(scripts.ScriptBytes+code))
	w.str("mem_allocator", "go")
	w.int("lazyfree_pending_objects", 0) // nothing is freed in the background
	w.int("lazyfreed_objects", s.Engine.LazyFreed.Load())
}

func persistenceSection(w *writer, s *Sources) {
	v, b := s.Config.Load(), s.Backup()
	w.flag("loading", s.Server.Loading.Load())
	w.int("async_loading", 0)
	w.int("rdb_changes_since_last_save", s.Engine.Changes.Load())
	w.flag("rdb_bgsave_in_progress", b.Running)
	w.int("rdb_last_save_time", b.LastSave.Unix())
	w.str("rdb_last_bgsave_status", okErr(b.LastOK))
	w.int("rdb_last_bgsave_time_sec", int64(b.LastTook.Seconds()))
	current := int64(-1)
	if b.Running {
		current = int64(time.Since(b.Since).Seconds())
	}
	w.int("rdb_current_bgsave_time_sec", current)
	w.int("aof_enabled", 1) // the binlog: every change is logged
	w.int("aof_rewrite_in_progress", 0)
	w.str("aof_last_bgrewrite_status", "ok")
	d := s.Disk()
	w.str("aof_last_write_status", okErr(!d.WritesStopped))
	w.str("appendfsync", v.AppendFsync.String())
	w.int("disk_free_bytes", d.FreeBytes)
	w.int("disk_total_bytes", d.TotalBytes)
	w.flag("disk_writes_stopped", d.WritesStopped)
	if d.WritesStopped {
		w.str("disk_writes_stopped_reason", d.Reason)
	}
}

func okErr(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}

func statsSection(w *writer, s *Sources) {
	st := s.Server.Stats()
	in, out := st.NetIn.Load(), st.NetOut.Load()
	for _, c := range s.Registry.All() {
		in += c.NetIn.Load()
		out += c.NetOut.Load()
	}
	var expired, fields int64
	for i := range s.Engine.Databases() {
		if db := s.Engine.Opened(i); db != nil {
			expired += db.Expired.Load()
			fields += db.ExpiredFields.Load()
		}
	}
	cs, repl := s.Cache.Stats(), s.Replication()
	w.int("total_connections_received", s.Registry.Total())
	w.int("total_commands_processed", st.Commands.Load())
	w.int("instantaneous_ops_per_sec", int64(s.Rates.Ops.PerSecond()))
	w.int("total_net_input_bytes", in)
	w.int("total_net_output_bytes", out)
	w.float("instantaneous_input_kbps", s.Rates.NetIn.PerSecond()/1024)
	w.float("instantaneous_output_kbps", s.Rates.NetOut.PerSecond()/1024)
	w.int("total_net_repl_input_bytes", repl.LogReceived)
	w.int("total_net_repl_output_bytes", repl.LogSent+repl.CopySent)
	w.float("instantaneous_input_repl_kbps", s.Rates.ReplIn.PerSecond()/1024)
	w.float("instantaneous_output_repl_kbps", s.Rates.ReplOut.PerSecond()/1024)
	w.float("instantaneous_output_full_sync_kbps", s.Rates.CopyOut.PerSecond()/1024)
	w.int("rejected_connections", st.Rejected.Load())
	w.int("sync_full", repl.FullSyncs)
	w.int("sync_partial_ok", repl.PartialOK)
	w.int("sync_partial_err", repl.PartialRefused)
	w.int("expired_keys", expired)
	w.int("expired_subkeys", fields)
	w.float("expired_stale_perc", 0)
	w.int("expired_time_cap_reached_count", 0)
	w.int("evicted_keys", 0)
	w.int("evicted_clients", 0)
	w.int("keyspace_hits", s.Engine.Hits.Load())
	w.int("keyspace_misses", s.Engine.Misses.Load())
	channels, patterns, sharded := s.PubSub()
	w.int("pubsub_channels", int64(channels))
	w.int("pubsub_patterns", int64(patterns))
	w.int("pubsubshard_channels", int64(sharded))
	_, keys, items, prefixes := s.Tracking.Counts()
	w.int("tracking_total_keys", int64(keys))
	w.int("tracking_total_items", int64(items))
	w.int("tracking_total_prefixes", int64(prefixes))
	w.int("acl_access_denied_auth", s.Users.Log.Denied(acl.DeniedAuth))
	w.int("acl_access_denied_cmd", s.Users.Log.Denied(acl.DeniedCommand))
	w.int("acl_access_denied_key", s.Users.Log.Denied(acl.DeniedKey))
	w.int("acl_access_denied_channel", s.Users.Log.Denied(acl.DeniedChannel))
	w.int("latest_fork_usec", 0)
	w.int("total_forks", 0)
	w.int("total_error_replies", s.Engine.Errors.Total())
	w.int("total_protocol_errors", st.ProtocolErrors.Load())
	w.int("client_output_buffer_limit_disconnections", st.OutputLimitKills.Load())
	w.int("slow_logs_count", int64(s.Slowlog.Len()))
	w.int("value_cache_hits", cs.Hits)
	w.int("value_cache_misses", cs.Misses)
	w.str("is_bgsaving", yesNo(s.Backup().Running))
	w.str("is_scaning_keyspace", "No") // counting keys takes no scan
	w.str("is_compact", compacting(s))
	w.str("compact_cron", "")
	w.str("compact_interval", "")
}

// compacting is Pika's "Yes, start, seconds" while COMPACT is at work.
func compacting(s *Sources) string {
	since := s.Engine.Compacting()
	if since == nil {
		return "No"
	}
	return "Yes, " + since.Format("2006-01-02 15:04:05") + ", " + strconv.Itoa(int(time.Since(*since).Seconds()))
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

func cpuSection(w *writer, _ *Sources) {
	var self, children syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self)
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)
	seconds := func(t syscall.Timeval) string {
		return strconv.FormatFloat(float64(t.Sec)+float64(t.Usec)/1e6, 'f', 6, 64)
	}
	w.str("used_cpu_sys", seconds(self.Stime))
	w.str("used_cpu_user", seconds(self.Utime))
	w.str("used_cpu_sys_children", seconds(children.Stime))
	w.str("used_cpu_user_children", seconds(children.Utime))
}

// systemMemory is what the machine has; 0 where that is not known.
func systemMemory() int64 {
	var si syscall.Sysinfo_t
	if syscall.Sysinfo(&si) != nil {
		return 0
	}
	return int64(si.Totalram) * int64(si.Unit)
}
