package hyperloglog

// Limits of the sparse opcodes.
const (
	zeroMaxLen  = 64 // registers in a one-byte run of zeros
	valMaxValue = 32
	valMaxLen   = 4 // registers in a run of one value
)

// run is one decoded opcode.
type run struct {
	n     int  // registers covered
	value byte // 0 for both zero opcodes
	size  int  // bytes of the opcode, 0 if it is cut off
}

// runAt decodes the opcode at the start of p, which is not empty.
func runAt(p []byte) run {
	c := p[0]
	switch {
	case c&0x80 != 0:
		return run{n: int(c&3) + 1, value: c>>2&31 + 1, size: 1}
	case c&0x40 == 0:
		return run{n: int(c) + 1, size: 1}
	case len(p) < 2:
		return run{}
	}
	return run{n: int(c&0x3F)<<8 + int(p[1]) + 1, size: 2}
}

func valOp(value byte, n int) byte { return 0x80 | (value-1)<<2 | byte(n-1) }

// appendZeros appends the opcode for n zero registers.
func appendZeros(dst []byte, n int) []byte {
	if n <= zeroMaxLen {
		return append(dst, byte(n-1))
	}
	return append(dst, 0x40|byte((n-1)>>8), byte(n-1))
}

// walk calls f for every run of the sparse string b and returns ErrCorrupt
// unless the runs cover all registers exactly. Runs given to f never pass the
// last register.
func walk(b []byte, f func(from, n int, value byte)) error {
	at := 0
	for p := b[headerLen:]; len(p) > 0; {
		r := runAt(p)
		if r.size == 0 || at+r.n > registers {
			return ErrCorrupt
		}
		f(at, r.n, r.value)
		at += r.n
		p = p[r.size:]
	}
	if at != registers {
		return ErrCorrupt
	}
	return nil
}

// sparseSet raises register index of the sparse string b to value. It returns
// the string, dense if it had to be promoted, and whether the register changed.
func sparseSet(b []byte, index int, value byte, sparseMax int) (out []byte, changed bool, err error) {
	if value > valMaxValue {
		return promote(b, index, value)
	}
	prev, pos, first := headerLen, headerLen, 0
	var r run
	for {
		if pos >= len(b) {
			return b, false, ErrCorrupt
		}
		if r = runAt(b[pos:]); r.size == 0 {
			return b, false, ErrCorrupt
		}
		if index < first+r.n {
			break
		}
		prev, first, pos = pos, first+r.n, pos+r.size
	}
	if r.value >= value {
		return b, false, nil
	}
	if r.n == 1 && r.size == 1 {
		b[pos] = valOp(value, 1)
		return mergeRuns(b, prev), true, nil
	}
	var buf [5]byte
	seq := appendRun(buf[:0], r.value, index-first)
	seq = append(seq, valOp(value, 1))
	seq = appendRun(seq, r.value, first+r.n-1-index)
	delta := len(seq) - r.size
	if delta > 0 && len(b)+delta > sparseMax {
		return promote(b, index, value)
	}
	b = resize(b, pos, r.size, len(seq))
	copy(b[pos:], seq)
	return mergeRuns(b, prev), true, nil
}

// appendRun appends the opcode for n registers of value, or nothing if n is 0.
func appendRun(dst []byte, value byte, n int) []byte {
	if n == 0 {
		return dst
	}
	if value == 0 {
		return appendZeros(dst, n)
	}
	return append(dst, valOp(value, n))
}

// resize makes the old bytes at pos take size bytes, moving what follows.
func resize(b []byte, pos, old, size int) []byte {
	n := len(b)
	if size > old {
		b = append(b, make([]byte, size-old)...)
	}
	copy(b[pos+size:], b[pos+old:n])
	return b[:n+size-old]
}

// mergeRuns joins adjacent runs of one value near pos. Redis looks at five
// opcodes only, a successful join counting as one of them, and so must we.
func mergeRuns(b []byte, pos int) []byte {
	for scan := 5; scan > 0 && pos < len(b); scan-- {
		r := runAt(b[pos:])
		if r.value == 0 {
			pos += max(r.size, 1)
			continue
		}
		if pos+1 < len(b) {
			next := runAt(b[pos+1:])
			if next.value == r.value && r.n+next.n <= valMaxLen {
				b[pos+1] = valOp(r.value, r.n+next.n)
				b = resize(b, pos, 1, 0)
				continue
			}
		}
		pos++
	}
	return b
}

// promote makes b dense and raises the register there.
func promote(b []byte, index int, value byte) (out []byte, changed bool, err error) {
	out, err = ToDense(b)
	if err != nil {
		return b, false, err
	}
	return out, denseSet(out[headerLen:], index, value), nil
}

// ToDense returns the dense form of b with the same header otherwise, or b
// itself if it is dense. On error b is returned as it was.
func ToDense(b []byte) ([]byte, error) {
	if err := CheckHeader(b); err != nil || IsDense(b) {
		return b, err
	}
	out := make([]byte, DenseLen)
	copy(out, b[:headerLen])
	out[4] = encodingDense
	err := walk(b, func(from, n int, v byte) {
		if v == 0 {
			return
		}
		for i := from; i < from+n; i++ {
			denseSet(out[headerLen:], i, v)
		}
	})
	if err != nil {
		return b, err
	}
	return out, nil
}
