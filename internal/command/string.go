package command

import (
	"bytes"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var stringRows = []Row{
	{Name: "append", Arity: 3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: appendCmd, Group: "string", Since: "2.0.0", Summary: "Adds text to the end of a string and returns the new length.",
		Syntax: "key value", Complexity: "O(N) for N bytes appended"},
	{Name: "decr", Arity: 2, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: decr, Group: "string", Since: "1.0.0", Summary: "Subtracts one from a number, taking a missing key as 0.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "decrby", Arity: 3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: decrBy, Group: "string", Since: "1.0.0", Summary: "Subtracts an integer from a number, taking a missing key as 0.",
		Syntax: "key decrement:integer", Complexity: "O(1)"},
	{Name: "get", Arity: 2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: get, Group: "string", Since: "1.0.0", Summary: "Reads a string, giving nil when the key is missing.",
		Syntax: "key", Complexity: "O(N) for N bytes of the value"},
	{Name: "getdel", Arity: 2, Flags: Write | Frees | Fast, Keys: OneKey, Handler: getDel, Group: "string", Since: "6.2.0", Summary: "Reads a string and deletes its key.",
		Syntax: "key", Complexity: "O(N) for N bytes of the value"},
	{Name: "getex", Arity: -2, Flags: Write | Fast, Keys: OneKey, Handler: getEx, Group: "string", Since: "6.2.0", Summary: "Reads a string and, on request, sets or clears its expiration.",
		Syntax: "key [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]", Complexity: "O(N) for N bytes of the value"},
	{Name: "getrange", Arity: 4, Flags: ReadOnly, Keys: OneKey, Handler: getRange, Group: "string", Since: "2.4.0", Summary: "Reads the part of a string between two offsets, both included.",
		Syntax: "key start:integer end:integer", Complexity: "O(N) for N bytes returned"},
	{Name: "getset", Arity: 3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: getSet, Group: "string", Since: "1.0.0", Summary: "Writes a new string and gives back the one it replaces.",
		Syntax: "key value", Complexity: "O(N) for N bytes of the old value and the new one", DeprecatedSince: "6.2.0", ReplacedBy: "`SET` with `GET`"},
	{Name: "incr", Arity: 2, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: incr, Group: "string", Since: "1.0.0", Summary: "Adds one to a number, taking a missing key as 0.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "incrby", Arity: 3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: incrBy, Group: "string", Since: "1.0.0", Summary: "Adds an integer to a number, taking a missing key as 0.",
		Syntax: "key increment:integer", Complexity: "O(1)"},
	{Name: "incrbyfloat", Arity: 3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: incrByFloat, Group: "string", Since: "2.6.0", Summary: "Adds a floating-point amount to a number, taking a missing key as 0.",
		Syntax: "key increment:double", Complexity: "O(1)"},
	{Name: "lcs", Arity: -3, Flags: ReadOnly, Keys: TwoKeys, Handler: lcs, Group: "string", Since: "7.0.0", Summary: "Finds the longest sequence of characters that two strings have in common.",
		Syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]", Complexity: "O(N*M) for values of N and M bytes"},
	{Name: "mget", Arity: -2, Flags: ReadOnly | Fast, Keys: AllKeys, Handler: mget, Group: "string", Tips: "request_policy:multi_shard", Since: "1.0.0", Summary: "Reads several strings at once, giving nil for keys that hold none.",
		Syntax: "key...", Complexity: "O(N) for N keys and the bytes of their values"},
	{Name: "mset", Arity: -3, Flags: Write | DenyOOM, Keys: KeySpec{1, -1, 2}, Handler: mset, Group: "string", Tips: "request_policy:multi_shard response_policy:all_succeeded", Since: "1.0.1", Summary: "Writes several strings in one step, replacing what the keys held.",
		Syntax: "(key value)...", Complexity: "O(N) for N keys and the bytes of their values"},
	{Name: "msetnx", Arity: -3, Flags: Write | DenyOOM, Keys: KeySpec{1, -1, 2}, Handler: msetnx, Group: "string", Tips: "request_policy:multi_shard response_policy:agg_min", Since: "1.0.1", Summary: "Writes several strings in one step, or none if any key is taken.",
		Syntax: "(key value)...", Complexity: "O(N) for N keys and the bytes of their values"},
	{Name: "psetex", Arity: 4, Flags: Write | DenyOOM, Keys: OneKey, Handler: psetEx, Group: "string", Since: "2.6.0", Summary: "Writes a string that expires after a number of milliseconds.",
		Syntax: "key milliseconds value", Complexity: "O(N) for N bytes of the value"},
	{Name: "set", Arity: -3, Flags: Write | DenyOOM, Keys: OneKey, Handler: set, Group: "string", Since: "1.0.0", Summary: "Writes a string, replacing whatever value the key held.",
		Syntax: "key value [condition: NX | XX | VX old]@2.6.12 [GET]@6.2.0 [expiration: EX seconds@2.6.12 | PX milliseconds@2.6.12 | EXAT unix-time-seconds@6.2.0 | PXAT unix-time-milliseconds@6.2.0 | KEEPTTL@6.0.0]", Complexity: "O(N) for N bytes of the value, and of the old one with GET and VX"},
	{Name: "setex", Arity: 4, Flags: Write | DenyOOM, Keys: OneKey, Handler: setEx, Group: "string", Since: "2.0.0", Summary: "Writes a string that expires after a number of seconds.",
		Syntax: "key seconds value", Complexity: "O(N) for N bytes of the value"},
	{Name: "setnx", Arity: 3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: setNX, Group: "string", Since: "1.0.0", Summary: "Writes a string unless the key is taken.",
		Syntax: "key value", Complexity: "O(N) for N bytes of the value"},
	{Name: "setrange", Arity: 4, Flags: Write | DenyOOM, Keys: OneKey, Handler: setRange, Group: "string", Since: "2.2.0", Summary: "Writes over part of a string from an offset, padding with zero bytes.",
		Syntax: "key offset value", Complexity: "O(N) for N bytes written"},
	{Name: "strlen", Arity: 2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: strlen, Group: "string", Since: "2.2.0", Summary: "Tells how many bytes a string has, 0 if the key is missing.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "substr", Arity: 4, Flags: ReadOnly, Keys: OneKey, Handler: getRange, Group: "string", Since: "1.0.0", Summary: "Reads part of a string; the older name of GETRANGE.",
		Syntax: "key start:integer end:integer", Complexity: "O(N) for N bytes returned", DeprecatedSince: "2.0.0", ReplacedBy: "`GETRANGE`"},
}

func get(c *Ctx) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return c.text(&s)
}

