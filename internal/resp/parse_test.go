package resp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var testLimits = Limits{MaxBulkBytes: 1000, MaxArgs: 100, MaxInlineBytes: 1 << 20}

// parsed is what a parser makes of a stream that arrives in pieces: the end of each
// is given, the last is the whole stream. Commands are quoted, an error ends them.
func parsed(stream []byte, lim *Limits, ends ...int) (said []string, consumed int) {
	var p Parser
	for _, end := range append(ends, len(stream)) {
		for {
			args, n, err := p.Next(stream[consumed:end:end], lim)
			if errors.Is(err, ErrIncomplete) {
				break
			}
			if err != nil {
				return append(said, err.Error()), consumed
			}
			consumed += n
			said = append(said, fmt.Sprintf("%q", args))
		}
	}
	return said, consumed
}

func TestParse(t *testing.T) {
	stranger := testLimits.Stranger()
	short := Limits{MaxBulkBytes: 1000, MaxArgs: 100, MaxInlineBytes: 16}
	long := strings.Repeat("1", 40)
	for _, c := range []struct {
		in   string
		lim  *Limits
		want []string
	}{
		{"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", nil, []string{`["GET" "a"]`}},
		{"*1\r\n$0\r\n\r\n*1\r\n$4\r\n\r\n\r\n\r\n", nil, []string{`[""]`, `["\r\n\r\n"]`}},
		{"*0\r\n*-1\r\nPING\r\n", nil, []string{`[]`, `[]`, `["PING"]`}},
		{"*1\r\n$4\r\nPI", nil, nil},

		{"PING\r\nPING\n", nil, []string{`["PING"]`, `["PING"]`}},
		{"\r\n  \t \r\n", nil, []string{`[]`, `[]`}},
		{"set  a\tb \r\n", nil, []string{`["set" "a" "b"]`}},
		{`set "a b" "\x41\n\"\\\q" 'it\'s\n' "" ''` + "\n", nil, []string{`["set" "a b" "A\n\"\\q" "it's\\n" "" ""]`}},
		{`a"b c"` + "\n", nil, []string{`["ab c"]`}},
		{`"\xZZ\x4"` + "\n", nil, []string{`["xZZx4"]`}},
		{"a \"b\n", nil, []string{"Protocol error: unbalanced quotes in request"}},
		{"a 'b\n", nil, []string{"Protocol error: unbalanced quotes in request"}},
		{"\"a\"b\n", nil, []string{"Protocol error: unbalanced quotes in request"}},
		{strings.Repeat("x", 17), &short, []string{"Protocol error: too big inline request"}},
		{strings.Repeat("x", 16), &short, nil},

		{"*x\r\n", nil, []string{"Protocol error: invalid multibulk length"}},
		{"*\r\n", nil, []string{"Protocol error: invalid multibulk length"}},
		{"*01\r\n", nil, []string{"Protocol error: invalid multibulk length"}},
		{"*+1\r\n", nil, []string{"Protocol error: invalid multibulk length"}},
		{"* 1\r\n", nil, []string{"Protocol error: invalid multibulk length"}},
		{"*101\r\n", nil, []string{"Protocol error: invalid multibulk length"}},
		{"*" + long + "\r\n", nil, []string{"Protocol error: invalid multibulk length"}},
		{"*" + long, &short, []string{"Protocol error: too big mbulk count string"}},
		{"*1\r\n:1\r\n", nil, []string{"Protocol error: expected '$', got ':'"}},
		{"*1\r\n\x01", nil, []string{"Protocol error: expected '$', got '?'"}},
		{"*1\r\n$x\r\n", nil, []string{"Protocol error: invalid bulk length"}},
		{"*1\r\n$-1\r\n", nil, []string{"Protocol error: invalid bulk length"}},
		{"*1\r\n$-0\r\n", nil, []string{"Protocol error: invalid bulk length"}},
		{"*1\r\n$1001\r\n", nil, []string{"Protocol error: invalid bulk length"}},
		{"*1\r\n$" + long, &short, []string{"Protocol error: too big bulk count string"}},
		{"*11\r\n", &stranger, []string{"Protocol error: unauthenticated multibulk length"}},
		{"*1\r\n$1001\r\n", &stranger, []string{"Protocol error: unauthenticated bulk length"}},
		{"*10\r\n", &stranger, nil},
	} {
		lim := c.lim
		if lim == nil {
			lim = &testLimits
		}
		if got, _ := parsed([]byte(c.in), lim); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestStrangerLimits(t *testing.T) {
	lim := DefaultLimits.Stranger()
	if lim.MaxArgs != 10 || lim.MaxBulkBytes != 16384 || lim.MaxInlineBytes != DefaultLimits.MaxInlineBytes {
		t.Errorf("%+v", lim)
	}
}

// Need names exactly the bytes that the bulk string to come still wants.
func TestNeed(t *testing.T) {
	stream := []byte("*2\r\n$3\r\nGET\r\n$100\r\nabc")
	var p Parser
	if _, _, err := p.Next(stream, &testLimits); !errors.Is(err, ErrIncomplete) {
		t.Fatal(err)
	}
	if want := int64(len(stream) - 3 + 100 + 2); p.Need() != want {
		t.Errorf("needs %d, want %d", p.Need(), want)
	}
	stream = append(stream, bytes.Repeat([]byte("x"), 99)...)
	if args, n, err := p.Next(stream, &testLimits); err != nil || n != len(stream) || len(args) != 2 || len(args[1]) != 100 {
		t.Errorf("%q, %d, %v", args, n, err)
	}
	if p.Need() != 0 {
		t.Errorf("needs %d after a whole command", p.Need())
	}
}

// However a stream is split, the commands and the error are those of the whole; and
// nothing larger than the limits comes through.
func FuzzParser(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\n*0\r\n"), uint16(3), uint16(9))
	f.Add([]byte("set \"a b\" '\\''\r\n*1\r\n$x\r\n"), uint16(5), uint16(20))
	f.Add([]byte("*1\r\n$1001\r\n"), uint16(1), uint16(2))
	f.Add([]byte("*101\r\n"), uint16(1), uint16(2))
	f.Fuzz(func(t *testing.T, stream []byte, a, b uint16) {
		if len(stream) > testLimits.MaxInlineBytes {
			return // how much of a line has come decides when it is too long
		}
		want, wantN := parsed(stream, &testLimits)
		i, j := int(a)%(len(stream)+1), int(b)%(len(stream)+1)
		every := make([]int, len(stream))
		for k := range every {
			every[k] = k
		}
		for _, ends := range [][]int{{min(i, j), max(i, j)}, every} {
			if got, n := parsed(stream, &testLimits, ends...); n != wantN || !slices.Equal(got, want) {
				t.Fatalf("split at %v: %q (%d bytes); whole: %q (%d bytes)", ends, got, n, want, wantN)
			}
		}
		var p Parser
		for rest := stream; ; {
			args, n, err := p.Next(rest, &testLimits)
			if err != nil {
				break
			}
			if n <= 0 || n > len(rest) {
				t.Fatalf("consumed %d of %d bytes", n, len(rest))
			}
			if rest[0] == '*' {
				if int64(len(args)) > testLimits.MaxArgs {
					t.Fatalf("%d arguments", len(args))
				}
				for _, arg := range args {
					if int64(len(arg)) > testLimits.MaxBulkBytes {
						t.Fatalf("an argument of %d bytes", len(arg))
					}
				}
			}
			rest = rest[n:]
		}
	})
}

func TestRequestLen(t *testing.T) {
	if n := RequestLen([][]byte{[]byte("CLIENT"), []byte("LIST")}); n != int64(len("*2\r\n$6\r\nCLIENT\r\n$4\r\nLIST\r\n")) {
		t.Errorf("got %d", n)
	}
}
