// Package spelling finds the name that a mistyped one most likely meant.
package spelling

import "iter"

// Nearest returns the candidate nearest to a name, or "" if none is near: one typing
// error for short names, up to three for long ones.
func Nearest(name string, candidates iter.Seq[string]) string {
	best, limit := "", min(max(1, min(3, len(name)/4))+1, len(name))
	for candidate := range candidates {
		if d := distance(name, candidate, limit); d < limit {
			best, limit = candidate, d
		}
	}
	return best
}

// distance counts insertions, deletions, changes and swaps of neighbours that
// turn a into b. Lengths that differ by limit or more are not looked at.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	var before, above []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, above, row = above, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
