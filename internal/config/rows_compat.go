package config

// Why a name has no effect. Rows that share a reason stand together, so that the
// default file says it once.
const (
	becauseLog      = "Accepted without effect: every change goes to the binlog, which is always on; see appendfsync and the binlog-* parameters."
	becauseDisk     = "Accepted without effect: data lives on disk and nothing is evicted; see maxmemory."
	becauseNoRDB    = "Accepted without effect: there is no RDB file to write at intervals; data is on disk all the time, and BGSAVE makes a backup."
	becauseSync     = "Accepted without effect: replicas continue from the binlog or copy a snapshot of the files; see binlog-retention-bytes and throttle-bytes-per-second."
	becauseLazy     = "Accepted without effect: deleting is one small record whatever the size, and space is reclaimed in the background."
	becauseGo       = "Accepted without effect: memory is managed by the Go runtime."
	becauseEncoding = "Accepted without effect: it tunes a structure of Redis that does not exist here."
	becauseThreads  = "Accepted without effect: see event-loops and worker-threads."
	becauseClock    = "Accepted without effect: background work runs when there is some, not at a fixed rate."
	becauseReplica  = "Accepted without effect: a replica installs a copy as a whole beside the old data and never writes on its own account."
	becauseProcess  = "Accepted without effect: the service manager or the system takes care of this."
	becauseTLS      = "Accepted without effect: sessions are kept by the clients, in tickets whose keys change daily; see tls-session-caching."
	becauseLogging  = "Accepted without effect: see logfile, loglevel and log-format."
)

