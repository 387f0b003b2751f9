package datatype

import (
	"encoding/binary"
	"slices"

	"github.com/haypile/haypile/internal/layout"
)

// Ranks turns the indexes of a range, of which negative ones count from the end,
// into the first rank and the number of members.
func Ranks(start, stop int64, size int) (from, n int) {
	length := int64(size)
	if start < 0 {
		start = max(0, start+length)
	}
	if stop < 0 {
		stop += length
	}
	stop = min(stop, length-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop - start + 1)
}

// RangeByRank visits n members from a rank on, which counts from the end where rev
// begins. It comes from the nearer end.
func (z *ZSet) RangeByRank(from, n int, rev bool, visit visitScored) error {
	if n == 0 {
		return nil
	}
	left := n
	counted := func(member []byte, score float64) bool {
		left--
		return visit(member, score) && left > 0
	}
	if z.Packed() {
		z.walkPacked(from, rev, counted)
		return nil
	}
	if done, err := z.rankEnd(from, n, rev, counted); done || err != nil {
		return err
	}
	back := z.Len() - 1 - from // steps from the other end
	if err := z.t.Heavy(min(from, back) + n); err != nil {
		return err
	}
	all := z.places()
	it, err := z.t.Iter(all.from, all.to)
	if err != nil {
		return err
	}
	defer it.Close()
	return z.walkFrom(it, seekRank(it, from, back, rev), rev, counted)
}

// rankEnd visits n members from a rank on, as RangeByRank does, if what is remembered of the nearer end has them all.
func (z *ZSet) rankEnd(from, n int, rev bool, visit visitScored) (done bool, err error) {
	low, high := from, from+n-1 // ranks from the lowest member on
	if rev {
		low, high = z.Len()-1-high, z.Len()-1-low
	}
	atHigh := z.Len()-1-low < high
	need := high + 1
	if atHigh {
		need = z.Len() - low
	}
	items, err := z.recallEnd(z.window().end(atHigh), need)
	if err != nil || len(items) < need {
		return false, err
	}
	span := items[need-n : need]
	if atHigh == rev {
		for _, it := range span {
			if !visit(it.Member, it.Score) {
				break
			}
		}
		return true, nil
	}
	for _, it := range slices.Backward(span) {
		if !visit(it.Member, it.Score) {
			break
		}
	}
	return true, nil
}

// seekRank puts an iterator on a rank, which is so many steps from either end.
func seekRank(it Iter, from, back int, rev bool) bool {
	if rev {
		from, back = back, from
	}
	if from <= back {
		ok := it.First()
		for ; ok && from > 0; from-- {
			ok = it.Next()
		}
		return ok
	}
	ok := it.Last()
	for ; ok && back > 0; back-- {
		ok = it.Prev()
	}
	return ok
}

// scoreBits spells a score so that numbers are ordered as scores.
func scoreBits(score float64) uint64 {
	var b [8]byte
	return binary.BigEndian.Uint64(layout.AppendScore(b[:0], score))
}

// ScoreRange is a range of scores as scoreBits spells them: From is in it, To is not.
type ScoreRange struct{ From, To uint64 }

// NewScoreRange returns the scores between two, which are in the range unless open.
func NewScoreRange(low, high float64, lowOpen, highOpen bool) ScoreRange {
	r := ScoreRange{scoreBits(low), scoreBits(high)}
	if lowOpen {
		r.From++
	}
	if !highOpen {
		r.To++
	}
	return r
}

// RangeByScore visits the members with scores in a range until visit returns false.
func (z *ZSet) RangeByScore(r ScoreRange, rev bool, visit visitScored) error {
	if !z.Exists || r.From >= r.To {
		return nil
	}
	if !z.Packed() {
		return z.walkPlaces(z.scorePlaces(r), rev, visit)
	}
	z.walkPacked(0, rev, func(member []byte, score float64) bool {
		switch bits := scoreBits(score); {
		case bits < r.From:
			return !rev
		case bits >= r.To:
			return rev
		}
		return visit(member, score)
	})
	return nil
}

