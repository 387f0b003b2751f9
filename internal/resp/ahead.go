package resp

// Ahead appends the first argument after the name of each command that buf holds whole, up to most
// commands, to dst: in nearly all commands that is a key. It is a guess about what will be parsed soon:
// it stops at anything unusual, and what it returns promises nothing.
func Ahead(dst [][]byte, buf []byte, most int) [][]byte {
	for at := 0; most > 0; most-- {
		count, next := plainHeader(buf, at, '*')
		if count < 1 || count > 64 {
			return dst
		}
		for arg := range count {
			size, from := plainHeader(buf, next, '$')
			if size < 0 || from+size+2 > len(buf) {
				return dst
			}
			if arg == 1 {
				dst = append(dst, buf[from:from+size])
			}
			next = from + size + 2
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
