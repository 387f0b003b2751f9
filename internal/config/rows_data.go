package config

var dataRows = []Param{
	intParam("hash-max-listpack-entries", 128, 0, maxInt64, func(v *Values) *int64 { return &v.HashMaxListpackEntries }, mutable,
		"A hash with at most this many fields is kept as one record, which is fast to read and to delete.").
		alias("hash-max-ziplist-entries"),

	bytesParam("hash-max-listpack-value", 64, 0, maxInt64, func(v *Values) *Bytes { return &v.HashMaxListpackValue }, mutable,
		"Longest field or value, in bytes, of a hash that is kept as one record.").alias("hash-max-ziplist-value"),

	intParam("list-max-listpack-size", -2, -1<<31, maxInt32, func(v *Values) *int64 { return &v.ListMaxListpackSize }, mutable,
		"Largest list kept as one record: a number of elements, or -1 to -5 for 4, 8, 16, 32 or 64 kb.").
		alias("list-max-ziplist-size"),

	intParam("set-max-intset-entries", 512, 0, maxInt64, func(v *Values) *int64 { return &v.SetMaxIntsetEntries }, mutable,
		"A set of at most this many integers is kept as one record."),

	intParam("set-max-listpack-entries", 128, 0, maxInt64, func(v *Values) *int64 { return &v.SetMaxListpackEntries }, mutable,
		"A set of at most this many members is kept as one record."),

	bytesParam("set-max-listpack-value", 64, 0, maxInt64, func(v *Values) *Bytes { return &v.SetMaxListpackValue }, mutable,
		"Longest member, in bytes, of a set that is kept as one record."),

	intParam("zset-max-listpack-entries", 128, 0, maxInt64, func(v *Values) *int64 { return &v.ZsetMaxListpackEntries }, mutable,
		"A sorted set of at most this many members is kept as one record.").alias("zset-max-ziplist-entries"),

	bytesParam("zset-max-listpack-value", 64, 0, maxInt64, func(v *Values) *Bytes { return &v.ZsetMaxListpackValue }, mutable,
		"Longest member, in bytes, of a sorted set that is kept as one record.").alias("zset-max-ziplist-value"),

	enumParam("object-encoding-compat", Encodings72, encodingNames, func(v *Values) *EncodingNames { return &v.ObjectEncodingCompat }, mutable,
		"The Redis version whose names OBJECT ENCODING replies: 7.0 calls every list quicklist, and every set that is not "+
			"all integers hashtable. How values are kept does not change."),

	bytesParam("hll-sparse-max-bytes", 3000, 0, maxInt64, func(v *Values) *Bytes { return &v.HLLSparseMaxBytes }, mutable,
		"A HyperLogLog longer than this changes to the dense form of 12 kb."),

	bytesParam("stream-node-max-bytes", 4096, 0, maxInt64, func(v *Values) *Bytes { return &v.StreamNodeMaxBytes }, mutable,
		"Approximate trimming of a stream (MAXLEN ~, MINID ~) removes whole nodes of entries only: this is how large one gets. "+
			"0 is no limit. Entries are kept one by one all the same."),

	intParam("stream-node-max-entries", 100, 0, maxInt64, func(v *Values) *int64 { return &v.StreamNodeMaxEntries }, mutable,
		"How many entries a node of a stream gets, for approximate trimming. 0 is no limit."),

	intParam("active-expire-effort", 1, 1, 10, func(v *Values) *int64 { return &v.ActiveExpireEffort }, mutable,
		"How hard to work on removing expired keys, from 1 to 10. More frees space sooner and costs more."),

	listParam("notify-keyspace-events", "", mutable,
		"Changes of keys to publish as messages. K and E choose the channel (by key, by event); g $ l s h z x e t d n m "+
			"choose the events, A stands for g$lshzxetd. Empty publishes none.", codec{
			set: func(v *Values, args []string, _ origin) (err error) {
				v.NotifyKeyspaceEvents, err = parseEventClass(args[0])
				return err
			},
			get: func(v *Values) string { return v.NotifyKeyspaceEvents.String() },
		}).oneWord().takes("letters of KEg$lshzxetdnmA").example("notify-keyspace-events Ex"),

	intParam("tracking-table-max-keys", 1000000, 0, maxInt64, func(v *Values) *int64 { return &v.TrackingTableMaxKeys }, mutable,
		"Keys that the server remembers for client-side caching (CLIENT TRACKING). 0 is no limit."),
}
