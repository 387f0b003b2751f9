package hyperloglog

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// Opcodes spells the run-length code of a sparse b as PFDEBUG DECODE does: z:n and
// Z:n for n registers of 0 in the short and the long form, v:value,n for others.
func Opcodes(b []byte) (string, error) {
	var out []byte
	for p := b[headerLen:]; len(p) > 0; {
		r := runAt(p)
		if r.size == 0 {
			return "", ErrCorrupt
		}
		if len(out) > 0 {
			out = append(out, ' ')
		}
		switch {
		case r.value > 0:
			out = append(out, 'v', ':')
			out = append(strconv.AppendInt(out, int64(r.value), 10), ',')
		case r.size == 2:
			out = append(out, 'Z', ':')
		default:
			out = append(out, 'z', ':')
		}
		out = strconv.AppendInt(out, int64(r.n), 10)
		p = p[r.size:]
	}
	return string(out), nil
}

// SelfTest checks the code on the machine that it runs on, as PFSELFTEST does: the
// packing of registers, and that estimates stay within six standard errors, the same
// in both encodings. It takes some tenths of a second.
func SelfTest() error {
	if err := testRegisters(); err != nil {
		return err
	}
	return testEstimates(1_000_000)
}

func testRegisters() error {
	dense, err := ToDense(New())
	if err != nil {
		return err
	}
	var want [registers]byte
	seed := uint64(1)
	for range 200 {
		for i := range want {
			seed = seed*6364136223846793005 + 1442695040888963407
			if v := byte(seed>>33) & (1<<bits - 1); denseSet(dense[headerLen:], i, v) {
				want[i] = v
			}
		}
		for i, v := range want {
			if got := denseGet(dense[headerLen:], i); got != v {
				return fmt.Errorf("register %d should be %d but is %d", i, v, got)
			}
		}
		clear(dense[headerLen:])
		clear(want[:])
	}
	return nil
}

func testEstimates(most int) error {
	sparse := New()
	dense, err := ToDense(New())
	if err != nil {
		return err
	}
	InvalidateCache(sparse)
	InvalidateCache(dense)
	check := 1
	for i := 1; i <= most; i++ {
		var elem [8]byte
		binary.LittleEndian.PutUint64(elem[:], uint64(i)^0x9e3779b97f4a7c15)
		if dense, _, err = Add(dense, 0, elem[:]); err != nil {
			return err
		}
		if sparse, _, err = Add(sparse, SparseMaxDefault, elem[:]); err != nil {
			return err
		}
		if i != check {
			continue
		}
		if err := compareEstimates(sparse, dense, i); err != nil {
			return err
		}
		check *= 10
	}
	return nil
}

func compareEstimates(sparse, dense []byte, n int) error {
	a, _, err := Count(sparse)
	if err != nil {
		return err
	}
	b, _, err := Count(dense)
	if err != nil {
		return err
	}
	if a != b {
		return fmt.Errorf("dense and sparse disagree: %d and %d", b, a)
	}
	bound := math.Ceil(6 * 1.04 / math.Sqrt(registers) * float64(n))
	if off := math.Abs(float64(b) - float64(n)); off > bound {
		return fmt.Errorf("too big an error: %.0f of %d", off, n)
	}
	return nil
}
