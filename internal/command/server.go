package command

import (
	"errors"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/metric"
	"github.com/haypile/haypile/internal/resp"
)

// Operator is what the instance offers to operators' commands.
type Operator interface {
	Config() *config.Config
	// Info renders sections as INFO does; none means the default ones.
	Info(sections []string) string
	ResetStats()
	// CountLazyFreed counts keys for INFO lazyfreed_objects.
	CountLazyFreed(n int64)
	Slowlog() *metric.Slowlog
	Latency() *metric.Latency
	// Backup writes a checkpoint of every database to a new directory; StartBackup does so in the background. One is written
	// at a time: another is refused.
	Backup() error
	StartBackup() error
	// DeleteBackups deletes what Backup has written, all of it.
	DeleteBackups() error
	// Compact begins to compact keys of databases, in the background.
	Compact(dbs []int, within datatype.KeyRange) error
	LastSave() time.Time
	// Shutdown stops the server after the reply was sent.
	Shutdown(o ShutdownOptions) error
	AbortShutdown() bool
	Table() *Table
	// Memory lists where memory goes, by part; the first is the total.
	Memory() []MemoryPart
	MemoryDoctor() string
	MallocStats() string
	PurgeMemory()
}

// ShutdownOptions are SHUTDOWN's.
type ShutdownOptions struct{ Save, NoSave, Now, Force bool }

var serverRows = []Row{
	{Name: "bgrewriteaof", Arity: 1, Flags: Admin | NoScript, Handler: bgrewriteaof, Group: "server", Since: "1.0.0", Summary: "Starts rewriting the append-only file in compact form, in the background.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "bgsave", Arity: -1, Flags: Admin | NoScript | Once | Worker, Handler: bgsave, Group: "server", Since: "1.0.0", Summary: "Starts saving a snapshot in the background and answers at once.",
		Syntax: "[mode: SCHEDULE@3.2.2 | dbs]", Complexity: "O(1) for the client; the copy made in the background is O(N) for N bytes of data"},
	{Name: "config", Arity: -2, Group: "server", Since: "2.0.0", Summary: "Groups the commands about the server's configuration.", Sub: []Row{
		{Name: "get", Arity: -3, Flags: Admin | NoScript | Loading | Stale, Handler: configGet, Since: "2.0.0", Summary: "Shows the current values of the parameters that match the given patterns.",
			Syntax: "parameter...", Complexity: "O(N*M) for N patterns and M parameters"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: configHelp, Since: "5.0.0", Summary: "Lists the subcommands of CONFIG with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "resetstat", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Handler: configResetStat, Since: "2.0.0", Summary: "Sets the counters that INFO reports back to zero.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "rewrite", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Handler: configRewrite, Since: "2.8.0", Summary: "Writes the settings now in force back to the configuration file.",
			Syntax: "()", Complexity: "O(N) for N lines of the file"},
		{Name: "set", Arity: -4, Flags: Admin | NoScript | Loading | Stale | Once, Handler: configSet, Tips: "request_policy:all_nodes response_policy:all_succeeded", Since: "2.0.0", Summary: "Changes parameters of the running server, without a restart.",
			Syntax: "(parameter value)...", Complexity: "O(N) for N parameters given"},
	}},
	{Name: "info", Arity: -1, Flags: Loading | Stale, Handler: info, Group: "server", Cats: "dangerous", Tips: "nondeterministic_output request_policy:all_shards response_policy:special", Since: "1.0.0", Summary: "Reports the state and the counters of the server, section by section.",
		Syntax: "[section...]", Complexity: "O(N) for N databases, connections and commands, by section"},
	{Name: "lastsave", Arity: 1, Flags: Loading | Stale | Fast, Handler: lastSave, Group: "server", Cats: "admin dangerous", Tips: "nondeterministic_output", Since: "1.0.0", Summary: "Tells at which Unix time the latest successful save was made.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "save", Arity: 1, Flags: Admin | NoScript | NoMulti | Once | Worker, Handler: save, Group: "server", Since: "1.0.0", Summary: "Saves a snapshot and answers only when it is complete.",
		Syntax: "()", Complexity: "O(N) for N bytes of data"},
	{Name: "shutdown", Arity: -1, Flags: Admin | NoScript | Loading | Stale | NoMulti | AllowBusy | Once, Handler: shutdown, Group: "server", Since: "1.0.0", Summary: "Stops the server, saving its data first unless told otherwise.",
		Syntax: "[save-selector: NOSAVE | SAVE] [NOW]@7.0.0 [FORCE]@7.0.0 [ABORT]@7.0.0", Complexity: "O(N) for N bytes not yet written"},
	{Name: "slowlog", Arity: -2, Group: "server", Since: "2.2.12", Summary: "Groups the commands about the log of slow commands.", Sub: []Row{
		{Name: "get", Arity: -2, Flags: Admin | Loading | Stale, Handler: slowlogGet, Tips: "request_policy:all_nodes nondeterministic_output", Since: "2.2.12", Summary: "Shows the latest slow commands with their arguments and durations.",
			Syntax: "[count]", Complexity: "O(N) for N entries returned"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: slowlogHelp, Since: "6.2.0", Summary: "Lists the subcommands of SLOWLOG with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "len", Arity: 2, Flags: Admin | Loading | Stale, Handler: slowlogLen, Tips: "request_policy:all_nodes response_policy:agg_sum nondeterministic_output", Since: "2.2.12", Summary: "Counts the slow commands now in the log.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "reset", Arity: 2, Flags: Admin | Loading | Stale, Handler: slowlogReset, Tips: "request_policy:all_nodes response_policy:all_succeeded", Since: "2.2.12", Summary: "Empties the log of slow commands.",
			Syntax: "()", Complexity: "O(N) for N entries"},
	}},
}

