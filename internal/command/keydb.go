package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// Commands on two databases.

func copyClaims(args [][]byte) (claims []Claim) {
	for i := 3; i+1 < len(args); i++ {
		if equalFold(args[i], "db") {
			if db, ok := plainDBIndex(args[i+1]); ok {
				claims = append(claims, Claim{DB: db, Key: args[2]})
			}
		}
	}
	return claims
}

func moveClaims(args [][]byte) []Claim {
	if db, ok := plainDBIndex(args[2]); ok {
		return []Claim{{DB: db, Key: args[1]}}
	}
	return nil
}

func swapClaims(args [][]byte) (claims []Claim) {
	for _, arg := range args[1:] {
		if db, ok := plainDBIndex(arg); ok {
			claims = append(claims, Claim{DB: db})
		}
	}
	return claims
}

func plainDBIndex(arg []byte) (int, bool) {
	n, ok := numeric.ParseInt64(arg)
	return int(n), ok && n >= 0 && n < 1<<31
}

// databaseArg reads the number of a database that exists. bad, if not empty, is the
// error for what is no number.
func databaseArg(c *Ctx, arg []byte, bad resp.Err) (int, error) {
	n, ok := numeric.ParseInt64(arg)
	switch inRange := n == int64(int32(n)); {
	case ok && inRange:
	case bad != "":
		return 0, bad
	case ok:
		return 0, resp.Err("ERR value is out of range, value must between -2147483648 and 2147483647")
	default:
		return 0, resp.ErrNotInt
	}
	if n < 0 || n >= int64(c.Host.Databases()) {
		return 0, resp.ErrDBIndex
	}
	return int(n), nil
}

// txnOf is the view of a database that the row's Claims have named.
func (c *Ctx) txnOf(db int) (datatype.Txn, error) {
	if db == c.C.DB() {
		return c.T, nil
	}
	return c.Txns.Txn(db)
}

// copyOptions are those of COPY.
type copyOptions struct {
	db      int
	replace bool
}

func parseCopy(c *Ctx) (o copyOptions, err error) {
	o.db = c.C.DB()
	for i := 3; i < len(c.Args); i++ {
		switch {
		case equalFold(c.Args[i], "replace"):
			o.replace = true
		case equalFold(c.Args[i], "db") && i+1 < len(c.Args):
			if o.db, err = databaseArg(c, c.Args[i+1], ""); err != nil {
				return o, err
			}
			i++
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

func copyKey(c *Ctx) error {
	o, err := parseCopy(c)
	if err != nil {
		return err
	}
	if o.db == c.C.DB() && string(c.Args[1]) == string(c.Args[2]) {
		return resp.ErrSameObject
	}
	return copyTo(c, o.db, c.Args[2], o.replace, func(_, dst *datatype.Key, to datatype.Txn) {
		to.Event(datatype.ClassGeneric, "copy_to", dst.Name)
	})
}

func move(c *Ctx) error {
	db, err := databaseArg(c, c.Args[2], "")
	if err != nil {
		return err
	}
	if db == c.C.DB() {
		return resp.ErrSameObject
	}
	return copyTo(c, db, c.Args[1], false, func(src, dst *datatype.Key, to datatype.Txn) {
		src.Remove()
		c.T.Event(datatype.ClassGeneric, "move_from", src.Name)
		to.Event(datatype.ClassGeneric, "move_to", dst.Name)
	})
}

// copyTo copies the first key to a name in a database, calls done, and replies
// whether it did.
func copyTo(c *Ctx, db int, name []byte, replace bool, done func(src, dst *datatype.Key, to datatype.Txn)) error {
	to, err := c.txnOf(db)
	if err != nil {
		return err
	}
	src, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !src.Exists {
		return c.int(0)
	}
	dst, err := datatype.Load(to, name)
	if err != nil {
		return err
	}
	if dst.Exists && !replace {
		return c.int(0)
	}
	if err := datatype.CopyKey(&src, &dst); err != nil {
		return err
	}
	done(&src, &dst, to)
	return c.int(1)
}

func swapDB(c *Ctx) error {
	a, err := databaseArg(c, c.Args[1], "ERR invalid first DB index")
	if err != nil && err != resp.ErrDBIndex {
		return err
	}
	b, err2 := databaseArg(c, c.Args[2], "ERR invalid second DB index")
	if err2 != nil {
		return err2
	}
	if err != nil {
		return err
	}
	if err := c.Txns.SwapDBs(a, b); err != nil {
		return err
	}
	return c.ok()
}
