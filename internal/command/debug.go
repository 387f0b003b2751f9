package command

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// Debugger is what DEBUG reaches into.
type Debugger interface {
	SetActiveExpire(on bool)
	// StandStill keeps every connection from being served for a time, and returns after it.
	StandStill(d time.Duration)
	// ShiftClock lets keys expire by a clock that differs from the machine's.
	ShiftClock(ms int64)
	// DatabaseOpen says whether a database has been used since the start or holds
	// data.
	DatabaseOpen(i int) bool
	// RewriteWholeConfig writes every parameter into the configuration file.
	RewriteWholeConfig() error
	// Reload drops what is cached, so that all that follows is read from the store.
	Reload() error
}

var debugRows = []Row{
	{Name: "debug", Arity: -2, Flags: Admin | NoScript | Loading | Stale | Once | Worker | AnyKey | NoTouch, Handler: debug, Group: "server", Since: "1.0.0", Summary: "Groups the commands for debugging and testing the server.",
		Syntax: "subcommand [arg...]", Complexity: "Depends on the subcommand", SysCmd: true},
}

// debugCommands are the parts of DEBUG, with their number of arguments (negative:
// at least).
var debugCommands = []struct {
	name  string
	arity int
	run   func(*Ctx) error
}{
	{"config-rewrite-force-all", 2, debugRewrite},
	{"digest", 2, debugDigest},
	{"digest-value", -2, debugDigestValue},
	{"error", 3, func(c *Ctx) error { return resp.Err(c.Arg(2)) }},
	{"help", 2, debugHelp},
	{"loadaof", 2, debugReload},
	{"object", -3, debugObject},
	{"pause-cron", 3, func(c *Ctx) error { return c.ok() }},
	{"populate", -3, debugPopulate},
	{"protocol", 3, debugProtocol},
	{"quicklist-packed-threshold", 3, func(c *Ctx) error { return c.ok() }},
	{"reload", -2, debugReload},
	{"set-active-expire", 3, debugActiveExpire},
	{"set-disable-deny-scripts", 3, debugDenyScripts},
	{"shift-clock", 3, debugShiftClock},
	{"sleep", 3, debugSleep},
	{"stringmatch-len", 4, debugStringMatch},
}

func debug(c *Ctx) error {
	if c.T == nil {
		return resp.ErrLoading
	}
	for _, d := range debugCommands {
		if equalFold(c.Args[1], d.name) && (d.arity == len(c.Args) || d.arity < 0 && len(c.Args) >= -d.arity) {
			return d.run(c)
		}
	}
	return resp.Err("ERR unknown subcommand or wrong number of arguments for '" + c.Arg(1) + "'. Try DEBUG HELP.")
}

// debugSleep holds up this connection only: other clients are served meanwhile.
func debugSleep(c *Ctx) error {
	f, ok := numeric.ParseFloat(c.Args[2])
	if !ok || f < 0 || f > 1e6 {
		return resp.ErrNotFloat
	}
	c.Host.StandStill(time.Duration(f * float64(time.Second)))
	return c.ok()
}

func debugActiveExpire(c *Ctx) error {
	c.Host.SetActiveExpire(string(c.Args[2]) != "0")
	return c.ok()
}

func debugShiftClock(c *Ctx) error {
	ms, ok := numeric.ParseInt64(c.Args[2])
	if !ok || ms < -maxClockShiftMS || ms > maxClockShiftMS {
		return resp.ErrNotInt
	}
	c.Host.ShiftClock(ms)
	return c.ok()
}

// maxClockShiftMS is ten years.
const maxClockShiftMS = 10 * 365 * 24 * 3600 * 1000

func debugReload(c *Ctx) error {
	if err := c.Host.Reload(); err != nil {
		return err
	}
	return c.ok()
}

func debugRewrite(c *Ctx) error {
	if err := c.Host.RewriteWholeConfig(); err != nil {
		return resp.Err("ERR CONFIG-REWRITE-FORCE-ALL failed: " + err.Error())
	}
	return c.ok()
}

// populateMax bounds what DEBUG POPULATE makes, which is one commit.
const populateMax = 1 << 30

func debugPopulate(c *Ctx) error {
	if len(c.Args) > 5 {
		return resp.ErrSyntax
	}
	count, ok := numeric.ParseInt64(c.Args[2])
	if !ok || count < 0 {
		return resp.ErrNotInt
	}
	prefix, size := "key", int64(-1)
	if len(c.Args) > 3 {
		prefix = c.Arg(3)
	}
	if len(c.Args) > 4 {
		if size, ok = numeric.ParseInt64(c.Args[4]); !ok || size < 0 {
			return resp.ErrNotInt
		}
	}
	if count > populateMax/(int64(len(prefix))+max(size, 16)) {
		return resp.Err("ERR POPULATE makes all keys at once: that many are too large, call it several times with different prefixes")
	}
	for i := range count {
		k, err := datatype.Load(c.T, []byte(prefix+":"+strconv.FormatInt(i, 10)))
		if err != nil {
			return err
		}
		if k.Exists {
			continue
		}
		value := []byte("value:" + strconv.FormatInt(i, 10))
		if size >= 0 {
			value = append(value, make([]byte, max(0, int(size)-len(value)))...)[:size]
		}
		datatype.SetString(&k, value, 0)
		c.T.Event(datatype.ClassString, "set", k.Name)
	}
	return c.ok()
}

