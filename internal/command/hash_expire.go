package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// Commands on the times of the fields of a hash, as in Redis 7.4.
var hashExpireRows = []Row{
	{Name: "hexpire", Arity: -6, Flags: Write | Frees | DenyOOM | Fast, Keys: OneKey, Handler: hexpire, Group: "hash", Since: "7.4.0", Summary: "Makes fields of a hash expire after a number of seconds.",
		Syntax: "key seconds [condition: NX | XX | GT | LT] FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hexpireat", Arity: -6, Flags: Write | Frees | DenyOOM | Fast, Keys: OneKey, Handler: hexpireAt, Group: "hash", Since: "7.4.0", Summary: "Makes fields of a hash expire at a Unix time given in seconds.",
		Syntax: "key unix-time-seconds [condition: NX | XX | GT | LT] FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hexpiretime", Arity: -5, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hexpireTime, Group: "hash", Since: "7.4.0", Summary: "Tells at which Unix time, in seconds, fields of a hash will expire.",
		Syntax: "key FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hpersist", Arity: -5, Flags: Write | Fast, Keys: OneKey, Handler: hpersist, Group: "hash", Since: "7.4.0", Summary: "Makes fields of a hash stay until they are deleted, cancelling their expiration.",
		Syntax: "key FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hpexpire", Arity: -6, Flags: Write | Frees | DenyOOM | Fast, Keys: OneKey, Handler: hpexpire, Group: "hash", Since: "7.4.0", Summary: "Makes fields of a hash expire after a number of milliseconds.",
		Syntax: "key milliseconds [condition: NX | XX | GT | LT] FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hpexpireat", Arity: -6, Flags: Write | Frees | DenyOOM | Fast, Keys: OneKey, Handler: hpexpireAt, Group: "hash", Since: "7.4.0", Summary: "Makes fields of a hash expire at a Unix time given in milliseconds.",
		Syntax: "key unix-time-milliseconds [condition: NX | XX | GT | LT] FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hpexpiretime", Arity: -5, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hpexpireTime, Group: "hash", Since: "7.4.0", Summary: "Tells at which Unix time, in milliseconds, fields of a hash will expire.",
		Syntax: "key FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hpttl", Arity: -5, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hpttl, Group: "hash", Tips: "nondeterministic_output", Since: "7.4.0", Summary: "Tells how many milliseconds fields of a hash have left to live.",
		Syntax: "key FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "httl", Arity: -5, Flags: ReadOnly | Fast, Keys: OneKey, Handler: httl, Group: "hash", Tips: "nondeterministic_output", Since: "7.4.0", Summary: "Tells how many seconds fields of a hash have left to live.",
		Syntax: "key FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
}

// What these commands reply for each field.
const (
	fieldAbsent  = -2
	fieldNoTime  = -1
	fieldRefused = 0
	fieldDone    = 1
	fieldDeleted = 2
)

// fieldTimeMax is the latest time that Redis lets a field have.
const fieldTimeMax = 1<<46 - 1

const (
	errFieldTime   resp.Err = "ERR invalid expire time, must be >= 0"
	errFieldsWord  resp.Err = "ERR Mandatory argument FIELDS is missing or not at the right position"
	errFieldsCount resp.Err = "ERR The `numfields` parameter must match the number of arguments"
	errFieldsZero  resp.Err = "ERR Parameter `numFields` should be greater than 0"
	errFieldsPos   resp.Err = "ERR Number of fields must be a positive integer"
)

func hexpire(c *Ctx) error { return setFieldTimes(c, true, false) }

func hpexpire(c *Ctx) error { return setFieldTimes(c, false, false) }

func hexpireAt(c *Ctx) error { return setFieldTimes(c, true, true) }

func hpexpireAt(c *Ctx) error { return setFieldTimes(c, false, true) }

func httl(c *Ctx) error { return replyFieldTimes(c, true, false) }

func hpttl(c *Ctx) error { return replyFieldTimes(c, false, false) }

func hexpireTime(c *Ctx) error { return replyFieldTimes(c, true, true) }

func hpexpireTime(c *Ctx) error { return replyFieldTimes(c, false, true) }

// fieldTime turns an argument into Unix ms.
func fieldTime(c *Ctx, arg []byte, seconds, absolute bool) (int64, error) {
	n, ok := numeric.ParseInt64(arg)
	if !ok {
		return 0, resp.ErrNotInt
	}
	if n < 0 {
		return 0, errFieldTime
	}
	base, unit := int64(0), int64(1)
	if !absolute {
		base = c.T.NowMS()
	}
	if seconds {
		unit = 1000
	}
	if n > fieldTimeMax/unit || n*unit > fieldTimeMax-base {
		return 0, resp.InvalidExpire(c.Row.Name)
	}
	return n*unit + base, nil
}

// fieldsFrom reads FIELDS n field … at the end of the arguments.
func fieldsFrom(args [][]byte, zero resp.Err) ([][]byte, error) {
	if len(args) < 2 || !equalFold(args[0], "fields") {
		return nil, errFieldsWord
	}
	n, ok := numeric.ParseInt64(args[1])
	if !ok || n < 1 || n > math.MaxInt64-1 {
		return nil, zero
	}
	if n != int64(len(args)-2) {
		return nil, errFieldsCount
	}
	return args[2:], nil
}

func setFieldTimes(c *Ctx, seconds, absolute bool) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	at, err := fieldTime(c, c.Args[2], seconds, absolute)
	if err != nil {
		return err
	}
	rest, cond := c.Args[3:], expireOptions{}
	if !equalFold(rest[0], "fields") {
		if cond, err = parseExpireOptions(rest[:1]); err != nil {
			return errFieldsWord
		}
		rest = rest[1:]
	}
	fields, err := fieldsFrom(rest, errFieldsZero)
	if err != nil {
		return err
	}
	changed := false
	c.W.Array(len(fields))
	for _, field := range fields {
		n, err := setFieldTime(c, &h, field, at, cond)
		if err != nil {
			return err
		}
		changed = changed || n > fieldRefused
		c.W.Int(n)
	}
	if changed {
		saveTimed(c, &h, at)
	}
	return nil
}