// text replies a string as a whole, or null if there is none.
func (c *Ctx) text(s *datatype.String) error {
	if !s.Exists {
		return c.null()
	}
	if n := s.Len(); n > int64(len(s.Short())) {
		if err := c.T.Heavy(int(n / bytesPerElement)); err != nil {
			return err
		}
		return c.W.BulkFrom(int(n), func(dst []byte) ([]byte, error) { return s.AppendRange(dst, 0, n) })
	}
	c.W.Bulk(s.Short())
	return nil
}

// textOf is text for a key whose type is known.
func (c *Ctx) textOf(k *datatype.Key) error {
	s := datatype.StringOf(*k)
	return c.text(&s)
}

// setOptions are the options of SET and GETEX.
type setOptions struct {
	unit, ttl []byte // as given; parsed when they are needed, as in Redis
	expireMS  int64  // absolute; 0 none
	hasTTL    bool
	keepTTL   bool
	persist   bool
	nx, xx    bool
	get       bool
	hasVX     bool
	vx        []byte // the value that must be there (Pika)
}

// parseSetOptions reads options from args. resolve must follow.
func parseSetOptions(args [][]byte, getex bool) (o setOptions, err error) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case !getex && equalFold(a, "nx") && !o.xx:
			o.nx = true
		case !getex && equalFold(a, "xx") && !o.nx:
			o.xx = true
		case !getex && equalFold(a, "get"):
			o.get = true
		case !getex && equalFold(a, "keepttl") && !o.hasTTL:
			o.keepTTL = true
		case getex && equalFold(a, "persist") && !o.hasTTL:
			o.persist = true
		case isExpireOption(a) && o.allowsUnit(a) && i+1 < len(args):
			o.hasTTL, o.unit, o.ttl = true, a, args[i+1]
			i++
		case !getex && equalFold(a, "vx") && !o.hasVX && i+1 < len(args):
			o.hasVX, o.vx = true, args[i+1]
			i++
		default:
			return o, resp.ErrSyntax
		}
	}
	if o.hasVX && (o.nx || o.xx || o.get) {
		return o, resp.ErrSyntax
	}
	return o, nil
}

// allowsUnit says that a time may be given in this unit: one given before in the same unit counts no more, as in Redis.
func (o *setOptions) allowsUnit(unit []byte) bool {
	return !o.keepTTL && !o.persist && (!o.hasTTL || bytes.EqualFold(o.unit, unit))
}

