package command

import (
	"errors"

	"github.com/haypile/haypile/internal/algo/hyperloglog"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

var hyperloglogRows = []Row{
	{Name: "pfadd", Arity: -2, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: pfadd, Group: "hyperloglog", Since: "2.8.9", Summary: "Counts elements into a HyperLogLog and tells whether its estimate changed.",
		Syntax: "key [element...]", Complexity: "O(N) for N elements"},
	{Name: "pfcount", Arity: -2, Flags: ReadOnly, Keys: AllKeys, Handler: pfcount, Group: "hyperloglog", Since: "2.8.9", Summary: "Estimates how many distinct elements HyperLogLogs have seen, taken together.",
		Syntax: "key...", Complexity: "O(N) for N keys; of one key the last count is remembered"},
	{Name: "pfdebug", Arity: 3, Flags: Write | DenyOOM | Admin, Keys: KeySpec{2, 2, 1}, Handler: pfdebug, Group: "hyperloglog", Since: "2.8.9", Summary: "Shows the inner state of a HyperLogLog, for debugging.",
		Syntax: "subcommand key", Complexity: "O(N) for N bytes of the value", SysCmd: true},
	{Name: "pfmerge", Arity: -2, Flags: Write | DenyOOM, Keys: AllKeys, Handler: pfmerge, Group: "hyperloglog", Since: "2.8.9", Summary: "Joins HyperLogLogs into one that counts the elements of them all.",
		Syntax: "destkey [sourcekey...]", Complexity: "O(N) for N keys"},
	{Name: "pfselftest", Arity: 1, Flags: Admin | Worker, Handler: pfselftest, Group: "hyperloglog", Since: "2.8.9", Summary: "Checks the HyperLogLog code, for developers of the server.",
		Syntax: "()", Complexity: "O(1)", SysCmd: true},
}

// elementsPerHLL is how many elements of a collection take about as long to touch as
// all registers of a HyperLogLog.
const elementsPerHLL = 50

// hll is a key that holds a HyperLogLog, or nothing.
type hll struct {
	datatype.Key
	val []byte
}

// loadHLL reads a key that must hold a HyperLogLog, if anything.
func loadHLL(c *Ctx, name []byte) (hll, error) {
	s, err := datatype.LoadString(c.T, name)
	if err != nil || !s.Exists {
		return hll{Key: s.Key}, err
	}
	val, err := s.Bytes()
	if err == nil {
		err = hllError(hyperloglog.CheckHeader(val))
	}
	return hll{s.Key, val}, err
}

func hllError(err error) error {
	switch {
	case errors.Is(err, hyperloglog.ErrNotHLL):
		return resp.ErrHLLType
	case errors.Is(err, hyperloglog.ErrCorrupt):
		return resp.ErrHLLInvalid
	}
	return err
}

// hllCopy is a HyperLogLog's bytes to be changed.
func hllCopy(c *Ctx, k *hll) []byte { return append(c.T.Scratch(len(k.val)+64), k.val...) }

func sparseMax(c *Ctx) int { return int(c.T.Limits().HLLSparseMaxBytes) }

func pfadd(c *Ctx) error {
	k, err := loadHLL(c, c.Args[1])
	if err != nil {
		return err
	}
	updated := !k.Exists
	val := hyperloglog.New()
	if k.Exists {
		val = hllCopy(c, &k)
	}
	for _, elem := range c.Args[2:] {
		var changed bool
		if val, changed, err = hyperloglog.Add(val, sparseMax(c), elem); err != nil {
			return hllError(err)
		}
		updated = updated || changed
	}
	if !updated {
		return c.int(0)
	}
	hyperloglog.InvalidateCache(val)
	if err := datatype.EditString(&k.Key, val); err != nil {
		return err
	}
	c.T.Event(datatype.ClassString, "pfadd", k.Name)
	return c.int(1)
}

func pfcount(c *Ctx) error {
	if len(c.Args) > 2 {
		return pfcountMany(c)
	}
	k, err := loadHLL(c, c.Args[1])
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.int(0)
	}
	n, computed, err := hyperloglog.Count(k.val)
	if err != nil {
		return hllError(err)
	}
	if computed && c.Txns.Refused() == nil {
		val := hllCopy(c, &k)
		hyperloglog.StoreCount(val, n)
		if err := datatype.EditString(&k.Key, val); err != nil {
			return err
		}
		c.T.Event(0, "pfcount", k.Name) // of no class: who watches the key hears of it
	}
	return c.int(int64(n))
}

