package config

import (
	"strings"
	"time"
)

var networkRows = []Param{
	intParam("port", 9221, 0, 65535, func(v *Values) *int64 { return &v.Port }, mutable,
		"TCP port for clients. 0 closes it, for instance when only TLS is wanted.").shown(),

	wordsParam("bind", []string{"*", "-::*"}, func(v *Values) *[]string { return &v.Bind }, mutable,
		"Addresses to listen on, IPv4 or IPv6, separated by blanks. A leading - means that "+
			"it is no error if the address does not exist on this machine; * and ::* stand for all "+
			"addresses of IPv4 and IPv6.").shown(),

	boolParam("protected-mode", true, func(v *Values) *bool { return &v.ProtectedMode }, mutable,
		"With yes, a server whose default user has no password accepts only connections from its own machine. "+
			"Set a password rather than switch this off.").shown(),

	stringParam("unixsocket", "", func(v *Values) *string { return &v.UnixSocket }, fixed,
		"Path of a Unix socket to listen on as well. Empty for none.").example("unixsocket /run/haypile/haypile.sock"),

	octalParam("unixsocketperm", 0, 0, 0o777, func(v *Values) *int64 { return &v.UnixSocketPerm }, fixed,
		"Permissions of the Unix socket, in octal. 0 leaves them to the umask.").example("unixsocketperm 700"),

	intParam("tcp-backlog", 511, 0, maxInt32, func(v *Values) *int64 { return &v.TCPBacklog }, fixed,
		"How many connections may wait to be accepted. The system's net.core.somaxconn caps it."),

	durationParam(KindSeconds, "timeout", 0, 0, maxInt32, func(v *Values) *time.Duration { return &v.Timeout }, mutable,
		"Close a client that has been idle for this many seconds. 0 never closes."),

	durationParam(KindSeconds, "tcp-keepalive", 300, 0, maxInt32, func(v *Values) *time.Duration { return &v.TCPKeepalive }, mutable,
		"Seconds between probes on silent connections, so that dead peers are noticed and firewalls keep the "+
			"connection open. 0 sends none."),

	intParam("maxclients", 10000, 1, 1<<32-1, func(v *Values) *int64 { return &v.MaxClients }, mutable,
		"Most clients at one time, replicas included. Each needs a file descriptor: the server "+
			"raises the limit of open files as far as it may, and lowers maxclients to what that leaves."),

	bytesParam("proto-max-bulk-len", 512<<20, 1<<20, maxInt64, func(v *Values) *Bytes { return &v.ProtoMaxBulkLen }, mutable,
		"Largest single argument of a command."),

	bytesParam("client-query-buffer-limit", 1<<30, 1<<20, maxInt64, func(v *Values) *Bytes { return &v.QueryBufferLimit }, mutable,
		"Largest unfinished request of one client. A client that sends more is closed.").alias("max-conn-rbuf-size"),

	listParam("client-output-buffer-limit", defaultOutputLimits.text(), mutable,
		"Replies that may wait for one client, per class (normal, replica, pubsub): hard limit, soft limit, "+
			"seconds. A client is closed when it reaches the hard limit, or stays above the soft one for "+
			"that time. 0 is no limit.", codec{
			set: func(v *Values, args []string, _ origin) (err error) {
				v.OutputBufferLimits, err = parseOutputLimits(v.OutputBufferLimits, args)
				return err
			},
			get:  func(v *Values) string { return v.OutputBufferLimits.text() },
			file: func(v *Values) [][]string { return v.OutputBufferLimits.fileLines() },
		}).multiLine().takes("class, hard limit, soft limit and seconds for each class, such as pubsub 32mb 8mb 60"),

	bytesOrPercentParam("maxmemory-clients", "0", func(v *Values) *BytesOrPercent { return &v.MaxMemoryClients }, mutable,
		"Memory that all client connections together may use for requests and replies, as a size or as a share of "+
			"the machine's memory. Beyond it the largest clients are closed. 0 is no limit."),
}