var compatRows = []Param{
	compatParam("appendonly", "yes", asBool, becauseLog).warnIfSet("changes are always logged; appendfsync says how often they are forced to disk"),
	compatParam("appendfilename", "appendonly.aof", asText, becauseLog),
	compatParam("appenddirname", "appendonlydir", asText, becauseLog),
	compatParam("no-appendfsync-on-rewrite", "no", asBool, becauseLog),
	compatParam("auto-aof-rewrite-percentage", "100", asInt(0, maxInt32), becauseLog),
	compatParam("auto-aof-rewrite-min-size", "67108864", asBytes(0), becauseLog),
	compatParam("aof-use-rdb-preamble", "yes", asBool, becauseLog),
	compatParam("aof-load-truncated", "yes", asBool, becauseLog),
	compatParam("aof-timestamp-enabled", "no", asBool, becauseLog),
	compatParam("aof-rewrite-incremental-fsync", "yes", asBool, becauseLog),
	compatParam("aof-disable-auto-gc", "no", asBool, becauseLog),

	compatParam("save", "", asSave, becauseNoRDB).multiLine(),
	compatParam("dbfilename", "dump.rdb", asText, becauseNoRDB).protected(),
	compatParam("rdbcompression", "yes", asBool, becauseNoRDB),
	compatParam("rdbchecksum", "yes", asBool, becauseNoRDB),
	compatParam("rdb-save-incremental-fsync", "yes", asBool, becauseNoRDB),
	compatParam("rdb-del-sync-files", "no", asBool, becauseNoRDB),
	compatParam("rdb-key-save-delay", "0", asInt(-1<<31, maxInt32), becauseNoRDB).hidden(),
	compatParam("key-load-delay", "0", asInt(-1<<31, maxInt32), becauseNoRDB).hidden(),
	compatParam("stop-writes-on-bgsave-error", "yes", asBool, becauseNoRDB),
	compatParam("sanitize-dump-payload", "yes", asEnum("no", "yes", "clients"),
		"Accepted without effect: RESTORE always checks what it is given."),

	compatParam("maxmemory-samples", "5", asInt(1, maxInt32), becauseDisk),
	compatParam("maxmemory-eviction-tenacity", "10", asInt(0, 100), becauseDisk),
	compatParam("lfu-log-factor", "10", asInt(0, maxInt32), becauseDisk),
	compatParam("lfu-decay-time", "1", asInt(0, maxInt32), becauseDisk),

	compatParam("activedefrag", "no", asBool, becauseGo),
	compatParam("active-defrag-cycle-min", "1", asInt(1, 99), becauseGo),
	compatParam("active-defrag-cycle-max", "25", asInt(1, 99), becauseGo),
	compatParam("active-defrag-ignore-bytes", "104857600", asBytes(1), becauseGo),
	compatParam("active-defrag-max-scan-fields", "1000", asInt(1, maxInt64), becauseGo),
	compatParam("active-defrag-threshold-lower", "10", asInt(0, 1000), becauseGo),
	compatParam("active-defrag-threshold-upper", "100", asInt(0, 1000), becauseGo),
	compatParam("jemalloc-bg-thread", "yes", asBool, becauseGo),
	compatParam("activerehashing", "yes", asBool, becauseGo),

	compatParam("lazyfree-lazy-eviction", "no", asBool, becauseLazy),
	compatParam("lazyfree-lazy-expire", "no", asBool, becauseLazy),
	compatParam("lazyfree-lazy-server-del", "no", asBool, becauseLazy),
	compatParam("lazyfree-lazy-user-del", "no", asBool, becauseLazy),
	compatParam("lazyfree-lazy-user-flush", "no", asBool, becauseLazy),

	compatParam("list-compress-depth", "0", asInt(0, maxInt32), becauseEncoding),

	compatParam("repl-diskless-sync", "yes", asBool, becauseSync),
	compatParam("repl-diskless-sync-delay", "5", asInt(0, maxInt32), becauseSync),
	compatParam("repl-diskless-sync-max-replicas", "0", asInt(0, maxInt32), becauseSync),
	compatParam("repl-diskless-load", "disabled", asEnum("disabled", "on-empty-db", "swapdb"), becauseSync),
	compatParam("repl-backlog-size", "1048576", asBytes(1), becauseSync),
	compatParam("repl-backlog-ttl", "3600", asInt(0, maxInt64), becauseSync),
	compatParam("repl-disable-tcp-nodelay", "no", asBool, becauseSync),

	compatParam("replica-lazy-flush", "no", asBool, becauseReplica).alias("slave-lazy-flush"),
	compatParam("replica-ignore-maxmemory", "yes", asBool, becauseReplica).alias("slave-ignore-maxmemory"),
	compatParam("replica-ignore-disk-write-errors", "no", asBool, becauseReplica),
	compatParam("propagation-error-behavior", "ignore", asEnum("ignore", "panic", "panic-on-replicas"), becauseReplica),

	compatParam("hz", "10", asClamped(1, 500), becauseClock),
	compatParam("dynamic-hz", "yes", asBool, becauseClock),

	compatParam("io-threads", "1", asInt(1, 128), becauseThreads),
	compatParam("io-threads-do-reads", "no", asBool, becauseThreads),
	compatParam("server_cpulist", "", asText, becauseThreads),
	compatParam("bio_cpulist", "", asText, becauseThreads),
	compatParam("aof_rewrite_cpulist", "", asText, becauseThreads),
	compatParam("bgsave_cpulist", "", asText, becauseThreads),

	compatParam("supervised", "no", asEnum("upstart", "systemd", "auto", "no"), becauseProcess),
	compatParam("set-proc-title", "yes", asBool, becauseProcess),
	compatParam("proc-title-template", "{title} {listen-addr} {server-mode}", asText, becauseProcess),
	compatParam("oom-score-adj", "no", asEnum("no", "yes", "relative", "absolute"), becauseProcess),
	compatParam("oom-score-adj-values", "0 200 800", asOOMScores, becauseProcess),
	compatParam("disable-thp", "yes", asBool, becauseProcess),
	compatParam("crash-log-enabled", "yes", asBool, becauseProcess),
	compatParam("crash-memcheck-enabled", "yes", asBool, becauseProcess),
	compatParam("ignore-warnings", "", asText, becauseProcess),
	compatParam("socket-mark-id", "0", asInt(0, 1<<32-1), becauseProcess),
	compatParam("locale-collate", "", asText, becauseProcess),
	compatParam("shutdown-timeout", "10", asInt(0, maxInt32), "Accepted without effect: a stop is orderly and does not wait for replicas; use FAILOVER first."),
	compatParam("shutdown-on-sigint", "default", asText, "Accepted without effect: both signals stop the server in an orderly way."),
	compatParam("shutdown-on-sigterm", "default", asText, "Accepted without effect: both signals stop the server in an orderly way."),

	compatParam("always-show-logo", "no", asBool, becauseLogging),
	compatParam("syslog-enabled", "no", asBool, becauseLogging),
	compatParam("syslog-ident", "haypile", asText, becauseLogging),
	compatParam("syslog-facility", "local0", asEnum("user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"), becauseLogging),
	compatParam("hide-user-data-from-log", "yes", asBool, "Accepted without effect: keys and values of users are never logged."),

	compatParam("tls-dh-params-file", "", asText, "Accepted without effect: ciphers with such parameters are never offered."),
	compatParam("tls-session-cache-size", "20480", asInt(0, maxInt32), becauseTLS),
	compatParam("tls-session-cache-timeout", "300", asInt(0, maxInt32), becauseTLS),

	compatParam("enable-module-command", "no", asEnum("no", "yes", "local"), "Accepted without effect: there are no modules."),
	compatParam("cluster-enabled", "no", asBool, "Only no is accepted: this version has no cluster mode.").check(refuseCluster),
}
