package lua

import "strings"

// matcher matches one pattern of Lua.
type matcher struct {
	t       *Thread
	src     string
	pat     string
	level   int
	caps    [maxCaptures]capture
	pending int // steps not yet reported
	depth   int
}

type capture struct{ start, length int }

const (
	maxCaptures  = 32
	maxDepth     = 10000 // of nested items; bounds Go's stack
	captureOpen  = -1
	capturePlace = -2
	specials     = "^$*+?.([%-"
)

// step counts work; a pattern can take exponential time.
func (m *matcher) step() {
	if m.pending++; m.pending >= 64 {
		m.t.st.Steps(m.pending)
		m.pending = 0
	}
}

// match matches the pattern from p on at s and returns the end of the match, or -1.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxDepth {
		m.t.Errorf("pattern too complex")
	}
	defer func() { m.depth-- }()
	for p < len(m.pat) {
		m.step()
		switch c := m.pat[p]; {
		case c == '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.open(s, p+2, capturePlace)
			}
			return m.open(s, p+1, captureOpen)
		case c == ')':
			return m.close(s, p+1)
		case c == '%' && p+1 < len(m.pat) && m.pat[p+1] == 'b':
			if s = m.balance(s, p+2); s < 0 {
				return -1
			}
			p += 4
			continue
		case c == '%' && p+1 < len(m.pat) && m.pat[p+1] == 'f':
			end := m.frontier(s, p+2)
			if end < 0 {
				return -1
			}
			p = end
			continue
		case c == '%' && p+1 < len(m.pat) && isDigit(m.pat[p+1]):
			if s = m.backReference(s, m.pat[p+1]); s < 0 {
				return -1
			}
			p += 2
			continue
		case c == '$' && p+1 == len(m.pat):
			if s == len(m.src) {
				return s
			}
			return -1
		}
		ep := m.classEnd(p)
		suffix := byte(0)
		if ep < len(m.pat) {
			suffix = m.pat[ep]
		}
		switch suffix {
		case '?':
			if m.single(s, p, ep) {
				if end := m.match(s+1, ep+1); end >= 0 {
					return end
				}
			}
			p = ep + 1
			continue
		case '*':
			return m.maxExpand(s, p, ep)
		case '+':
			if !m.single(s, p, ep) {
				return -1
			}
			return m.maxExpand(s+1, p, ep)
		case '-':
			return m.minExpand(s, p, ep)
		}
		if !m.single(s, p, ep) {
			return -1
		}
		s, p = s+1, ep
	}
	return s
}

func (m *matcher) open(s, p, length int) int {
	if m.level >= maxCaptures {
		m.t.Errorf("too many captures")
	}
	m.caps[m.level] = capture{s, length}
	m.level++
	end := m.match(s, p)
	if end < 0 {
		m.level--
	}
	return end
}

func (m *matcher) close(s, p int) int {
	l := -1
	for i := m.level - 1; i >= 0; i-- {
		if m.caps[i].length == captureOpen {
			l = i
			break
		}
	}
	if l < 0 {
		m.t.Errorf("invalid pattern capture")
	}
	m.caps[l].length = s - m.caps[l].start
	end := m.match(s, p)
	if end < 0 {
		m.caps[l].length = captureOpen
	}
	return end
}

func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		m.t.Errorf("unbalanced pattern")
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	begin, end, depth := m.pat[p], m.pat[p+1], 1
	for i := s + 1; i < len(m.src); i++ {
		m.step()
		switch c := m.src[i]; {
		case c == end:
			if depth--; depth == 0 {
				return i + 1
			}
		case c == begin:
			depth++
		}
	}
	return -1
}

