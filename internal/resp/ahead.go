package resp

// Guess is what a command that will be parsed soon is about. It may not be whole yet.
type Guess struct {
	// Key is its first argument: in nearly all commands that is a key.
	Key []byte
	// Member is what it may ask of a collection: the next argument, or, where that looks like a number (a score, an
	// increment), the one after it. It is empty if there is none.
	Member []byte
}

// Ahead appends a guess for each of the next commands in buf, up to most commands, to dst. It stops at anything
// unusual, and what it returns promises nothing.
func Ahead(dst []Guess, buf []byte, most int) []Guess {
	for at := 0; most > 0; most-- {
		count, next := plainHeader(buf, at, '*')
		if count < 1 || count > 64 {
			return dst
		}
		var args [4][]byte
		whole := true
		for arg := 0; arg < count && whole; arg++ {
			size, from := plainHeader(buf, next, '$')
			if whole = size >= 0 && from+size+2 <= len(buf); whole && arg < len(args) {
				args[arg] = buf[from : from+size]
			}
			next = from + size + 2
		}
		if args[1] != nil {
			g := Guess{Key: args[1], Member: args[2]}
			if args[3] != nil && len(args[2]) > 0 && args[2][0] <= '9' {
				g.Member = args[3]
			}
			dst = append(dst, g)
		}
		if !whole {
			return dst
		}
		at = next
	}
	return dst
}

// plainHeader reads a header like "*3\r\n" of at most six digits at a place; n is -1 if there is none.
func plainHeader(buf []byte, at int, kind byte) (n, next int) {
	if at+4 > len(buf) || buf[at] != kind {
		return -1, 0
	}
	for i := at + 1; i < len(buf) && i < at+8; i++ {
		switch c := buf[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == '\r' && i > at+1:
			return n, i + 2
		default:
			return -1, 0
		}
	}
	return -1, 0
}
