package config

import (
	"strings"
	"time"
)

var logRows = []Param{
	enumParam("loglevel", LogNotice, logLevelNames, func(v *Values) *LogLevel { return &v.LogLevel }, mutable,
		"Least severe messages to log: debug, verbose, notice, warning.").
		// Pika's and glog's spellings.
		spelled(map[string]string{"info": "notice", "error": "warning", "fatal": "warning"}).shown(),

	stringParam("logfile", "", func(v *Values) *string { return &v.LogFile }, mutable,
		"File to log to, which stays open: let logrotate copy and truncate it (copytruncate). Empty logs to standard error.").
		protected().shown(),

	enumParam("log-format", LogText, logFormatNames, func(v *Values) *LogFormat { return &v.LogFormat }, fixed,
		"Log lines as text for people or as JSON for machines."),
}

var measureRows = []Param{
	durationParam(KindMicros, "slowlog-log-slower-than", 10000, -1, maxInt64, func(v *Values) *time.Duration { return &v.SlowlogSlowerThan }, mutable,
		"SLOWLOG records commands that took longer than this many microseconds. 0 records all, -1 none."),

	intParam("slowlog-max-len", 128, 0, maxInt64, func(v *Values) *int64 { return &v.SlowlogMaxLen }, mutable,
		"Entries that SLOWLOG keeps."),

	durationParam(KindMillis, "latency-monitor-threshold", 0, 0, maxInt64, func(v *Values) *time.Duration { return &v.LatencyMonitorThreshold }, mutable,
		"LATENCY records events that took at least this many milliseconds. 0 is off."),

	boolParam("latency-tracking", true, func(v *Values) *bool { return &v.LatencyTracking }, mutable,
		"Keep a histogram of the time each command takes, for LATENCY HISTOGRAM and INFO latencystats."),

	listParam("latency-tracking-info-percentiles", "50 99 99.9", mutable,
		"Percentiles that INFO latencystats shows.", codec{
			set: func(v *Values, args []string, _ origin) (err error) {
				v.LatencyPercentiles, err = parsePercentiles(args)
				return err
			},
			get: func(v *Values) string { return formatPercentiles(v.LatencyPercentiles) },
			file: func(v *Values) [][]string {
				return [][]string{orEmpty(strings.Fields(formatPercentiles(v.LatencyPercentiles)))}
			},
		}).takes("numbers from 0 to 100"),

	durationParam(KindMillis, "busy-reply-threshold", 5000, 0, maxInt64, func(v *Values) *time.Duration { return &v.BusyReplyThreshold }, mutable,
		"After a script has run for this many milliseconds, other clients are told that the server is busy "+
			"and SCRIPT KILL works.").alias("lua-time-limit"),

	bytesParam("lua-memory-limit", 256<<20, 1<<20, maxInt64, func(v *Values) *Bytes { return &v.LuaMemoryLimit }, mutable,
		"Memory that one script may hold in its variables. A script that needs more is ended with an error, and what it "+
			"changed before stays."),

	stringParam("metrics-bind", "127.0.0.1", func(v *Values) *string { return &v.MetricsBind }, fixed,
		"Address of the metrics page for Prometheus."),

	intParam("metrics-port", 0, 0, 65535, func(v *Values) *int64 { return &v.MetricsPort }, fixed,
		"Port of the metrics page. 0 is off.").example("metrics-port 9121"),
}
