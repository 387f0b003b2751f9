package datatype

import (
	"encoding/binary"
	"math"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// ZSet is a sorted set as one command sees it. Its order is by score, then by
// member. While small it is one listpack of member, score, member, score … in that
// order in the head; when it outgrows the limits each member has two pairs: an
// element pair, which holds its score, and a score pair, whose key is its place in
// the order.
//
// Packed changes gather in memory: call Save when all are made.
type ZSet struct {
	Key
	lp      []byte // packed: the current bytes; owned when owned is set
	owned   bool
	changed bool // the head must be written
}

// LoadZSet reads the head of a sorted set; one that does not exist is empty.
func LoadZSet(t Txn, name []byte) (ZSet, error) {
	k, err := LoadType(t, name, layout.TypeZSet)
	return openZSet(k), err
}

func openZSet(k Key) ZSet {
	z := ZSet{Key: k}
	if k.Exists && k.Head.Encoding == layout.EncListpack {
		z.lp = k.Head.Value
	}
	return z
}

// Packed says whether the sorted set is one pair.
func (z *ZSet) Packed() bool { return !z.Exists || z.Head.Encoding == layout.EncListpack }

// Len is the number of members.
func (z *ZSet) Len() int {
	switch {
	case !z.Exists:
		return 0
	case z.Packed():
		return listpack.Len(z.lp) / 2
	}
	return int(z.Head.Count)
}

// Score returns a member's score.
func (z *ZSet) Score(member []byte) (score float64, found bool, err error) {
	score, _, found, err = z.find(member)
	return score, found, err
}

// find is Score; off is the member's place in the listpack.
func (z *ZSet) find(member []byte) (score float64, off int, found bool, err error) {
	if !z.Exists {
		return 0, -1, false, nil
	}
	if z.Packed() {
		off = listpack.Find(z.lp, listpack.First(z.lp), member, 1)
		if off < 0 {
			return 0, -1, false, nil
		}
		return scoreAt(z.lp, listpack.Next(z.lp, off)), off, true, nil
	}
	raw, found, err := z.t.Get(z.Member(member))
	if err != nil || !found {
		return 0, -1, false, err
	}
	score, err = elementScore(raw)
	return score, -1, err == nil, err
}

// scoreAt reads a score in a listpack.
func scoreAt(lp []byte, off int) float64 {
	v := listpack.Get(lp, off)
	if v.IsInt {
		return float64(v.Int)
	}
	f, _ := numeric.ParseFloat(v.Str)
	return f
}

// elementScore reads the value of an element pair: the bits of the score, so that
// even -0 survives.
func elementScore(raw []byte) (float64, error) {
	if len(raw) != 8 {
		return 0, layout.ErrCorrupt
	}
	return math.Float64frombits(binary.BigEndian.Uint64(raw)), nil
}

// ZAdd says under which conditions Add changes something.
type ZAdd struct {
	NX, XX bool // only add, only update
	GT, LT bool // update only to a greater or lesser score
	Incr   bool // the score is added to the present one
}

// ZAdded is what Add has done.
type ZAdded uint8

const (
	ZRefused ZAdded = iota // a condition did not hold
	ZKept                  // the score was the same before
	ZUpdated
	ZCreated
)

// Add gives a member a score, and returns the score that it has then. Save must
// follow.
func (z *ZSet) Add(member []byte, score float64, how ZAdd) (ZAdded, float64, error) {
	old, off, found, err := z.find(member)
	if err != nil {
		return ZRefused, 0, err
	}
	if !found {
		if how.XX {
			return ZRefused, 0, nil
		}
		z.insert(member, score)
		return ZCreated, score, nil
	}
	if how.NX {
		return ZRefused, 0, nil
	}
	if how.Incr {
		if score += old; math.IsNaN(score) {
			return ZRefused, 0, resp.ErrScoreNaN
		}
	}
	if how.LT && score >= old || how.GT && score <= old {
		return ZRefused, 0, nil
	}
	if score == old {
		return ZKept, score, nil
	}
	if z.Packed() {
		z.cut(off)
		z.insertPacked(member, score)
	} else {
		z.t.Delete(z.Key.Score(old, member))
		z.leaveWindow(member, old)
		z.putPairs(member, score)
		z.joinWindow(member, score, z.Len()-1)
	}
	return ZUpdated, score, nil
}

// insert adds a member that is not there.
func (z *ZSet) insert(member []byte, score float64) {
	if !z.Exists {
		z.Reset(layout.TypeZSet, layout.EncListpack)
		z.lp, z.owned = append(z.t.Scratch(256), emptyListpack...), true
	}
	if z.Packed() {
		if z.fits(member) {
			z.insertPacked(member, score)
			return
		}
		z.unpack()
	}
	z.putPairs(member, score)
	z.joinWindow(member, score, z.Len())
	z.Head.Count++
	z.changed = true
}

// fits says whether the listpack takes one more member.
func (z *ZSet) fits(member []byte) bool {
	lim := z.t.Limits()
	return int64(z.Len()) < lim.ZSetMaxListpackEntries && int64(len(member)) <= lim.ZSetMaxListpackValue &&
		listpack.SafeToAdd(z.lp, len(member))
}

// minusZero is the value of the score pair of a member whose score is -0, which
// keys do not tell from 0. Others are empty.
var minusZero = []byte{'-'}

// putPairs writes the pairs of a member that has no score pair.
func (z *ZSet) putPairs(member []byte, score float64) {
	bits := math.Float64bits(score)
	z.t.Put(z.Member(member), binary.BigEndian.AppendUint64(z.t.Scratch(8), bits))
	var mark []byte
	if bits == 1<<63 {
		mark = minusZero
	}
	z.t.Put(z.Key.Score(score, member), mark)
}

func (z *ZSet) own() {
	if !z.owned {
		z.lp, z.owned = append(z.t.Scratch(len(z.lp)+256), z.lp...), true
	}
}

// insertPacked puts a member and its score at their place in the listpack.
func (z *ZSet) insertPacked(member []byte, score float64) {
	z.own()
	z.changed = true
	text := scoreText(z.t, score)
	off := z.placePacked(member, score)
	if off < 0 {
		z.lp = listpack.Append(listpack.Append(z.lp, member), text)
		return
	}
	z.lp = listpack.Insert(z.lp, off, true, member)
	z.lp = listpack.Insert(z.lp, off, false, text)
}

// placePacked returns the offset of the first member that comes after the given
// one, or -1.
func (z *ZSet) placePacked(member []byte, score float64) int {
	last := listpack.Last(z.lp)
	if last < 0 || scoreAt(z.lp, last) < score {
		return -1
	}
	text := z.t.Scratch(20)
	for off := listpack.First(z.lp); off >= 0; {
		at := listpack.Next(z.lp, off)
		if s := scoreAt(z.lp, at); s > score || s == score && string(entryBytes(z.lp, off, text)) > string(member) {
			return off
		}
		off = listpack.Next(z.lp, at)
	}
	return -1
}

// entryBytes returns the bytes of a listpack entry; integers are printed into text.
func entryBytes(lp []byte, off int, text []byte) []byte {
	v := listpack.Get(lp, off)
	if v.IsInt {
		return v.Append(text)
	}
	return v.Str
}

// scoreText is how a listpack spells a score.
func scoreText(t Txn, score float64) []byte {
	if n, whole := numeric.ScoreInt(score); whole {
		return numeric.AppendInt(t.Scratch(20), n)
	}
	return numeric.AppendScore(t.Scratch(32), score)
}

// cut removes the member at an offset of the listpack.
func (z *ZSet) cut(off int) {
	z.own()
	z.lp, z.changed = listpack.Delete(z.lp, off, 2), true
}

// unpack gives each member its pairs.
func (z *ZSet) unpack() {
	packed := *z
	z.Expand()
	z.lp, z.owned, z.changed = nil, false, true
	z.Head.Count = uint64(packed.Len())
	packed.eachPacked(func(member []byte, score float64) bool {
		z.putPairs(member, score)
		return true
	})
}

// Remove takes a member out and says whether it was there. Save must follow.
func (z *ZSet) Remove(member []byte) (bool, error) {
	score, off, found, err := z.find(member)
	if err != nil || !found {
		return false, err
	}
	if z.Packed() {
		z.cut(off)
	} else {
		z.removeExpanded(member, score)
	}
	return true, nil
}

func (z *ZSet) removeExpanded(member []byte, score float64) {
	z.t.Delete(z.Member(member))
	z.t.Delete(z.Key.Score(score, member))
	z.leaveWindow(member, score)
	z.Head.Count--
	z.changed = true
}

// Save writes what has changed; an empty sorted set is removed (D3).
func (z *ZSet) Save() {
	if !z.changed && z.Head.Home == nil {
		return
	}
	z.changed = false
	if z.Len() == 0 {
		z.Key.Remove()
		return
	}
	if z.Packed() {
		z.Head.Value = z.lp
	}
	z.Key.Save()
}
