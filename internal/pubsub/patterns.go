package pubsub

import (
	"slices"

	"github.com/haypile/haypile/internal/algo/glob"
)

// patternIndex finds the patterns that may match a channel by what they literally
// begin with: one look-up for each length that such beginnings have.
type patternIndex struct {
	byPrefix map[string][]*topic
	lengths  []int // of the keys of byPrefix, ascending
}

func (x *patternIndex) add(t *topic) {
	prefix := string(glob.Prefix([]byte(t.name)))
	x.byPrefix[prefix] = append(x.byPrefix[prefix], t)
	if at, found := slices.BinarySearch(x.lengths, len(prefix)); !found {
		x.lengths = slices.Insert(x.lengths, at, len(prefix))
	}
}

func (x *patternIndex) remove(t *topic) {
	prefix := string(glob.Prefix([]byte(t.name)))
	list := slices.DeleteFunc(x.byPrefix[prefix], func(o *topic) bool { return o == t })
	if len(list) > 0 {
		x.byPrefix[prefix] = list
		return
	}
	delete(x.byPrefix, prefix)
	for other := range x.byPrefix {
		if len(other) == len(prefix) {
			return
		}
	}
	if at, found := slices.BinarySearch(x.lengths, len(prefix)); found {
		x.lengths = slices.Delete(x.lengths, at, at+1)
	}
}

// match calls found for each pattern that matches.
func (x *patternIndex) match(channel []byte, found func(*topic)) {
	for _, n := range x.lengths {
		if n > len(channel) {
			return
		}
		for _, t := range x.byPrefix[string(channel[:n])] {
			if glob.Match([]byte(t.name), channel) {
				found(t)
			}
		}
	}
}
