package datatype

import "github.com/haypile/haypile/internal/algo/listpack"

// Rank returns how many members come before one, seen from the lowest or, with rev,
// from the highest.
func (z *ZSet) Rank(member []byte, rev bool) (rank int, score float64, found bool, err error) {
	score, off, found, err := z.find(member)
	if err != nil || !found {
		return 0, 0, false, err
	}
	if z.Packed() {
		for off = listpack.Prev(z.lp, off); off >= 0; off = listpack.Prev(z.lp, off) {
			rank++
		}
		rank /= 2
	} else if rank, err = z.rankExpanded(member, score); err != nil {
		return 0, 0, false, err
	}
	if rev {
		rank = z.Len() - 1 - rank
	}
	return rank, score, true, nil
}

func (z *ZSet) rankExpanded(member []byte, score float64) (int, error) {
	all := z.places()
	at := z.Key.Score(score, member)
	after := append(append(z.t.Scratch(len(at)+1), at...), 0)
	return z.countIn(placeRange{all.from, at}, []placeRange{{after, all.to}}, z.Len()-1)
}

// CountByScore is the number of members with scores in a range.
func (z *ZSet) CountByScore(r ScoreRange) (n int, err error) {
	if !z.Exists || r.From >= r.To {
		return 0, nil
	}
	if z.Packed() {
		err = z.RangeByScore(r, false, func([]byte, float64) bool { n++; return true })
		return n, err
	}
	return z.countPlaces(z.scorePlaces(r))
}

// CountByLex is the number of members that RangeByLex visits.
func (z *ZSet) CountByLex(r LexRange) (n int, err error) {
	if z.Exists && !z.Packed() && r.Min.Inf <= 0 && r.Max.Inf >= 0 {
		first, last, err := z.ends()
		if err != nil {
			return 0, err
		}
		if first.Score == last.Score {
			return z.countPlaces(z.lexPlaces(first.Score, r))
		}
	}
	err = z.RangeByLex(r, false, func([]byte, float64) bool { n++; return true })
	return n, err
}

func (z *ZSet) countPlaces(in placeRange) (int, error) {
	all := z.places()
	if in = in.within(all); in.empty() {
		return 0, nil
	}
	return z.countIn(in, []placeRange{{all.from, in.from}, {in.to, all.to}}, z.Len())
}

// countIn counts the score pairs of a range. What is outside, in the other ranges, is
// counted side by side with it; with total for all of them, whichever comes to its
// end first gives the answer.
func (z *ZSet) countIn(in placeRange, outside []placeRange, total int) (int, error) {
	a, b := placeCounter{t: z.t, todo: []placeRange{in}}, placeCounter{t: z.t, todo: outside}
	defer a.close()
	defer b.close()
	for {
		if more, err := a.step(); err != nil || !more {
			return a.n, err
		}
		if more, err := b.step(); err != nil || !more {
			return total - b.n, err
		}
		if a.n%heavyStride == 0 {
			if err := z.t.Heavy(2 * a.n); err != nil {
				return 0, err
			}
		}
	}
}

// placeCounter counts the pairs of some ranges, one at each step.
type placeCounter struct {
	t    Txn
	todo []placeRange
	it   Iter
	n    int
}

func (c *placeCounter) step() (more bool, err error) {
	for {
		ok := false
		switch {
		case c.it != nil:
			ok = c.it.Next()
		case len(c.todo) == 0:
			return false, nil
		case c.todo[0].empty():
			c.todo = c.todo[1:]
			continue
		default:
			if c.it, err = c.t.Iter(c.todo[0].from, c.todo[0].to); err != nil {
				c.it = nil
				return false, err
			}
			c.todo = c.todo[1:]
			ok = c.it.First()
		}
		if ok {
			c.n++
			return true, nil
		}
		err = c.it.Error()
		c.close()
		if err != nil {
			return false, err
		}
	}
}

func (c *placeCounter) close() {
	if c.it != nil {
		c.it.Close()
		c.it = nil
	}
}