func words(c *Ctx, from int) []string {
	out := make([]string, 0, len(c.Args)-from)
	for _, a := range c.Args[from:] {
		out = append(out, string(a))
	}
	return out
}

func info(c *Ctx) error {
	c.W.Verbatim("txt", c.Host.Info(words(c, 1)))
	return nil
}

func configGet(c *Ctx) error {
	pairs := c.Host.Config().Get(words(c, 2)...)
	c.W.Map(len(pairs))
	for _, p := range pairs {
		c.W.BulkString(p.Name)
		c.W.BulkString(p.Value)
	}
	return nil
}

func configSet(c *Ctx) error {
	if len(c.Args)%2 != 0 {
		return resp.ErrSyntax
	}
	var pairs [][2]string
	for i := 2; i < len(c.Args); i += 2 {
		pairs = append(pairs, [2]string{c.Arg(i), c.Arg(i + 1)})
	}
	cfg := c.Host.Config()
	set := cfg.Set
	if c.C.Local {
		set = cfg.SetLocal
	}
	if err := set(pairs); err != nil {
		return resp.Err("ERR " + err.Error())
	}
	return c.ok()
}

func configRewrite(c *Ctx) error {
	if err := c.Host.RewriteConfig(); err != nil {
		return resp.Err("ERR " + err.Error())
	}
	return c.ok()
}

func configResetStat(c *Ctx) error {
	c.Host.ResetStats()
	return c.ok()
}

func configHelp(c *Ctx) error {
	return help(c, "CONFIG",
		"GET <pattern>", "    Return parameters matching the glob-like <pattern> and their values.",
		"SET <directive> <value>", "    Set the configuration <directive> to <value>.",
		"RESETSTAT", "    Reset statistics reported by the INFO command.",
		"REWRITE", "    Rewrite the configuration file.")
}

// help replies with the lines of a container's HELP, framed as Redis frames them.
func help(c *Ctx, name string, lines ...string) error {
	all := append([]string{name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}, lines...)
	all = append(all, "HELP", "    Prints this help.")
	c.W.Array(len(all))
	for _, l := range all {
		c.W.Simple(l)
	}
	return nil
}

func lastSave(c *Ctx) error { return c.int(c.Host.LastSave().Unix()) }

func save(c *Ctx) error {
	if err := c.Host.Backup(); err != nil {
		return backupError(err)
	}
	return c.ok()
}

func backupError(err error) error {
	var e resp.Err
	if errors.As(err, &e) {
		return e
	}
	return resp.Err("ERR " + err.Error())
}

// bgrewriteaof has nothing to do: the log is shortened all the time, see binlog-retention.
func bgrewriteaof(c *Ctx) error {
	c.W.Simple("Background append only file rewriting started")
	return nil
}

func bgsave(c *Ctx) error {
	schedule := len(c.Args) == 2 && equalFold(c.Args[1], "schedule")
	if len(c.Args) > 1 && !schedule && !strings.HasPrefix(strings.ToLower(c.Arg(1)), "db") {
		return resp.ErrSyntax
	}
	if err := c.Host.StartBackup(); err != nil {
		return backupError(err)
	}
	c.W.Simple("Background saving started")
	return nil
}

func shutdown(c *Ctx) error {
	var o ShutdownOptions
	abort := false
	for _, a := range c.Args[1:] {
		switch {
		case equalFold(a, "save"):
			o.Save = true
		case equalFold(a, "nosave"):
			o.NoSave = true
		case equalFold(a, "now"):
			o.Now = true
		case equalFold(a, "force"):
			o.Force = true
		case equalFold(a, "abort"):
			abort = true
		default:
			return resp.ErrSyntax
		}
	}
	if abort && len(c.Args) > 2 || o.Save && o.NoSave {
		return resp.ErrSyntax
	}
	if abort {
		if !c.Host.AbortShutdown() {
			return resp.Err("ERR No shutdown in progress.")
		}
		return c.ok()
	}
	if err := c.Host.Scripts().Busy(); err != nil && !o.NoSave {
		return err
	}
	if err := c.Host.Shutdown(o); err != nil {
		return resp.Err("ERR Errors trying to SHUTDOWN. Check logs.")
	}
	c.C.CloseAfter = true
	return nil
}

func slowlogGet(c *Ctx) error {
	n := int64(10)
	if len(c.Args) > 3 {
		return unknownSubcommand(c)
	}
	if len(c.Args) == 3 {
		var ok bool
		if n, ok = numeric.ParseInt64(c.Args[2]); !ok || n < -1 {
			return resp.Err("ERR count should be greater than or equal to -1")
		}
	}
	entries := c.Host.Slowlog().Last(int(n))
	c.W.Array(len(entries))
	for _, e := range entries {
		c.W.Array(6)
		c.W.Int(e.ID)
		c.W.Int(e.UnixTime)
		c.W.Int(e.Duration.Microseconds())
		c.W.Array(len(e.Args))
		for _, a := range e.Args {
			c.W.BulkString(a)
		}
		c.W.BulkString(e.ClientAddr)
		c.W.BulkString(e.ClientName)
	}
	return nil
}

func slowlogLen(c *Ctx) error { return c.int(int64(c.Host.Slowlog().Len())) }

func slowlogReset(c *Ctx) error {
	c.Host.Slowlog().Reset()
	return c.ok()
}

func slowlogHelp(c *Ctx) error {
	return help(c, "SLOWLOG",
		"GET [<count>]", "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
		"    Entries are made of:", "    id, timestamp, time in microseconds, arguments array, client IP and port,", "    client name",
		"LEN", "    Return the length of the slowlog.",
		"RESET", "    Reset the slowlog.")
}