// frontier returns where the pattern goes on if a set begins to match at s, else -1.
func (m *matcher) frontier(s, p int) int {
	if p >= len(m.pat) || m.pat[p] != '[' {
		m.t.Errorf("missing '[' after '%%f' in pattern")
	}
	ep := m.classEnd(p)
	before, at := byte(0), byte(0)
	if s > 0 {
		before = m.src[s-1]
	}
	if s < len(m.src) {
		at = m.src[s]
	}
	if m.inSet(before, p, ep-1) || !m.inSet(at, p, ep-1) {
		return -1
	}
	return ep
}

func (m *matcher) backReference(s int, digit byte) int {
	l := int(digit) - '1'
	if l < 0 || l >= m.level || m.caps[l].length == captureOpen {
		m.t.Errorf("invalid capture index")
	}
	c := m.caps[l]
	if c.length >= 0 && strings.HasPrefix(m.src[s:], m.src[c.start:c.start+c.length]) {
		return s + c.length
	}
	return -1
}

// classEnd returns where a single-character class ends.
func (m *matcher) classEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pat) {
			m.t.Errorf("malformed pattern (ends with '%%')")
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pat) || m.pat[p] != ']'; first = false {
			if p >= len(m.pat) {
				m.t.Errorf("malformed pattern (missing ']')")
			}
			c := m.pat[p]
			p++
			if c == '%' && p < len(m.pat) {
				p++
			}
		}
		return p + 1
	}
	return p
}

func (m *matcher) single(s, p, ep int) bool {
	if s >= len(m.src) {
		return false
	}
	c := m.src[s]
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, ep-1)
	}
	return m.pat[p] == c
}

// inSet matches a byte against [set], end being the place of the closing bracket.
func (m *matcher) inSet(c byte, p, end int) bool {
	want := true
	if p+1 < len(m.pat) && m.pat[p+1] == '^' {
		want = false
		p++
	}
	for p++; p < end; p++ {
		switch {
		case m.pat[p] == '%':
			p++
			if inClass(c, m.pat[p]) {
				return want
			}
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return want
			}
			p += 2
		case m.pat[p] == c:
			return want
		}
	}
	return !want
}

func inClass(c, class byte) bool {
	in := false
	switch class | 0x20 {
	case 'a':
		in = isAlpha(c)
	case 'c':
		in = c < ' ' || c == 0x7f
	case 'd':
		in = isDigit(c)
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > ' ' && c < 0x7f && !isAlpha(c) && !isDigit(c)
	case 's':
		in = isSpace(c)
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = isAlpha(c) || isDigit(c)
	case 'x':
		in = hexDigit(c) >= 0
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !isAlpha(class) {
		return class == c
	}
	return in != (class >= 'A' && class <= 'Z')
}

func (m *matcher) maxExpand(s, p, ep int) int {
	n := 0
	for m.single(s+n, p, ep) {
		m.step()
		n++
	}
	for ; n >= 0; n-- {
		m.step()
		if end := m.match(s+n, ep+1); end >= 0 {
			return end
		}
	}
	return -1
}

func (m *matcher) minExpand(s, p, ep int) int {
	for {
		m.step()
		if end := m.match(s, ep+1); end >= 0 {
			return end
		}
		if !m.single(s, p, ep) {
			return -1
		}
		s++
	}
}

// capture returns the nth capture; the whole match stands for the first if there is none.
func (m *matcher) capture(n, at, end int) Value {
	if n >= m.level {
		if n != 0 {
			m.t.Errorf("invalid capture index")
		}
		return m.t.st.String(strings.Clone(m.src[at:end]))
	}
	c := m.caps[n]
	switch c.length {
	case captureOpen:
		m.t.Errorf("unfinished capture")
	case capturePlace:
		return Int(c.start + 1)
	}
	return m.t.st.String(strings.Clone(m.src[c.start : c.start+c.length]))
}

// captures pushes all captures, or, where at is not negative and there are none, the whole match.
func (m *matcher) captures(at, end int) int {
	n := m.level
	if n == 0 && at >= 0 {
		n = 1
	}
	m.t.CheckRoom(n, "too many captures")
	for i := range n {
		m.t.push(m.capture(i, at, end))
	}
	return n
}