func (z *ZSet) scorePlaces(r ScoreRange) placeRange {
	return placeRange{z.bound(r.From, nil), z.bound(r.To, nil)}
}

// LexBound is an end of a range of members.
type LexBound struct {
	Member []byte
	Inf    int // -1 is below all members, 1 above them
	Open   bool
}

// LexRange is a range of members of one score.
type LexRange struct{ Min, Max LexBound }

// order is negative when a bound lies below the member, positive when above.
func (b *LexBound) order(member []byte) int {
	switch {
	case b.Inf != 0:
		return b.Inf
	case string(b.Member) < string(member):
		return -1
	case string(b.Member) > string(member):
		return 1
	}
	return 0
}

func (r *LexRange) fromMin(member []byte) bool {
	o := r.Min.order(member)
	return o < 0 || o == 0 && !r.Min.Open
}

func (r *LexRange) toMax(member []byte) bool {
	o := r.Max.order(member)
	return o > 0 || o == 0 && !r.Max.Open
}

// RangeByLex visits the members of a range until visit returns false. It means
// something only where all scores are the same; where not, it does what Redis does
// with a listpack: it begins at the first member beyond one bound and ends at the next
// one beyond the other.
func (z *ZSet) RangeByLex(r LexRange, rev bool, visit visitScored) error {
	if !z.Exists || r.Min.Inf > 0 || r.Max.Inf < 0 {
		return nil
	}
	first, last, err := z.ends()
	if err != nil || !r.fromMin(last.Member) || !r.toMax(first.Member) {
		return err
	}
	if z.Packed() {
		z.walkPacked(0, rev, lexVisit(r, rev, visit))
		return nil
	}
	if first.Score == last.Score {
		return z.walkPlaces(z.lexPlaces(first.Score, r), rev, visit)
	}
	return z.walkPlaces(z.places(), rev, lexVisit(r, rev, visit))
}

func lexVisit(r LexRange, rev bool, visit visitScored) visitScored {
	enter, stay := r.fromMin, r.toMax
	if rev {
		enter, stay = stay, enter
	}
	inside := false
	return func(member []byte, score float64) bool {
		if !inside {
			if !enter(member) {
				return true
			}
			inside = true
		}
		return stay(member) && visit(member, score)
	}
}

// ends returns copies of the first and the last member.
func (z *ZSet) ends() (first, last ZItem, err error) {
	var items Items
	keep := func(member []byte, score float64) bool { items.Add(member, score); return false }
	if z.Packed() {
		z.walkPacked(0, false, keep)
		z.walkPacked(0, true, keep)
	} else {
		for _, rev := range [...]bool{false, true} {
			if err := z.walkPlaces(z.places(), rev, keep); err != nil {
				return first, last, err
			}
		}
	}
	if len(items.List) < 2 {
		return first, last, layout.ErrCorrupt
	}
	return items.List[0], items.List[1], nil
}

// lexPlaces is a range of members as one of score pairs.
func (z *ZSet) lexPlaces(score float64, r LexRange) placeRange {
	bits := scoreBits(score)
	in := placeRange{z.bound(bits, r.Min.Member), z.bound(bits, r.Max.Member)}
	if r.Min.Inf < 0 {
		in.from = z.bound(bits, nil)
	} else if r.Min.Open {
		in.from = append(in.from, 0)
	}
	if r.Max.Inf > 0 {
		in.to = z.bound(bits+1, nil)
	} else if !r.Max.Open {
		in.to = append(in.to, 0)
	}
	return in
}

// RemoveItems removes members that are there. Save must follow.
func (z *ZSet) RemoveItems(items []ZItem) error {
	switch {
	case z.Packed():
		for _, it := range items {
			if _, err := z.Remove(it.Member); err != nil {
				return err
			}
		}
	case len(items) == z.Len():
		z.window().Drop()
		z.Key.Remove()
		z.changed = false
	default:
		if err := z.t.Heavy(len(items)); err != nil {
			return err
		}
		for _, it := range items {
			z.removeExpanded(it.Member, it.Score)
		}
	}
	return nil
}
