package datatype

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/haypile/haypile/internal/algo/listpack"
)

// visitScored is given a member with its score, both valid for the visit only, and
// says whether to go on.
type visitScored = func(member []byte, score float64) bool

// eachPacked visits all members of a packed sorted set in order.
func (z *ZSet) eachPacked(visit visitScored) { z.walkPacked(0, false, visit) }

// walkPacked visits the members from a rank on, in order or in reverse; ranks count
// from the end where it begins.
func (z *ZSet) walkPacked(rank int, rev bool, visit visitScored) {
	if rank >= z.Len() {
		return
	}
	text := z.t.Scratch(20)
	at, step := 2*rank, listpack.Next
	if rev {
		at, step = -2-2*rank, listpack.Prev
	}
	for off := listpack.Seek(z.lp, at); off >= 0; {
		score := listpack.Next(z.lp, off)
		if !visit(entryBytes(z.lp, off, text), scoreAt(z.lp, score)) {
			return
		}
		if !rev {
			off = score
		} else if off = step(z.lp, off); off < 0 {
			return
		}
		off = step(z.lp, off)
	}
}

// cutRanks removes n members of a packed sorted set from a rank on.
func (z *ZSet) cutRanks(rank, n int) {
	if n > 0 {
		z.own()
		z.lp, z.changed = listpack.Delete(z.lp, listpack.Seek(z.lp, 2*rank), 2*n), true
	}
}

// heavyStride is how many steps of a walk of unknown length pass between two
// announcements.
const heavyStride = 512

// walkPlaces visits the members of a range of score pairs. Where it begins at an end, what is remembered of that comes first.
func (z *ZSet) walkPlaces(r placeRange, rev bool, visit visitScored) error {
	all := z.places()
	atEnd := !rev && string(r.from) <= string(all.from) || rev && string(r.to) >= string(all.to)
	if r = r.within(all); r.empty() {
		return nil
	}
	if atEnd {
		rest, err := z.walkEnd(r, rev, visit)
		if err != nil || rest.empty() {
			return err
		}
		r = rest
	}
	it, err := z.t.Iter(r.from, r.to)
	if err != nil {
		return err
	}
	defer it.Close()
	ok := !rev && it.First() || rev && it.Last()
	return z.walkFrom(it, ok, rev, visit)
}

// walkEnd visits what is remembered of a range that begins at an end, and returns what the store has to be asked for: an
// empty range if visit has had enough.
func (z *ZSet) walkEnd(r placeRange, rev bool, visit visitScored) (rest placeRange, err error) {
	items, err := z.recallEnd(z.window().end(rev), 1)
	if err != nil || len(items) == 0 {
		return r, err
	}
	var at []byte
	for _, it := range items {
		at = append(append(at[:0], z.Scores()...), z.place(it)...)
		if !rev && string(at) >= string(r.to) || rev && string(at) < string(r.from) || !visit(it.Member, it.Score) {
			return placeRange{}, nil
		}
	}
	switch {
	case len(items) == z.Len():
		return placeRange{}, nil
	case rev:
		return placeRange{r.from, at}, nil
	}
	return placeRange{append(at, 0), r.to}, nil
}

// walkFrom visits the members from where an iterator of score pairs stands.
func (z *ZSet) walkFrom(it Iter, ok, rev bool, visit visitScored) error {
	step := it.Next
	if rev {
		step = it.Prev
	}
	cut := len(z.Scores())
	for n := 1; ok; n++ {
		score, member, err := splitPlace(it.Key()[cut:], it.Value())
		if err != nil {
			return err
		}
		if !visit(member, score) {
			break
		}
		if n%heavyStride == 0 {
			if err := z.t.Heavy(n); err != nil {
				return err
			}
		}
		ok = step()
	}
	return it.Error()
}

// placeRange is a range of score pairs' keys, prefix included.
type placeRange struct{ from, to []byte }

