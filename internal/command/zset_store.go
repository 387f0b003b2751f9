package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// zsetOperation is what ZUNION, ZINTER or ZDIFF computes.
type zsetOperation func(t datatype.Txn, inputs []datatype.Scored, how datatype.Aggregate) ([]datatype.ZItem, error)

func interScored(t datatype.Txn, inputs []datatype.Scored, how datatype.Aggregate) ([]datatype.ZItem, error) {
	var items datatype.Items
	err := datatype.InterScored(t, inputs, how, func(member []byte, score float64) bool {
		items.Add(member, score)
		return true
	})
	datatype.SortItems(items.List)
	return items.List, err
}

func diffScored(t datatype.Txn, inputs []datatype.Scored, _ datatype.Aggregate) ([]datatype.ZItem, error) {
	return datatype.DiffScored(t, inputs)
}

// combineSpec says which options a command has.
type combineSpec struct {
	weights bool // WEIGHTS and AGGREGATE
	scores  bool // WITHSCORES
}

// combineOptions are the arguments of ZUNION and its like.
type combineOptions struct {
	inputs     []datatype.Scored
	how        datatype.Aggregate
	withScores bool
}

// loadInputs reads the keys that follow their number and returns the arguments
// after them. As in Redis, their types are looked at before the options.
func loadInputs(c *Ctx, args [][]byte) (inputs []datatype.Scored, rest [][]byte, err error) {
	n, ok := numeric.ParseInt64(args[0])
	switch {
	case !ok:
		return nil, nil, resp.ErrNotInt
	case n < 1:
		return nil, nil, resp.Err("ERR at least 1 input key is needed for '" + c.Row.Name + "' command")
	case n > int64(len(args)-1):
		return nil, nil, resp.ErrSyntax
	}
	inputs, err = datatype.LoadScored(c.T, args[1:n+1])
	return inputs, args[n+1:], err
}

func parseCombine(c *Ctx, args [][]byte, spec combineSpec) (o combineOptions, err error) {
	var rest [][]byte
	if o.inputs, rest, err = loadInputs(c, args); err != nil {
		return o, err
	}
	for len(rest) > 0 {
		switch {
		case spec.weights && equalFold(rest[0], "weights") && len(rest) > len(o.inputs):
			for i := range o.inputs {
				var ok bool
				if o.inputs[i].Weight, ok = numeric.ParseFloat(rest[1+i]); !ok {
					return o, resp.Err("ERR weight value is not a float")
				}
			}
			rest = rest[1+len(o.inputs):]
		case spec.weights && equalFold(rest[0], "aggregate") && len(rest) > 1:
			if o.how, err = parseAggregate(rest[1]); err != nil {
				return o, err
			}
			rest = rest[2:]
		case spec.scores && equalFold(rest[0], "withscores"):
			o.withScores = true
			rest = rest[1:]
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

func parseAggregate(b []byte) (datatype.Aggregate, error) {
	switch {
	case equalFold(b, "sum"):
		return datatype.Sum, nil
	case equalFold(b, "min"):
		return datatype.Min, nil
	case equalFold(b, "max"):
		return datatype.Max, nil
	}
	return 0, resp.ErrSyntax
}

func zunion(c *Ctx) error {
	return replyCombined(c, datatype.UnionScored, combineSpec{weights: true, scores: true})
}

func zinter(c *Ctx) error {
	return replyCombined(c, interScored, combineSpec{weights: true, scores: true})
}

func zdiff(c *Ctx) error { return replyCombined(c, diffScored, combineSpec{scores: true}) }

func replyCombined(c *Ctx, operation zsetOperation, spec combineSpec) error {
	o, err := parseCombine(c, c.Args[1:], spec)
	if err != nil {
		return err
	}
	items, err := operation(c.T, o.inputs, o.how)
	if err != nil {
		return err
	}
	n := len(items)
	if o.withScores && c.W.Proto < 3 {
		n *= 2
	}
	c.W.Array(n)
	emit := scoredEmitter(c, o.withScores)
	for _, it := range items {
		emit(it.Member, it.Score)
	}
	return nil
}

func zunionstore(c *Ctx) error {
	return storeCombined(c, datatype.UnionScored, combineSpec{weights: true}, "zunionstore")
}

func zinterstore(c *Ctx) error {
	return storeCombined(c, interScored, combineSpec{weights: true}, "zinterstore")
}

func zdiffstore(c *Ctx) error {
	return storeCombined(c, diffScored, combineSpec{}, "zdiffstore")
}

func storeCombined(c *Ctx, operation zsetOperation, spec combineSpec, event string) error {
	o, err := parseCombine(c, c.Args[2:], spec)
	if err != nil {
		return err
	}
	items, err := operation(c.T, o.inputs, o.how)
	if err != nil {
		return err
	}
	return storeScored(c, c.Args[1], items, event)
}

func zintercard(c *Ctx) error {
	inputs, rest, err := loadInputs(c, c.Args[1:])
	if err != nil {
		return err
	}
	limit, err := parseCardLimit(rest)
	if err != nil {
		return err
	}
	n := int64(0)
	err = datatype.InterScored(c.T, inputs, datatype.Sum, func([]byte, float64) bool { n++; return n < limit })
	if err != nil {
		return err
	}
	return c.int(n)
}
