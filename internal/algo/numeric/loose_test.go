package numeric

import (
	"math"
	"testing"
)

func TestParseFloatLoose(t *testing.T) {
	for _, tc := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"", 0, true}, {"1.5", 1.5, true}, {"  -2", -2, true}, {"1e400", math.Inf(1), true}, {"-1e400", math.Inf(-1), true},
		{"1e-400", 0, true}, {"inf", math.Inf(1), true}, {"-Infinity", math.Inf(-1), true}, {"0x10", 16, true}, {"1\x00x", 1, true},
		{" ", 0, false}, {"x", 0, false}, {"1x", 0, false}, {"1 ", 0, false}, {"nan", 0, false}, {"1_0", 0, false}, {"(1", 0, false},
	} {
		if f, ok := ParseFloatLoose([]byte(tc.text)); ok != tc.ok || ok && f != tc.want {
			t.Errorf("%q: %v, %v", tc.text, f, ok)
		}
	}
}