// setFieldTime gives a field a time, or deletes it if the time has passed.
func setFieldTime(c *Ctx, h *datatype.Hash, field []byte, at int64, cond expireOptions) (int64, error) {
	_, old, found, err := h.GetTimed(field)
	switch {
	case err != nil:
		return 0, err
	case !found:
		return fieldAbsent, nil
	case !cond.allows(old, at):
		return fieldRefused, nil
	case at <= c.T.NowMS():
		_, err = h.Delete(field)
		return fieldDeleted, err
	}
	if err := c.Txns.Refused(); err != nil { // see Frees
		return 0, err
	}
	return fieldDone, h.SetTime(field, at)
}

// saveTimed saves a hash of which fields were given a time, and tells of it.
func saveTimed(c *Ctx, h *datatype.Hash, at int64) {
	event := "hexpire"
	if at <= c.T.NowMS() {
		event = "hdel"
	}
	saveFields(c, h, event)
}

// saveFields saves a hash, and tells of what was done and of its end.
func saveFields(c *Ctx, h *datatype.Hash, event string) {
	h.Save()
	c.T.Event(datatype.ClassHash, event, h.Name)
	if !h.Exists {
		c.T.Event(datatype.ClassGeneric, "del", h.Name)
	}
}

func hpersist(c *Ctx) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	fields, err := fieldsFrom(c.Args[2:], errFieldsPos)
	if err != nil {
		return err
	}
	changed := false
	c.W.Array(len(fields))
	for _, field := range fields {
		_, at, found, err := h.GetTimed(field)
		switch {
		case err != nil:
			return err
		case !found:
			c.W.Int(fieldAbsent)
		case at == 0:
			c.W.Int(fieldNoTime)
		default:
			if err := h.SetTime(field, 0); err != nil {
				return err
			}
			changed = true
			c.W.Int(fieldDone)
		}
	}
	if changed {
		saveFields(c, &h, "hpersist")
	}
	return nil
}

// replyFieldTimes replies when each field expires: -2 without the field, -1 without a time.
func replyFieldTimes(c *Ctx, seconds, absolute bool) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	fields, err := fieldsFrom(c.Args[2:], errFieldsPos)
	if err != nil {
		return err
	}
	c.W.Array(len(fields))
	for _, field := range fields {
		_, at, found, err := h.GetTimed(field)
		switch {
		case err != nil:
			return err
		case !found:
			at = fieldAbsent
		case at == 0:
			at = fieldNoTime
		default:
			if !absolute {
				at -= c.T.NowMS()
			}
			if seconds {
				at = (at + 999) / 1000
			}
		}
		c.W.Int(at)
	}
	return nil
}
