package resp

import (
	"slices"
	"strings"
	"testing"
)

func TestAhead(t *testing.T) {
	const get, set, ping = "*2\r\n$3\r\nGET\r\n$2\r\nk1\r\n", "*3\r\n$3\r\nSET\r\n$2\r\nk2\r\n$1\r\nv\r\n", "*1\r\n$4\r\nPING\r\n"
	for _, c := range []struct {
		name, input, want string
		most              int
	}{
		{"a pipeline", get + set + ping + get, "k1 k2 k1", 16},
		{"as many as asked for", get + set + get, "k1 k2", 2},
		{"half a command at the end", get + set[:len(set)-1], "k1 k2", 16},
		{"half a key", get + set[:15], "k1", 16},
		{"an inline command", get + "GET k3\r\n" + get, "k1", 16},
		{"a length that is none", get + "*2\r\n$3\r\nGET\r\n$x\r\n", "k1", 16},
		{"a length that is too long", get + "*2\r\n$3\r\nGET\r\n$99999999\r\n", "k1", 16},
		{"nothing", "", "", 16},
	} {
		var got []string
		for _, k := range Ahead(nil, []byte(c.input), c.most) {
			got = append(got, string(k))
		}
		if want := strings.Fields(c.want); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

// Whatever the bytes, it ends, and what it returns is what the parser returns.
func FuzzAhead(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$2\r\nk1\r\n*1\r\n$4\r\nPING\r\n"))
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$-1\r\nk1\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ahead := Ahead(nil, data, 16)
		var p Parser
		for rest := data; len(ahead) > 0; {
			args, n, err := p.Next(rest, &DefaultLimits)
			if err != nil {
				return // the rest of the command is not there, or the parser is stricter
			}
			rest = rest[n:]
			if len(args) > 1 {
				if string(args[1]) != string(ahead[0]) {
					t.Fatalf("guessed %q, parsed %q", ahead[0], args[1])
				}
				ahead = ahead[1:]
			}
		}
	})
}
