// Package glob matches Redis's glob patterns.
//
// It promises the verdicts of Redis 7.0.15's stringmatchlen on x86-64 for
// every pattern and string, the odd ones included:
//
//   - '*' any run of bytes, '?' any one byte, '\x' the byte x;
//   - '[abc]', '[a-z]', '[^x]' one byte of (or not of) a class, where the class
//     also ends at the end of the pattern, ']' ends it even in first place,
//     and range bounds may come in either order;
//   - class ranges compare bytes as signed, as char is on x86;
//   - the empty string matches only the empty pattern, not "*";
//   - a pattern that needs more than 1000 non-final stars matches nothing.
//
// Matching takes O(len(pattern)*len(s)) time and allocates nothing; no input
// makes it panic.
package glob

// maxStars is Redis's nesting limit.
const maxStars = 1000

// Match reports whether s matches pattern.
func Match(pattern, s []byte) bool { return match(pattern, s, false) }

// MatchFold is Match without regard to the case of ASCII letters.
func MatchFold(pattern, s []byte) bool { return match(pattern, s, true) }

// match needs no recursion: when the part after a star fits nowhere, letting an
// earlier star take more cannot help, so only the last star is ever extended.
func match(p, s []byte, fold bool) bool {
	pi, si := 0, 0
	resume, taken := -1, 0 // pattern after the last star; where its rest was tried
	stars := 0
	for si < len(s) {
		if pi < len(p) && p[pi] == '*' {
			for pi < len(p) && p[pi] == '*' {
				pi++
			}
			if pi == len(p) {
				return true
			}
			if stars++; stars > maxStars {
				return false
			}
			resume, taken = pi, si
			continue
		}
		if pi < len(p) {
			if next, ok := matchOne(p, pi, s[si], fold); ok {
				pi = next
				si++
				continue
			}
		}
		if resume < 0 {
			return false
		}
		taken++
		pi, si = resume, taken
	}
	if len(s) == 0 {
		return len(p) == 0
	}
	// Every item since the last star takes exactly one byte, so a longer star
	// would only run out of bytes sooner: no need to go back.
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}

// matchOne matches c with the one-byte item at pi and returns the index of the
// item after it.
func matchOne(p []byte, pi int, c byte, fold bool) (next int, ok bool) {
	switch p[pi] {
	case '?':
		return pi + 1, true
	case '[':
		return matchClass(p, pi+1, c, fold)
	case '\\':
		if pi+1 < len(p) {
			pi++
		}
	}
	return pi + 1, same(p[pi], c, fold)
}

// matchClass matches c with the class whose first byte after '[' is at pi.
func matchClass(p []byte, pi int, c byte, fold bool) (next int, ok bool) {
	not := pi < len(p) && p[pi] == '^'
	if not {
		pi++
	}
	for ; pi < len(p) && p[pi] != ']'; pi++ {
		switch {
		case p[pi] == '\\' && pi+1 < len(p):
			// Redis compares escaped bytes with regard to case always.
			pi++
			ok = ok || p[pi] == c
		case pi+2 < len(p) && p[pi+1] == '-':
			ok = ok || inRange(p[pi], p[pi+2], c, fold)
			pi += 2
		default:
			ok = ok || same(p[pi], c, fold)
		}
	}
	return min(pi+1, len(p)), ok != not
}

func inRange(a, b, c byte, fold bool) bool {
	lo, hi, v := int8(a), int8(b), int8(c)
	if lo > hi {
		lo, hi = hi, lo
	}
	if fold { // after ordering, as Redis does, so that folding may empty a range
		lo, hi, v = int8(lower(byte(lo))), int8(lower(byte(hi))), int8(lower(c))
	}
	return lo <= v && v <= hi
}

func same(a, b byte, fold bool) bool {
	return a == b || fold && lower(a) == lower(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// Prefix returns the longest literal prefix that every string accepted by
// Match must start with. It shares pattern's memory unless an escape forces a
// copy.
func Prefix(pattern []byte) []byte {
	i := 0
	for i < len(pattern) && !special(pattern[i]) {
		i++
	}
	if i == len(pattern) || pattern[i] != '\\' {
		return pattern[:i:i]
	}
	out := append([]byte(nil), pattern[:i]...)
	for ; i < len(pattern); i++ {
		c := pattern[i]
		if c == '\\' && i+1 < len(pattern) {
			i++
			c = pattern[i]
		} else if c != '\\' && special(c) {
			break
		}
		out = append(out, c)
	}
	return out
}

func special(c byte) bool { return c == '*' || c == '?' || c == '[' || c == '\\' }
