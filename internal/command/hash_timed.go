package command

import (
	"strings"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// Commands of Redis 8.0 that read or write fields and their times at once.
var hashTimedRows = []Row{
	{Name: "hgetdel", Arity: -5, Flags: Write | Frees | Fast, Keys: OneKey, Handler: hgetdel, Group: "hash", Since: "8.0.0", Summary: "Reads fields of a hash and deletes them.",
		Syntax: "key FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hgetex", Arity: -5, Flags: Write | Fast, Keys: OneKey, Handler: hgetex, Group: "hash", Since: "8.0.0", Summary: "Reads fields of a hash and, on request, sets or clears their expiration.",
		Syntax: "key [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] FIELDS (numfields field...)", Complexity: "O(N) for N fields"},
	{Name: "hsetex", Arity: -6, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: hsetex, Group: "hash", Since: "8.0.0", Summary: "Writes fields of a hash and, on request, sets their expiration.",
		Syntax: "key [condition: FNX | FXX] [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS (numfields (field value)...)", Complexity: "O(N) for N fields"},
}

func hgetdel(c *Ctx) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	fields, err := fieldsFrom(c.Args[2:], errFieldsPos)
	if err != nil {
		return err
	}
	gone := false
	c.W.Array(len(fields))
	for _, field := range fields {
		val, found, err := h.Get(field)
		if err != nil {
			return err
		}
		if !found {
			c.W.Null()
			continue
		}
		c.W.Bulk(val)
		if _, err := h.Delete(field); err != nil {
			return err
		}
		gone = true
	}
	if gone {
		saveFields(c, &h, "hdel")
	}
	return nil
}

// timedOptions are those of HGETEX and HSETEX.
type timedOptions struct {
	at       int64 // Unix ms, if timed
	timed    bool
	keep     bool // KEEPTTL, PERSIST
	fnx, fxx bool
	fields   [][]byte // of HSETEX: field, value, field, value …
}

// parseTimed reads options, in any order, and FIELDS n field [value] …, which is last.
func parseTimed(c *Ctx, keepWord string, perField int) (o timedOptions, err error) {
	setting := perField == 2
	for i := 2; i < len(c.Args); i++ {
		a := c.Args[i]
		switch {
		case equalFold(a, "fields"):
			o.fields, err = timedFields(c.Args[i+1:], perField)
			return o, err
		case isExpireOption(a) || equalFold(a, keepWord):
			if o.timed || o.keep {
				return o, resp.Err("ERR Only one of EX, PX, EXAT, PXAT or " + strings.ToUpper(keepWord) + " arguments can be specified")
			}
			if equalFold(a, keepWord) {
				o.keep = true
				continue
			}
			if i+1 == len(c.Args) {
				return o, resp.WrongArity(c.Row.Name)
			}
			o.timed = true
			if o.at, err = fieldTime(c, c.Args[i+1], a[0]|32 == 'e', len(a) == 4); err != nil {
				return o, err
			}
			i++
		case setting && (equalFold(a, "fnx") || equalFold(a, "fxx")):
			if o.fnx || o.fxx {
				return o, resp.Err("ERR Only one of FXX or FNX arguments can be specified")
			}
			o.fnx = equalFold(a, "fnx")
			o.fxx = !o.fnx
		default:
			return o, resp.Err("ERR unknown argument: " + string(a))
		}
	}
	return o, resp.WrongArity(c.Row.Name)
}

func timedFields(args [][]byte, perField int) ([][]byte, error) {
	if len(args) == 0 {
		return nil, resp.Err("ERR wrong number of arguments")
	}
	n, ok := numeric.ParseInt64(args[0])
	if !ok || n < 1 || n >= 1<<31 {
		return nil, resp.Err("ERR invalid number of fields")
	}
	if n*int64(perField) != int64(len(args)-1) {
		return nil, resp.Err("ERR wrong number of arguments")
	}
	return args[1:], nil
}

func hgetex(c *Ctx) error {
	o, err := parseTimed(c, "persist", 1)
	if err != nil {
		return err
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	changed := false
	c.W.Array(len(o.fields))
	for _, field := range o.fields {
		val, old, found, err := h.GetTimed(field)
		if err != nil {
			return err
		}
		if !found {
			c.W.Null()
			continue
		}
		c.W.Bulk(val)
		switch {
		case o.timed:
			_, err = setFieldTime(c, &h, field, o.at, expireOptions{})
			changed = true
		case o.keep && old != 0:
			err = h.SetTime(field, 0)
			changed = true
		}
		if err != nil {
			return err
		}
	}
	switch {
	case changed && o.timed:
		saveTimed(c, &h, o.at)
	case changed:
		saveFields(c, &h, "hpersist")
	}
	return nil
}

func hsetex(c *Ctx) error {
	o, err := parseTimed(c, "keepttl", 2)
	if err != nil {
		return err
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	for i := 0; i < len(o.fields) && (o.fnx || o.fxx); i += 2 {
		_, found, err := h.Get(o.fields[i])
		if err != nil {
			return err
		}
		if found == o.fnx {
			return c.int(0)
		}
	}
	if o.timed && o.at <= c.T.NowMS() {
		return setPast(c, &h, o.fields)
	}
	for i := 0; i < len(o.fields); i += 2 {
		if err := setTimed(&h, o.fields[i], o.fields[i+1], &o); err != nil {
			return err
		}
	}
	h.Save()
	c.T.Event(datatype.ClassHash, "hset", h.Name)
	if o.timed {
		c.T.Event(datatype.ClassHash, "hexpire", h.Name)
	}
	return c.int(1)
}

func setTimed(h *datatype.Hash, field, val []byte, o *timedOptions) (err error) {
	if o.keep || o.timed {
		_, err = h.Update(field, val)
	} else {
		_, err = h.Set(field, val)
	}
	if err != nil || !o.timed {
		return err
	}
	return h.SetTime(field, o.at)
}

// setPast is HSETEX with a time that has passed: the fields are gone at once.
func setPast(c *Ctx, h *datatype.Hash, fields [][]byte) error {
	gone := false
	for i := 0; i < len(fields); i += 2 {
		was, err := h.Delete(fields[i])
		if err != nil {
			return err
		}
		gone = gone || was
	}
	if gone {
		saveFields(c, h, "hdel")
	}
	return c.int(1)
}
