package datatype

import (
	"math"
	"slices"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// Scored is an input of ZUNION and its like: a sorted set, or a set, whose members
// have score 1.
type Scored struct {
	zset   ZSet
	set    Set
	Weight float64
}

// LoadScored reads the heads of several inputs.
func LoadScored(t Txn, names [][]byte) ([]Scored, error) {
	list := make([]Scored, len(names))
	for i, name := range names {
		k, err := Load(t, name)
		if err != nil {
			return nil, err
		}
		list[i].Weight = 1
		switch {
		case !k.Exists || k.Head.Type == layout.TypeZSet:
			list[i].zset = openZSet(k)
		case k.Head.Type == layout.TypeSet:
			list[i].set = openSet(k)
		default:
			return nil, resp.ErrWrongType
		}
	}
	return list, nil
}

// Len is the number of members.
func (s *Scored) Len() int { return s.zset.Len() + s.set.Len() }

// Score returns a member's score.
func (s *Scored) Score(member []byte) (score float64, found bool, err error) {
	if s.set.Exists {
		found, err = s.set.Has(member)
		return 1, found, err
	}
	return s.zset.Score(member)
}

// Each visits all members until visit returns false.
func (s *Scored) Each(visit visitScored) error {
	if s.set.Exists {
		return s.set.Each(func(member []byte) bool { return visit(member, 1) })
	}
	return s.zset.Each(visit)
}

// Aggregate says how the scores of a member become one.
type Aggregate uint8

const (
	Sum Aggregate = iota
	Min
	Max
)

func (a Aggregate) of(x, y float64) float64 {
	switch {
	case a == Min && y < x, a == Max && y > x:
		return y
	case a != Sum:
		return x
	}
	return notNaN(x + y)
}

// notNaN makes 0 of what infinities of both signs add up to, and of infinity times 0.
func notNaN(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}

// smallestFirst fixes, as in Redis, the order in which scores are added up.
func smallestFirst(inputs []Scored) {
	slices.SortStableFunc(inputs, func(a, b Scored) int { return a.Len() - b.Len() })
}

// UnionScored returns the members that any input has, in order.
func UnionScored(t Txn, inputs []Scored, how Aggregate) ([]ZItem, error) {
	smallestFirst(inputs)
	total := 0
	for i := range inputs {
		total += inputs[i].Len()
	}
	if err := t.Heavy(total); err != nil {
		return nil, err
	}
	var items Items
	at := map[string]int{}
	for i := range inputs {
		weight := inputs[i].Weight
		err := inputs[i].Each(func(member []byte, score float64) bool {
			score = notNaN(weight * score)
			if j, found := at[string(member)]; found {
				items.List[j].Score = how.of(items.List[j].Score, score)
				return true
			}
			at[string(member)] = len(items.List)
			items.Add(member, score)
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	SortItems(items.List)
	return items.List, nil
}

// InterScored visits the members that all inputs have, in any order, until visit
// returns false.
func InterScored(t Txn, inputs []Scored, how Aggregate, visit visitScored) error {
	smallestFirst(inputs)
	smallest, others := &inputs[0], inputs[1:]
	if err := t.Heavy(smallest.Len() * len(inputs)); err != nil {
		return err
	}
	var inner error
	err := smallest.Each(func(member []byte, score float64) bool {
		score = notNaN(smallest.Weight * score)
		for i := range others {
			other, found, err := others[i].Score(member)
			if err != nil || !found {
				inner = err
				return err == nil
			}
			score = how.of(score, other*others[i].Weight)
		}
		return visit(member, score)
	})
	if inner != nil {
		return inner
	}
	return err
}

// DiffScored returns the members of the first input that no other has, in order. It
// walks what is smaller, as DiffSets does.
func DiffScored(t Txn, inputs []Scored) ([]ZItem, error) {
	first, others := &inputs[0], inputs[1:]
	total := 0
	for i := range others {
		total += others[i].Len()
	}
	inOther := func(member []byte) (bool, error) { return anyHas(others, member) }
	if total < first.Len() {
		gone, err := gather(t, others, total)
		if err != nil {
			return nil, err
		}
		inOther = func(member []byte) (bool, error) { return gone.has(member), nil }
	} else if err := t.Heavy(first.Len() * len(others)); err != nil {
		return nil, err
	}
	var items Items
	var inner error
	err := first.Each(func(member []byte, score float64) bool {
		found, err := inOther(member)
		if err == nil && !found {
			items.Add(member, score)
		}
		inner = err
		return err == nil
	})
	SortItems(items.List)
	if inner != nil {
		return nil, inner
	}
	return items.List, err
}

func anyHas(inputs []Scored, member []byte) (bool, error) {
	for i := range inputs {
		if _, found, err := inputs[i].Score(member); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// gather returns the members of all inputs, n in all.
func gather(t Txn, inputs []Scored, n int) (memberSet, error) {
	if err := t.Heavy(n); err != nil {
		return nil, err
	}
	m := make(memberSet, n)
	for i := range inputs {
		if err := inputs[i].Each(func(member []byte, _ float64) bool { m.add(member); return true }); err != nil {
			return nil, err
		}
	}
	return m, nil
}
