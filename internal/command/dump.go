package command

import (
	"errors"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/rdb"
	"github.com/haypile/haypile/internal/resp"
)

var dumpRows = []Row{
	{Name: "dump", Arity: 2, Flags: ReadOnly, Keys: OneKey, Handler: dump, Group: "generic", Tips: "nondeterministic_output", Since: "2.6.0", Summary: "Serializes a value into a form that RESTORE accepts.",
		Syntax: "key", Complexity: "O(N) for N bytes of the value"},
	{Name: "migrate", Arity: -6, Flags: Write | Frees | MovableKeys | Worker | Once, Keys: KeySpec{3, 3, 1}, GetKeys: migrateKeys, Handler: migrate, Group: "generic", Cats: "dangerous", Tips: "nondeterministic_output", Since: "2.6.0", Summary: "Moves keys to another server, or copies them with COPY.",
		Syntax: `host port (key-selector: key | (empty-string: "")) destination-db:integer timeout:integer [COPY]@3.0.0 [REPLACE]@3.0.0 [authentication: [auth: AUTH password]@4.0.7 | [AUTH2 (username password)]@6.0.0] [keys: KEYS key...]@3.0.6`, Complexity: "O(N) for N bytes moved, as DUMP and DEL here and RESTORE there"},
	{Name: "restore", Arity: -4, Flags: Write | DenyOOM, Keys: OneKey, Handler: restore, Group: "generic", Cats: "dangerous", Since: "2.6.0", Summary: "Rebuilds a key from what DUMP returned and sets its time to live.",
		Syntax: "key ttl:integer serialized-value [REPLACE]@3.0.0 [ABSTTL]@5.0.0 [IDLETIME seconds]@5.0.0 [FREQ frequency:integer]@5.0.0", Complexity: "O(N) for N bytes of the value"},
}

const (
	errBusyKey    resp.Err = "BUSYKEY Target key name already exists."
	errBadDump    resp.Err = "ERR DUMP payload version or checksum are wrong"
	errDumpFormat resp.Err = "ERR Bad data format"
	errNegTTL     resp.Err = "ERR Invalid TTL value, must be >= 0"
	errIdleTime   resp.Err = "ERR Invalid IDLETIME value, must be >= 0"
	errFreq       resp.Err = "ERR Invalid FREQ value, must be >= 0 and <= 255"
)

func dump(c *Ctx) error {
	k, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.null()
	}
	payload, err := dumpPayload(&k)
	switch {
	case err != nil:
		return err
	case payload == nil:
		return c.null()
	}
	return c.bulk(payload)
}

// dumpPayload is what DUMP replies of a key that exists; nil of a hash whose fields are all past their time.
func dumpPayload(k *datatype.Key) ([]byte, error) {
	payload, err := datatype.AppendDump(nil, k)
	if err != nil || len(payload) == 0 {
		return nil, err
	}
	return rdb.AppendFooter(payload), nil
}

// restoreOptions are those of RESTORE. IDLETIME and FREQ are checked; how often and how long ago a key was used elsewhere is not kept.
type restoreOptions struct{ replace, absolute bool }

func parseRestore(args [][]byte) (o restoreOptions, err error) {
	idle, freq := false, false
	for i := 4; i < len(args); i++ {
		more := len(args) - 1 - i
		switch arg := args[i]; {
		case equalFold(arg, "replace"):
			o.replace = true
		case equalFold(arg, "absttl"):
			o.absolute = true
		case equalFold(arg, "idletime") && more >= 1 && !freq:
			i++
			n, ok := numeric.ParseInt64(args[i])
			if !ok {
				return o, resp.ErrNotInt
			}
			if n < 0 {
				return o, errIdleTime
			}
			idle = true
		case equalFold(arg, "freq") && more >= 1 && !idle:
			i++
			n, ok := numeric.ParseInt64(args[i])
			if !ok {
				return o, resp.ErrNotInt
			}
			if n < 0 || n > 255 {
				return o, errFreq
			}
			freq = true
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

// heavyPayload is how many bytes of a payload are as much work as one element.
const heavyPayload = 64

func restore(c *Ctx) error {
	o, err := parseRestore(c.Args)
	if err != nil {
		return err
	}
	k, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if k.Exists && !o.replace {
		return errBusyKey
	}
	ttl, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	if ttl < 0 {
		return errNegTTL
	}
	if err := c.T.Heavy(len(c.Args[3]) / heavyPayload); err != nil {
		return err
	}
	body, _, err := rdb.CheckFooter(c.Args[3])
	if err != nil {
		return footerError(err)
	}
	if ttl != 0 && !o.absolute {
		ttl += c.T.NowMS() // beyond all times it becomes one that is past, as in Redis
	}
	return restoreBody(c, k, body, ttl)
}

// restoreBody makes the key what the payload says, to be removed at once if its time is past: the
// payload must be in order all the same.
func restoreBody(c *Ctx, k datatype.Key, body []byte, expireMS int64) error {
	existed, past := k.Exists, expireMS != 0 && expireMS <= c.T.NowMS()
	if past {
		expireMS = 0
	}
	if err := datatype.Restore(k, body, expireMS); err != nil {
		return restoreError(err)
	}
	now, err := datatype.Peek(c.T, k.Name)
	if err != nil {
		return err
	}
	if past {
		now.Remove()
	}
	switch {
	case now.Exists: // a hash may have had nothing but fields that are past their time
		c.T.Event(datatype.ClassGeneric, "restore", k.Name)
	case existed:
		c.T.Event(datatype.ClassGeneric, "del", k.Name)
	}
	return c.ok()
}

// footerError is errBadDump, and more where the payload is in order and too new.
func footerError(err error) error {
	var later rdb.VersionError
	if errors.As(err, &later) {
		return resp.Err(string(errBadDump) + ": " + later.Error())
	}
	return errBadDump
}

func restoreError(err error) error {
	if errors.Is(err, rdb.ErrCorrupt) || errors.Is(err, rdb.ErrModule) {
		return errDumpFormat
	}
	return err
}