// places returns the range of all score pairs, without the ends where it is known that nothing is left: what was removed has
// left tombstones there.
func (z *ZSet) places() placeRange {
	all := placeRange{z.bound(scoreBits(math.Inf(-1)), nil), z.bound(scoreBits(math.Inf(1))+1, nil)}
	w := z.window()
	if from := z.firstPlace(&w.low); from != nil {
		all.from = from
	}
	if to := z.firstPlace(&w.high); to != nil {
		all.to = append(to, 0)
	}
	return all
}

// firstPlace returns the key of the score pair before which nothing lies, seen from an end, or nil.
func (z *ZSet) firstPlace(e *zsetEnd) []byte {
	if !e.known {
		return nil
	}
	at := e.bound
	if len(e.items) > 0 {
		at = z.place(e.items[0])
	}
	prefix := z.Scores()
	return append(append(z.t.Scratch(len(prefix)+len(at)+1), prefix...), at...)
}

// within returns what two ranges share.
func (r placeRange) within(all placeRange) placeRange {
	if string(r.from) < string(all.from) {
		r.from = all.from
	}
	if string(r.to) > string(all.to) {
		r.to = all.to
	}
	return r
}

func (r placeRange) empty() bool { return string(r.from) >= string(r.to) }

// bound returns the smallest key of a score pair with a score as spelled by
// scoreBits, and a member that is not below the given one.
func (z *ZSet) bound(bits uint64, member []byte) []byte {
	key := binary.BigEndian.AppendUint64(append(z.t.Scratch(len(z.Name)+keyRoom+len(member)+1), z.Scores()...), bits)
	return append(key, member...)
}

// Each visits all members in any order until visit returns false.
func (z *ZSet) Each(visit visitScored) error {
	if z.Packed() {
		z.eachPacked(visit)
		return nil
	}
	if err := z.t.Heavy(z.Len()); err != nil {
		return err
	}
	return walkMembers(z.t, z.Elements(), func(member, raw []byte) (bool, error) {
		score, err := elementScore(raw)
		return err == nil && visit(member, score), err
	})
}

// Scan visits at least count members from a cursor on and returns the next one, 0
// at the end, as Hash.Scan does.
func (z *ZSet) Scan(cursor uint64, count int, visit func(member []byte, score float64)) (next uint64, err error) {
	if z.Packed() {
		z.eachPacked(func(m []byte, s float64) bool { visit(m, s); return true })
		return 0, nil
	}
	if err := z.t.Heavy(count); err != nil {
		return 0, err
	}
	return scanMembers(z.t, z.Elements(), cursor, count, scoredVisit(visit))
}

// scoredVisit turns a visit of members with scores into one of element pairs.
func scoredVisit(visit func(member []byte, score float64)) func(member, raw []byte) error {
	return func(member, raw []byte) error {
		score, err := elementScore(raw)
		if err == nil {
			visit(member, score)
		}
		return err
	}
}

// Random visits n random members, which may repeat.
func (z *ZSet) Random(n int, visit func(member []byte, score float64)) error {
	if z.Packed() {
		size := z.Len()
		for range n {
			z.walkPacked(rand.IntN(size), false, func(m []byte, s float64) bool { visit(m, s); return false })
		}
		return nil
	}
	if err := z.t.Heavy(n * seekCost); err != nil {
		return err
	}
	return randomMembers(z.t, z.Elements(), z.Len(), n, scoredVisit(visit))
}

// Sample visits n distinct random members; n is less than Len.
func (z *ZSet) Sample(n int, visit func(member []byte, score float64)) error {
	if z.Packed() || n*seekCost > z.Len() {
		pick := sampler{n, z.Len()}
		return z.Each(func(member []byte, score float64) bool {
			if pick.take() {
				visit(member, score)
			}
			return pick.need > 0
		})
	}
	if err := z.t.Heavy(n * seekCost); err != nil {
		return err
	}
	return sampleMembers(z.t, z.Elements(), z.Len(), n, scoredVisit(visit))
}
