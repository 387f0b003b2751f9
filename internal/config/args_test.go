package config

import (
	"strings"
	"testing"
)

// The forms of a command line that redis-server 7.0.15 takes.
func TestCommandLineForms(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // name value …
	}{
		{[]string{"--port", "1234", "--loglevel", "warning"}, "port 1234 loglevel warning"},
		{[]string{"--port 1234", "--loglevel warning"}, "port 1234 loglevel warning"},
		{[]string{"--port=1234"}, "port 1234"},
		{[]string{`--requirepass "a b"`}, "requirepass a b"},
		{[]string{"--requirepass=a b"}, "requirepass a b"},
		{[]string{"--requirepass", "--secret", "--port", "1234"}, "requirepass --secret port 1234"},
		{[]string{"--dbfilename", "a --loglevel warning"}, "dbfilename a --loglevel warning"},
		{[]string{"--save", "--port", "1234"}, "save  port 1234"},
		{[]string{"--save", "3600", "1", "--port", "1234"}, "save 3600 1 port 1234"},
		{[]string{"--save", "3600 1"}, "save 3600 1"},
		{[]string{"--port", "1234", "--save"}, "port 1234 save "},
		{[]string{"--port 1234 --loglevel warning"}, "refused"},
		{[]string{"--loglevel", "warning --port 1234"}, "refused"},
		{[]string{`--requirepass "a`}, "refused"},
		{[]string{"port", "1234"}, "refused"},
	} {
		cfg := New()
		if err := cfg.ApplyArgs(c.args); err != nil {
			if c.want != "refused" {
				t.Errorf("%q: %v", c.args, err)
			}
			continue
		}
		var got strings.Builder
		for _, name := range []string{"requirepass", "dbfilename", "save", "port", "loglevel"} {
			if strings.Contains(" "+c.want, " "+name+" ") {
				if c.want[0] == 'p' && name == "save" {
					continue
				}
				if got.Len() > 0 {
					got.WriteByte(' ')
				}
				got.WriteString(name + " " + cfg.Get(name)[0].Value)
			}
		}
		if c.want[0] == 'p' && strings.HasSuffix(c.want, "save ") {
			got.WriteString(" save " + cfg.Get("save")[0].Value)
		}
		if got.String() != c.want {
			t.Errorf("%q: got %q, want %q", c.args, got.String(), c.want)
		}
	}
}