// resolve finds the time that the options name.
func (o *setOptions) resolve(c *Ctx) (err error) {
	if o.hasTTL {
		o.expireMS, err = parseExpire(c, o.unit, o.ttl)
	}
	return err
}

func isExpireOption(a []byte) bool {
	return equalFold(a, "ex") || equalFold(a, "px") || equalFold(a, "exat") || equalFold(a, "pxat")
}

// parseExpire turns EX, PX, EXAT or PXAT with its value into Unix ms.
func parseExpire(c *Ctx, unit, value []byte) (int64, error) {
	n, ok := numeric.ParseInt64(value)
	if !ok {
		return 0, resp.ErrNotInt
	}
	seconds, absolute := len(unit) == 2 && (unit[0]|32) == 'e' || len(unit) == 4 && (unit[0]|32) == 'e', len(unit) == 4
	return absoluteMS(c, n, seconds, absolute, true)
}

// absoluteMS turns a time to live into Unix ms, refusing what Redis refuses.
func absoluteMS(c *Ctx, n int64, seconds, absolute, positive bool) (int64, error) {
	invalid := resp.InvalidExpire(c.Row.Name)
	if positive && n <= 0 {
		return 0, invalid
	}
	const max = int64(^uint64(0) >> 1)
	if seconds {
		if n > max/1000 || n < -max/1000 {
			return 0, invalid
		}
		n *= 1000
	}
	if !absolute {
		if n > max-c.T.NowMS() {
			return 0, invalid
		}
		n += c.T.NowMS()
	}
	return n, nil
}

func set(c *Ctx) error {
	if len(c.Args) == 3 {
		k, err := datatype.Load(c.T, c.Args[1])
		if err != nil {
			return err
		}
		datatype.SetString(&k, c.Args[2], 0)
		c.T.Event(datatype.ClassString, "set", k.Name)
		return c.ok()
	}
	o, err := parseSetOptions(c.Args[3:], false)
	if err != nil {
		return err
	}
	if err := o.resolve(c); err != nil {
		return err
	}
	if o.hasVX {
		return setVX(c, o)
	}
	return setWith(c, c.Args[1], c.Args[2], o)
}

func setWith(c *Ctx, name, val []byte, o setOptions) error {
	k, err := datatype.Load(c.T, name)
	if err != nil {
		return err
	}
	if o.get {
		if k.Exists && k.Head.Type != layout.TypeString {
			return resp.ErrWrongType
		}
		if err := c.textOf(&k); err != nil {
			return err
		}
	}
	if o.nx && k.Exists || o.xx && !k.Exists {
		if !o.get {
			c.W.Null()
		}
		return nil
	}
	putString(c, &k, val, o)
	if !o.get {
		c.W.OK()
	}
	return nil
}

// putString makes the key a string with the expiry that the options name.
func putString(c *Ctx, k *datatype.Key, val []byte, o setOptions) {
	expire := o.expireMS
	if o.keepTTL && k.Exists {
		expire = k.Head.ExpireMS
	}
	if o.hasTTL && expire <= c.T.NowMS() { // EXAT in the past: the key is gone at once
		existed := k.Exists
		k.Remove()
		if existed {
			c.T.Event(datatype.ClassGeneric, "del", k.Name)
		}
		return
	}
	datatype.SetString(k, val, expire)
	c.T.Event(datatype.ClassString, "set", k.Name)
	if o.hasTTL {
		c.T.Event(datatype.ClassGeneric, "expire", k.Name)
	}
}

func setEx(c *Ctx) error { return setTTL(c, "ex") }

func psetEx(c *Ctx) error { return setTTL(c, "px") }

func setTTL(c *Ctx, unit string) error {
	at, err := parseExpire(c, []byte(unit), c.Args[2])
	if err != nil {
		return err
	}
	return setWith(c, c.Args[1], c.Args[3], setOptions{expireMS: at, hasTTL: true})
}

func setNX(c *Ctx) error {
	k, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if k.Exists {
		return c.int(0)
	}
	datatype.SetString(&k, c.Args[2], 0)
	c.T.Event(datatype.ClassString, "set", k.Name)
	return c.int(1)
}

func getSet(c *Ctx) error {
	k, err := datatype.LoadType(c.T, c.Args[1], layout.TypeString)
	if err != nil {
		return err
	}
	if err := c.textOf(&k); err != nil {
		return err
	}
	datatype.SetString(&k, c.Args[2], 0)
	c.T.Event(datatype.ClassString, "set", k.Name)
	return nil
}