func debugStringMatch(c *Ctx) error {
	n, ok := numeric.ParseInt64(c.Args[2])
	if !ok || n < 0 || n > 1<<20 {
		return resp.ErrNotInt
	}
	return c.boolInt(glob.Match(c.Args[3], make([]byte, n)))
}

func debugObject(c *Ctx) error {
	k, err := datatype.Peek(c.T, c.Args[2])
	if err != nil {
		return err
	}
	if !k.Stored() { // a key past its time is shown until it is deleted, with nothing of what it held
		return resp.ErrNoSuchKey
	}
	c.W.Simple(fmt.Sprintf("Value at:0x0 refcount:1 encoding:%s serializedlength:%d lru:0 lru_seconds_idle:0 version:%d count:%d",
		c.encodingName(&k.Head), len(k.Head.Value), k.Head.Version, k.Head.Count))
	return nil
}

// digest is a checksum of data that does not depend on the order of keys,
// members and fields.
type digest [sha1.Size]byte

func (d *digest) xor(o digest) {
	for i := range d {
		d[i] ^= o[i]
	}
}

func digestOf(parts ...[]byte) digest {
	h := sha1.New()
	for _, p := range parts {
		h.Write(strconv.AppendInt(nil, int64(len(p)), 10))
		h.Write([]byte{':'})
		h.Write(p)
	}
	return digest(h.Sum(nil))
}

func (d *digest) String() string { return hex.EncodeToString(d[:]) }

// debugDigest sums all keys of all databases.
func debugDigest(c *Ctx) error {
	var sum digest
	for i := range c.Host.Databases() {
		if !c.Host.DatabaseOpen(i) {
			continue
		}
		t, err := c.Txns.Txn(i)
		if err != nil {
			return err
		}
		if err := digestDatabase(t, i, &sum); err != nil {
			return err
		}
	}
	c.W.Simple(sum.String())
	return nil
}

func digestDatabase(t datatype.Txn, i int, sum *digest) error {
	return datatype.EachKey(t, func(k *datatype.Key) error {
		if !k.Exists {
			return nil
		}
		d, err := keyDigest(t, k)
		if err == nil {
			sum.xor(digestOf([]byte(strconv.Itoa(i)), k.Name, d[:]))
		}
		return err
	})
}

func debugDigestValue(c *Ctx) error {
	c.W.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		k, err := datatype.Load(c.T, name)
		var d digest
		if err == nil && k.Exists {
			d, err = keyDigest(c.T, &k)
		}
		if err != nil {
			return err
		}
		c.W.Simple(d.String())
	}
	return nil
}

// keyDigest sums type, expiry and value of one key.
func keyDigest(t datatype.Txn, k *datatype.Key) (d digest, err error) {
	value, err := datatype.Digest(t, k, func(parts ...[]byte) [sha1.Size]byte { return digestOf(parts...) })
	if err != nil {
		return d, err
	}
	return digestOf([]byte(k.Head.Type.String()), strconv.AppendInt(nil, k.Head.ExpireMS, 10), value[:]), nil
}

func debugHelp(c *Ctx) error {
	return help(c, "DEBUG",
		"CONFIG-REWRITE-FORCE-ALL", "    Like CONFIG REWRITE, but write all parameters, also those with default values.",
		"DIGEST", "    Output a checksum of all keys of all databases, independent of order.",
		"DIGEST-VALUE <key> [<key> ...]", "    Output a checksum of each key's value.",
		"ERROR <string>", "    Return a protocol error with <string> as message.",
		"LOADAOF", "    The same as RELOAD.",
		"OBJECT <key>", "    Show low level information about <key> and its value.",
		"PAUSE-CRON <0|1>", "    Accepted without effect: nothing here waits for a cron.",
		"POPULATE <count> [<prefix>] [<size>]", "    Create <count> string keys named key:<num>, or <prefix>:<num>, where there are none. They hold value:<num>,", "    filled up with zeros or cut off to <size> bytes.",
		"PROTOCOL <type>", "    Reply with a test value of the specified type. <type> can be: string,", "    integer, double, null, array, set, map, attrib, push, verbatim, true, false, bignum.",
		"QUICKLIST-PACKED-THRESHOLD <bytes>", "    Accepted without effect: lists have no nodes.",
		"RELOAD", "    Write everything to the store, forget what is cached, and go on from there.",
		"SET-ACTIVE-EXPIRE <0|1>", "    Set to 0 to stop deleting keys past their time; they stay hidden.",
		"SET-DISABLE-DENY-SCRIPTS <0|1>", "    Set to 1 to let scripts call commands that they may not call otherwise.",
		"SHIFT-CLOCK <milliseconds>", "    Let expiry go by a clock that differs from the machine's by so much.",
		"SLEEP <seconds>", "    Hold up this connection for <seconds>. Decimals allowed.",
		"STRINGMATCH-LEN <len> <pattern>", "    Match a string of <len> zero bytes with <pattern>.")
}