func pfcountMany(c *Ctx) error {
	vals, err := loadHLLs(c, c.Args[1:])
	if err != nil {
		return err
	}
	n, err := hyperloglog.CountMany(vals...)
	if err != nil {
		return hllError(err)
	}
	return c.int(int64(n))
}

// loadHLLs reads the HyperLogLogs among the keys.
func loadHLLs(c *Ctx, names [][]byte) (vals [][]byte, err error) {
	if err := c.T.Heavy(len(names) * elementsPerHLL); err != nil {
		return nil, err
	}
	for _, name := range names {
		k, err := loadSound(c, name)
		if err != nil {
			return nil, err
		}
		if k.Exists {
			vals = append(vals, k.val)
		}
	}
	return vals, nil
}

// loadSound is loadHLL where the first key that is not as it should be decides on the
// error, whatever is wrong with it.
func loadSound(c *Ctx, name []byte) (hll, error) {
	k, err := loadHLL(c, name)
	if err == nil && k.Exists {
		err = hllError(hyperloglog.Validate(k.val))
	}
	return k, err
}

func pfmerge(c *Ctx) error {
	dst, err := loadSound(c, c.Args[1])
	if err != nil {
		return err
	}
	vals, err := loadHLLs(c, c.Args[2:])
	if err != nil {
		return err
	}
	var val []byte
	if dst.Exists {
		val = hllCopy(c, &dst)
	}
	if val, err = hyperloglog.Merge(sparseMax(c), val, vals...); err != nil {
		return hllError(err)
	}
	if err := datatype.EditString(&dst.Key, val); err != nil {
		return err
	}
	c.T.Event(datatype.ClassString, "pfadd", dst.Name)
	return c.ok()
}

func pfdebug(c *Ctx) error {
	k, err := loadHLL(c, c.Args[2])
	if err != nil {
		return err
	}
	if !k.Exists {
		return resp.Err("ERR The specified key does not exist")
	}
	switch cmd := c.Args[1]; {
	case equalFold(cmd, "getreg"):
		return pfdebugRegisters(c, &k)
	case equalFold(cmd, "decode"):
		return pfdebugDecode(c, &k)
	case equalFold(cmd, "encoding"):
		if hyperloglog.IsDense(k.val) {
			c.W.Simple("dense")
		} else {
			c.W.Simple("sparse")
		}
		return nil
	case equalFold(cmd, "todense"):
		converted, err := makeDense(&k)
		if err != nil {
			return err
		}
		return c.boolInt(converted)
	}
	return resp.Err("ERR Unknown PFDEBUG subcommand '" + c.Arg(1) + "'")
}

func pfdebugDecode(c *Ctx, k *hll) error {
	if hyperloglog.IsDense(k.val) {
		return resp.Err("ERR HLL encoding is not sparse")
	}
	text, err := hyperloglog.Opcodes(k.val)
	if err != nil {
		return hllError(err)
	}
	c.W.BulkString(text)
	return nil
}

// pfdebugRegisters makes the value dense, as Redis does.
func pfdebugRegisters(c *Ctx, k *hll) error {
	if _, err := makeDense(k); err != nil {
		return err
	}
	list, err := hyperloglog.Registers(k.val)
	if err != nil {
		return hllError(err)
	}
	c.W.Array(len(list))
	for _, v := range list {
		c.W.Int(int64(v))
	}
	return nil
}

func makeDense(k *hll) (converted bool, err error) {
	if hyperloglog.IsDense(k.val) {
		return false, nil
	}
	val, err := hyperloglog.ToDense(k.val)
	if err != nil {
		return false, hllError(err)
	}
	return true, datatype.EditString(&k.Key, val)
}

func pfselftest(c *Ctx) error {
	if err := hyperloglog.SelfTest(); err != nil {
		return resp.Err("ERR TESTFAILED " + err.Error())
	}
	return c.ok()
}
