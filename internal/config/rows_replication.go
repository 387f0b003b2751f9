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
		"A link between master and replica that is silent for this many seconds is dropped and made anew. It must be longer than "+
			"repl-ping-replica-period."),

	intParam("min-replicas-to-write", 0, 0, maxInt32, func(v *Values) *int64 { return &v.MinReplicasToWrite }, mutable,
		"Refuse writes while fewer replicas than this are connected and up to date. 0 always accepts.").alias("min-slaves-to-write"),

	durationParam(KindSeconds, "min-replicas-max-lag", 10, 0, maxInt32, func(v *Values) *time.Duration { return &v.MinReplicasMaxLag }, mutable,
		"A replica that has been silent for longer than this many seconds does not count for "+
			"min-replicas-to-write.").alias("min-slaves-max-lag"),

	bytesParam("throttle-bytes-per-second", 0, 0, maxInt64, func(v *Values) *Bytes { return &v.ThrottleBytesPerSec }, mutable,
		"Most bytes a second that full copies to replicas may use together. 0 is no limit."),
}