func getDel(c *Ctx) error {
	k, err := datatype.LoadType(c.T, c.Args[1], layout.TypeString)
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.null()
	}
	if err := c.textOf(&k); err != nil {
		return err
	}
	k.Remove()
	c.T.Event(datatype.ClassGeneric, "del", k.Name)
	return nil
}

func getEx(c *Ctx) error {
	o, err := parseSetOptions(c.Args[2:], true)
	if err != nil {
		return err
	}
	k, err := datatype.LoadType(c.T, c.Args[1], layout.TypeString)
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.null()
	}
	if err := o.resolve(c); err != nil {
		return err
	}
	if err := c.textOf(&k); err != nil {
		return err
	}
	switch {
	case o.hasTTL && o.expireMS <= c.T.NowMS():
		k.Remove()
		c.T.Event(datatype.ClassGeneric, "del", k.Name)
	case o.hasTTL:
		k.Head.ExpireMS = o.expireMS
		k.Save()
		c.T.Event(datatype.ClassGeneric, "expire", k.Name)
	case o.persist && k.Head.ExpireMS != 0:
		k.Head.ExpireMS = 0
		k.Save()
		c.T.Event(datatype.ClassGeneric, "persist", k.Name)
	}
	return nil
}

func mget(c *Ctx) error {
	c.W.Array(len(c.Args) - 1)
	for _, name := range c.Args[1:] {
		k, err := datatype.Load(c.T, name)
		if err != nil {
			return err
		}
		if k.Head.Type != layout.TypeString {
			c.W.Null()
			continue
		}
		if err := c.textOf(&k); err != nil {
			return err
		}
	}
	return nil
}

func mset(c *Ctx) error {
	if len(c.Args)%2 == 0 {
		return resp.WrongArity("mset")
	}
	if err := msetPairs(c); err != nil {
		return err
	}
	return c.ok()
}

func msetPairs(c *Ctx) error {
	for i := 1; i < len(c.Args); i += 2 {
		k, err := datatype.Load(c.T, c.Args[i])
		if err != nil {
			return err
		}
		datatype.SetString(&k, c.Args[i+1], 0)
		c.T.Event(datatype.ClassString, "set", k.Name)
	}
	return nil
}

func msetnx(c *Ctx) error {
	if len(c.Args)%2 == 0 {
		return resp.WrongArity("msetnx")
	}
	for i := 1; i < len(c.Args); i += 2 {
		k, err := datatype.Load(c.T, c.Args[i])
		if err != nil {
			return err
		}
		if k.Exists {
			return c.int(0)
		}
	}
	if err := msetPairs(c); err != nil {
		return err
	}
	return c.int(1)
}

func appendCmd(c *Ctx) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := s.Len() + int64(len(c.Args[2]))
	if !s.Exists {
		datatype.SetString(&s.Key, c.Args[2], 0)
	} else {
		if err := s.Write(s.Len(), c.Args[2]); err != nil {
			return err
		}
		s.Save()
	}
	c.T.Event(datatype.ClassString, "append", s.Name)
	return c.int(n)
}

func strlen(c *Ctx) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return c.int(s.Len())
}

func getRange(c *Ctx) error {
	from, ok1 := numeric.ParseInt64(c.Args[2])
	to, ok2 := numeric.ParseInt64(c.Args[3])
	if !ok1 || !ok2 {
		return resp.ErrNotInt
	}
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := s.Len()
	if from < 0 && to < 0 && from > to {
		return c.bulk(nil)
	}
	from, to = clampIndex(from, n), clampIndex(to, n)
	to = min(to, n-1)
	if from > to || n == 0 {
		return c.bulk(nil)
	}
	part, err := s.Range(from, to+1)
	if err != nil {
		return err
	}
	return c.bulk(part)
}

// clampIndex resolves an index from the end, not below 0.
func clampIndex(i, n int64) int64 {
	if i < 0 {
		i += n
	}
	return max(i, 0)
}

func setRange(c *Ctx) error {
	off, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	if off < 0 {
		return resp.ErrOffsetRange
	}
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	part := c.Args[3]
	if len(part) == 0 {
		return c.int(s.Len())
	}
	if err := s.Write(off, part); err != nil {
		return err
	}
	s.Save()
	c.T.Event(datatype.ClassString, "setrange", s.Name)
	return c.int(s.Len())
}
