package config

import (
	"strings"
	"time"
)

var replicationRows = []Param{
	listParam("replicaof", "", fixed,
		"Host and port of the master to follow. The command REPLICAOF changes it while running.", codec{
			set:  setReplicaOf,
			get:  func(v *Values) string { return strings.Join(v.ReplicaOf.words(), " ") },
			file: func(v *Values) [][]string { return [][]string{orEmpty(v.ReplicaOf.words())} },
		}).alias("slaveof").takes("host and port, such as 10.0.0.1 9221").example("replicaof 10.0.0.1 9221"),

	stringParam("masteruser", "", func(v *Values) *string { return &v.MasterUser }, mutable,
		"ACL user to authenticate as at the master. Empty for the default user."),

	stringParam("masterauth", "", func(v *Values) *string { return &v.MasterAuth }, mutable,
		"Password to authenticate with at the master.").secret().example("masterauth the-password-of-the-master"),

	intParam("replica-priority", 100, 0, maxInt32, func(v *Values) *int64 { return &v.ReplicaPriority }, mutable,
		"Sentinel promotes the replica with the lowest priority. 0 is never promoted.").alias("slave-priority"),

	boolParam("replica-read-only", true, func(v *Values) *bool { return &v.ReplicaReadOnly }, mutable,
		"Refuse writes of clients while this server is a replica.").alias("slave-read-only"),

	boolParam("replica-serve-stale-data", true, func(v *Values) *bool { return &v.ReplicaServeStaleData }, mutable,
		"Whether a replica that has lost its master answers reads with what it has, or with an error.").alias("slave-serve-stale-data"),

	stringParam("bind-source-addr", "", func(v *Values) *string { return &v.BindSourceAddr }, mutable,
		"Address of this machine that connections to the master come from. Empty leaves it to the system.").
		check(checkSourceAddr).example("bind-source-addr 10.0.0.5"),

	stringParam("replica-announce-ip", "", func(v *Values) *string { return &v.ReplicaAnnounceIP }, mutable,
		"Address under which this server is to be reached, when it is not the one its connections come from (NAT, "+
			"containers). Empty leaves it to the connection.").alias("slave-announce-ip"),

	intParam("replica-announce-port", 0, 0, 65535, func(v *Values) *int64 { return &v.ReplicaAnnouncePort }, mutable,
		"Port under which this server is to be reached. 0 is the port it listens on.").alias("slave-announce-port"),

	boolParam("replica-announced", true, func(v *Values) *bool { return &v.ReplicaAnnounced }, mutable,
		"Whether Sentinel lists this replica."),

	durationParam(KindSeconds, "repl-ping-replica-period", 10, 1, maxInt32, func(v *Values) *time.Duration { return &v.ReplPingReplicaPeriod }, mutable,
		"Seconds between pings to replicas.").alias("repl-ping-slave-period"),

	durationParam(KindSeconds, "repl-timeout", 60, 1, maxInt32, func(v *Values) *time.Duration { return &v.ReplTimeout }, mutable,
		"A link between master and replica that is silent for this many seconds is dropped and made anew. Pings are sent at least "+
			"three times in that time."),

	intParam("min-replicas-to-write", 0, 0, maxInt32, func(v *Values) *int64 { return &v.MinReplicasToWrite }, mutable,
		"Refuse writes while fewer replicas than this are connected and up to date. 0 always accepts.").alias("min-slaves-to-write"),

	durationParam(KindSeconds, "min-replicas-max-lag", 10, 0, maxInt32, func(v *Values) *time.Duration { return &v.MinReplicasMaxLag }, mutable,
		"A replica that has been silent for longer than this many seconds does not count for "+
			"min-replicas-to-write.").alias("min-slaves-max-lag"),

	bytesParam("throttle-bytes-per-second", 0, 0, maxInt64, func(v *Values) *Bytes { return &v.ThrottleBytesPerSec }, mutable,
		"Most bytes a second that full copies to replicas may use together. 0 is no limit."),

	intParam("max-concurrent-full-syncs", 2, 1, 1024, func(v *Values) *int64 { return &v.MaxConcurrentFullSyncs }, mutable,
		"Replicas that may receive a full copy at the same time; the others wait in a queue and are told their place."),

	bytesParam("full-sync-bytes-per-replica", 0, 0, maxInt64, func(v *Values) *Bytes { return &v.FullSyncPerReplica }, mutable,
		"Most bytes a second for each connection of a full copy. 0 is no limit."),

	enumParam("full-sync-rate", FullSyncAuto, fullSyncRateNames, func(v *Values) *FullSyncRate { return &v.FullSyncRate }, mutable,
		"auto lowers the rate of full copies while the link's round trip is much longer than without them, so that clients and the log "+
			"stream that share the link do not wait behind the copy. unlimited sends as fast as the limits above allow."),

	durationParam(KindMillis, "full-sync-stall-timeout", 60000, 1000, maxInt32, func(v *Values) *time.Duration { return &v.FullSyncStallTimeout }, mutable,
		"Milliseconds without a byte of progress after which a connection of a full copy is given up and made anew; the copy goes on from where it was. "+
			"A slow link is never a reason.").alias("rsync-timeout-ms"),

	durationParam(KindSeconds, "full-sync-lease", 600, 1, maxInt32, func(v *Values) *time.Duration { return &v.FullSyncLease }, mutable,
		"Seconds that a snapshot, and the log behind it, is kept for a replica whose copy was interrupted."),

	intParam("max-rsync-parallel-num", 2, 1, 16, func(v *Values) *int64 { return &v.FullSyncParallel }, mutable,
		"Connections over which this server receives one full copy."),

	intParam("repl-max-retries", 0, 0, maxInt32, func(v *Values) *int64 { return &v.ReplMaxRetries }, mutable,
		"Failed attempts in a row after which a replica raises an alarm in the log and goes on trying once a minute only. 0 goes on at the usual pace."),

	bytesParam("repl-max-pinned-bytes", 64<<30, 0, maxInt64, func(v *Values) *Bytes { return &v.ReplMaxPinnedBytes }, mutable,
		"Most binlog that is kept beyond the retention for a replica that is slow. A replica that is further behind is dropped, and copies everything "+
			"when it comes back. 0 is no bound."),

	enumParam("replication-transport", TransportAuto, transportNames, func(v *Values) *Transport { return &v.ReplicationTransport }, mutable,
		"Ports of the master that a replica uses: dedicated uses repl-log-port and full-sync-port only, single the client port only, auto the "+
			"dedicated ports and, where one cannot be reached, the client port."),

	intParam("repl-log-port", 0, -1, 65535, func(v *Values) *int64 { return &v.ReplLogPort }, fixed,
		"Port of the log stream to replicas. 0 is port + 2000; -1 opens none. The same service answers on the client port."),

	intParam("full-sync-port", 0, -1, 65535, func(v *Values) *int64 { return &v.FullSyncPort }, fixed,
		"Port of full copies to replicas. 0 is port + 10001; -1 opens none. The same service answers on the client port."),

	intParam("replica-announce-log-port", 0, 0, 65535, func(v *Values) *int64 { return &v.AnnounceLogPort }, mutable,
		"Port under which replicas reach repl-log-port, if it is mapped to another. 0 is the same."),

	intParam("replica-announce-full-sync-port", 0, 0, 65535, func(v *Values) *int64 { return &v.AnnounceFullSyncPort }, mutable,
		"Port under which replicas reach full-sync-port, if it is mapped to another. 0 is the same."),

	intParam("master-log-port", 0, 0, 65535, func(v *Values) *int64 { return &v.MasterLogPort }, mutable,
		"Port of the master's log stream, where it is not the master's port + 2000. 0 is that."),

	intParam("master-full-sync-port", 0, 0, 65535, func(v *Values) *int64 { return &v.MasterFullSyncPort }, mutable,
		"Port of the master's full copies, where the master does not announce it. 0 is the master's port + 10001."),
}
