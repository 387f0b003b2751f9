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
		{"a pipeline", get + set + ping + get, "k1 k2/v k1", 16},
		{"as many as asked for", get + set + get, "k1 k2/v", 2},
		{"a field and its value", "*4\r\n$4\r\nHSET\r\n$1\r\nh\r\n$1\r\nf\r\n$1\r\nv\r\n", "h/f", 16},
		{"a score and its member", "*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$2\r\n-1\r\n$1\r\nm\r\n", "z/m", 16},
		{"more arguments than are looked at", "*5\r\n$4\r\nSADD\r\n$1\r\ns\r\n$1\r\nm\r\n$1\r\nn\r\n$1\r\no\r\n" + get, "s/m k1", 16},
		{"half a command at the end", get + set[:len(set)-1], "k1 k2", 16},
		{"half a key", get + set[:15], "k1", 16},
		{"an inline command", get + "GET k3\r\n" + get, "k1", 16},
		{"a length that is none", get + "*2\r\n$3\r\nGET\r\n$x\r\n", "k1", 16},
		{"a length that is too long", get + "*2\r\n$3\r\nGET\r\n$99999999\r\n", "k1", 16},
		{"nothing", "", "", 16},
	} {
		var got []string
		for _, g := range Ahead(nil, []byte(c.input), c.most) {
			got = append(got, strings.TrimSuffix(string(g.Key)+"/"+string(g.Member), "/"))
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
				if string(args[1]) != string(ahead[0].Key) {
					t.Fatalf("guessed %q, parsed %q", ahead[0].Key, args[1])
				}
				if m := string(ahead[0].Member); m != "" && !slices.ContainsFunc(args[2:min(len(args), 4)], func(a []byte) bool { return string(a) == m }) {
					t.Fatalf("guessed member %q, parsed %q", m, args)
				}
				ahead = ahead[1:]
			}
		}
	})
}