var processRows = []Param{
	intParam("databases", 16, 1, 65536, func(v *Values) *int64 { return &v.Databases }, fixed,
		"Number of databases for SELECT. Each has files of its own, made when it is first used."),

	intParam("event-loops", 0, 0, 1024, func(v *Values) *int64 { return &v.EventLoops }, fixed,
		"Threads that read requests and write replies. 0 chooses by the number of cores."),

	intParam("worker-threads", 0, 0, 65536, func(v *Values) *int64 { return &v.WorkerThreads }, fixed,
		"Commands that may wait for the disk or run for long at one time. 0 chooses by the number of cores."),

	boolParam("daemonize", false, func(v *Values) *bool { return &v.Daemonize }, fixed,
		"Only no is accepted. Run the server under systemd or a container, which keep it in the background, restart "+
			"it and collect its log.").check(refuseDaemonize),

	stringParam("pidfile", "", func(v *Values) *string { return &v.PidFile }, fixed,
		"File to write the process number to. Empty for none.").example("pidfile /run/haypile/haypile.pid"),
}

var accessRows = []Param{
	stringParam("requirepass", "", func(v *Values) *string { return &v.RequirePass }, mutable,
		"Password of the default user. Empty asks for none. ACL users give finer control.").secret().
		example("requirepass a-long-random-password"),

	stringParam("aclfile", "", func(v *Values) *string { return &v.ACLFile }, fixed,
		"File with the ACL users, for ACL LOAD and ACL SAVE. Empty keeps them in this file, as user lines.").
		example("aclfile /etc/haypile/users.acl"),

	enumParam("acl-pubsub-default", ACLResetChannels, aclPubSubNames, func(v *Values) *ACLPubSub { return &v.ACLPubSubDefault }, mutable,
		"Whether a new ACL user may use all channels or none."),

	intParam("acllog-max-len", 128, 0, maxInt64, func(v *Values) *int64 { return &v.ACLLogMaxLen }, mutable,
		"Entries that ACL LOG keeps."),

	stringParam("userpass", "", func(v *Values) *string { return &v.UserPass }, fixed,
		"Pika's second password: it makes an ACL user limit that may do everything but what userblacklist names, and that AUTH "+
			"with a password alone can log in as. A user line of that name, or an ACL file, replaces it.").secret(),

	listParam("userblacklist", "", fixed, "Commands, with commas between them, that the user of userpass may not use.", codec{
		set:  func(v *Values, args []string, _ origin) error { v.UserBlacklist = strings.Join(args, " "); return nil },
		get:  func(v *Values) string { return v.UserBlacklist },
		file: func(v *Values) [][]string { return [][]string{orEmpty(strings.Fields(v.UserBlacklist))} },
	}).takes("commands with commas between them").example("userblacklist FLUSHALL,CONFIG"),

	listParam("user", "", fixed, "An ACL user: its name, then rules as for ACL SETUSER.", codec{
		set:  addUser,
		get:  func(v *Values) string { return joinLines(v.Users) },
		file: func(v *Values) [][]string { return v.Users },
	}).fileOnly().secret().takes("a name and ACL rules").example("user reporting on >secret ~report:* +@read"),

	listParam("rename-command", "", fixed,
		"Gives a command another name, or takes it away if the new name is \"\". ACL rules do this better.", codec{
			set:  addRename,
			get:  func(v *Values) string { return joinLines(renameLines(v)) },
			file: renameLines,
		}).fileOnly().takes(`a command and its new name, or ""`).example(`rename-command FLUSHALL ""`),

	enumParam("enable-debug-command", GuardNo, guardNames, func(v *Values) *Guard { return &v.EnableDebugCommand }, fixed,
		"Who may use DEBUG: nobody, everybody, or clients on this machine (local)."),

	enumParam("enable-protected-configs", GuardNo, guardNames, func(v *Values) *Guard { return &v.EnableProtectedConfigs }, fixed,
		"Who may CONFIG SET the parameters that name files to write: nobody, everybody, or clients on this "+
			"machine (local)."),
}
