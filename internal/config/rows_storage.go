package config

import "time"

var storageRows = []Param{
	stringParam("dir", "./data", func(v *Values) *string { return &v.Dir }, fixed,
		"Directory of the data. A relative path starts at the working directory.").alias("db-path").check(dirGiven).shown(),

	bytesParam("memory-budget", 0, 0, maxInt64, func(v *Values) *Bytes { return &v.MemoryBudget }, mutable,
		"Memory for caches and write buffers together. 0 takes half of what the machine or the container (cgroup) "+
			"allows. Connections and running commands come on top.").check(budgetLargeEnough).shown(),

	bytesParam("maxmemory", 0, 0, maxInt64, func(v *Values) *Bytes { return &v.MaxMemory }, mutable,
		"Memory of the server, as in Redis, though data is on disk: a memory-budget above it is lowered to it. If what no cache can "+
			"give back (the heap, connections, filters) is larger all the same, commands that add data are refused with OOM, "+
			"unless maxmemory-policy says otherwise. 0 is no limit besides memory-budget."),

	enumParam("maxmemory-policy", PolicyNoEviction, policyNames, func(v *Values) *Policy { return &v.MaxMemoryPolicy }, mutable,
		"With noeviction, maxmemory refuses commands. With any other, it refuses none. Nothing is evicted in "+
			"any case, because data is on disk; give keys a time to live instead. With one of lfu, OBJECT FREQ replies, by the time "+
			"of a key's last use.").
		warnIfSet("nothing is ever evicted; give keys a time to live instead"),

	intParam("value-cache-percent", 25, 0, 90, func(v *Values) *int64 { return &v.ValueCachePercent }, fixed,
		"Share of memory-budget for recently used values, which spare a read of the store altogether."),

	intParam("block-cache-percent", 35, 1, 90, func(v *Values) *int64 { return &v.BlockCachePercent }, fixed,
		"Share of memory-budget for blocks of data files. What is left over is for write buffers."),

	bytesParam("memtable-size", 0, 0, 1<<32-1, func(v *Values) *Bytes { return &v.MemtableSize }, fixed,
		"Size of one write buffer before it goes to disk. 0 chooses by memory-budget."),

	enumParam("keyspace-layout", LayoutOrdered, layoutNames, func(v *Values) *Layout { return &v.KeyspaceLayout }, fixed,
		"Order of keys on disk: ordered keeps them in byte order, which range commands over keys (PKSCANRANGE) need; "+
			"slotted puts the slot first, so that slots can move between servers. A data directory keeps the "+
			"layout it was made with."),

	enumParam("slot-function", SlotCRC16, slotFunctionNames, func(v *Values) *SlotFunction { return &v.SlotFunction }, fixed,
		"How keys map to slots: crc16 as Redis Cluster (16384 slots), crc32 as Codis (1024 slots). Fixed for a "+
			"data directory."),

	enumParam("compression", CompressionSnappy, compressionNames, func(v *Values) *Compression { return &v.Compression }, fixed,
		"Compression of data on disk. zstd is smaller and slower than snappy. Files written before a change stay "+
			"readable."),

	intParam("compaction-concurrency", 0, 0, 256, func(v *Values) *int64 { return &v.CompactionConcurrency }, fixed,
		"Compactions that may run at one time. 0 chooses by the number of cores."),

	bytesParam("disk-stop-writes-free", 512<<20, 0, maxInt64, func(v *Values) *Bytes { return &v.DiskStopWritesFree }, mutable,
		"Refuse writes when less than this is free on the disk of dir, so that the server can still compact and "+
			"recover. What only frees space (DEL, FLUSHALL, LPOP …) is accepted. 0 refuses only when the disk is full."),

	bytesParam("disk-resume-writes-free", 1<<30, 0, maxInt64, func(v *Values) *Bytes { return &v.DiskResumeWritesFree }, mutable,
		"Accept writes again when this much is free, or a tenth of the disk more than disk-stop-writes-free, whichever "+
			"is less. It may not be below disk-stop-writes-free."),

	stringParam("backup-dir", "backup", func(v *Values) *string { return &v.BackupDir }, fixed,
		"Directory of backups (BGSAVE). A relative path starts at dir.").alias("dump-path"),

	intParam("backup-expire-days", 0, 0, 36500, func(v *Values) *int64 { return &v.BackupExpireDays }, mutable,
		"Remove backups in backup-dir that are older than this many days. Only what BGSAVE and SAVE have made is "+
			"removed, and never the newest. 0 keeps all.").alias("dump-expire"),
}

var binlogRows = []Param{
	enumParam("appendfsync", FsyncEverySec, fsyncNames, func(v *Values) *Fsync { return &v.AppendFsync }, mutable,
		"When changes are forced to disk: before the reply (always), so that even power loss costs nothing that was "+
			"acknowledged; once a second (everysec); or when the system likes (no). Killing the process loses "+
			"nothing in any of them.").shown(),

	stringParam("binlog-path", "", func(v *Values) *string { return &v.BinlogPath }, fixed,
		"Directory of the binlog, to give it a disk of its own. Empty puts it inside dir.").alias("log-path"),

	bytesParam("binlog-file-size", 128<<20, 1<<20, 1<<40, func(v *Values) *Bytes { return &v.BinlogFileSize }, mutable,
		"Size at which a new binlog file is begun. Space is given back in whole files. Master and replicas may "+
			"differ."),

	bytesParam("binlog-retention-bytes", 1<<30, 0, maxInt64, func(v *Values) *Bytes { return &v.BinlogRetentionBytes }, mutable,
		"Binlog to keep for each database, so that a replica which was away can continue instead of copying "+
			"everything. What connected replicas still need is kept beyond it."),

	durationParam(KindSeconds, "binlog-retention-seconds", 0, 0, maxInt32, func(v *Values) *time.Duration { return &v.BinlogRetention }, mutable,
		"Remove binlog files older than this many seconds even if there is room for them. 0 is no age limit."),
}
