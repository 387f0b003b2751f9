package glob

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/internal/algo/internal/liveredis"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		p, s       string
		want, fold bool
	}{
		{"", "", true, true}, {"*", "", false, false}, {"**", "", false, false}, {"", "a", false, false},
		{"*", "a", true, true}, {"a*", "a", true, true}, {"h?llo", "hello", true, true},
		{"H?llo", "hello", false, true}, {"h[ae]llo", "hallo", true, true}, {"h[^e]llo", "hello", false, false},
		{"h[^e]llo", "hallo", true, true}, {"[a-c]x", "bx", true, true}, {"[c-a]x", "bx", true, true},
		{"[a-", "a", true, true}, {"[a-", "-", true, true}, {"[a", "a", true, true}, {"[", "[", false, false},
		{"[]a", "a", false, false}, {"[^]a", "ba", true, true}, {"[\\]]", "]", true, true}, {"[\\", "\\", true, true},
		{"\\", "\\", true, true}, {"\\*", "*", true, true}, {"\\*", "a", false, false}, {"a\\", "a\\", true, true},
		{"[A-Z]", "b", false, true}, {"[\\A]", "a", false, false}, {"[Z-a]", "m", false, false},
		{"[a-\xff]", "b", false, false}, {"[a-\xff]", "A", true, true}, {"*ab", "aab", true, true},
		{"*a*b", "xaxb", true, true}, {"*a*bx", "xaxb", false, false}, {"[^", "a", true, true}, {"a[^", "a", false, false},
	} {
		if got := Match([]byte(c.p), []byte(c.s)); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.p, c.s, got)
		}
		if got := MatchFold([]byte(c.p), []byte(c.s)); got != c.fold {
			t.Errorf("MatchFold(%q, %q) = %v", c.p, c.s, got)
		}
	}
}

func TestNestingLimit(t *testing.T) {
	s := []byte(strings.Repeat("a", 1500))
	for n, want := range map[int]bool{999: true, 1000: true, 1001: false} {
		p := strings.Repeat("*a", n)
		if got := Match([]byte(p), s); got != want {
			t.Errorf("%d stars: %v", n, got)
		}
		if got := Match([]byte(p+"*"), s); got != want {
			t.Errorf("%d stars and a final one: %v", n, got)
		}
	}
}

func TestNoBlowUp(t *testing.T) {
	start := time.Now()
	p := []byte(strings.Repeat("a*", 900) + "b")
	if Match(p, bytes.Repeat([]byte("a"), 20000)) {
		t.Fatal("matched")
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Fatalf("took %v", d)
	}
}

func TestPrefix(t *testing.T) {
	for p, want := range map[string]string{
		"user:*": "user:", "*": "", "": "", "abc": "abc", "a\\*b*": "a*b", "a\\": "a\\", "a?b": "a", "a[b]": "a",
		"\\[x\\]?": "[x]", "\\\\a*": "\\a",
	} {
		if got := string(Prefix([]byte(p))); got != want {
			t.Errorf("Prefix(%q) = %q want %q", p, got, want)
		}
	}
}

const alphabet = "ab-Z[]^\\*?\xff"

func random(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func TestLive(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(1, 2))
	keys := map[string]bool{"": true}
	for len(keys) < 400 {
		keys[random(r, r.IntN(7))] = true
	}
	for i := range 1500 {
		keys[strings.Repeat("a", 1+i%5)] = true
	}
	keys[strings.Repeat("a", 1500)] = true
	var cmds [][]string
	for k := range keys {
		cmds = append(cmds, []string{"SET", k, "v"})
	}
	c.Pipeline(cmds)
	cmds = cmds[:0]
	patterns := []string{"**", "***", strings.Repeat("*a", 999), strings.Repeat("*a", 1000), strings.Repeat("*a", 1000) + "*", strings.Repeat("*a", 1001), strings.Repeat("*a", 1001) + "*"}
	for range 6000 {
		patterns = append(patterns, random(r, r.IntN(9)))
	}
	for _, p := range patterns {
		cmds = append(cmds, []string{"KEYS", p})
	}
	for i, v := range c.Pipeline(cmds) {
		p := patterns[i]
		if p == "*" { // Redis lists every key without matching
			continue
		}
		matched := map[string]bool{}
		for _, k := range v.([]any) {
			matched[k.(string)] = true
		}
		for k := range keys {
			if got := Match([]byte(p), []byte(k)); got != matched[k] {
				t.Fatalf("Match(%.60q, %.60q) = %v, redis %v", p, k, got, matched[k])
			}
		}
	}
}

func TestLiveFold(t *testing.T) {
	c := liveredis.Start(t)
	var names []string
	for _, v := range c.Do("COMMAND", "LIST").([]any) {
		names = append(names, v.(string))
	}
	r := rand.New(rand.NewPCG(5, 6))
	const letters = "aegstGSETz[]^-\\*?"
	for range 3000 {
		b := make([]byte, 1+r.IntN(7))
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		matched := map[string]bool{}
		for _, k := range c.Do("COMMAND", "LIST", "FILTERBY", "PATTERN", string(b)).([]any) {
			matched[k.(string)] = true
		}
		for _, k := range names {
			if got := MatchFold(b, []byte(k)); got != matched[k] {
				t.Fatalf("MatchFold(%q, %q) = %v, redis %v", b, k, got, matched[k])
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("a*[b-\\]?"), []byte("abc"))
	f.Fuzz(func(t *testing.T, p, s []byte) {
		if len(p)*len(s) > 1<<20 {
			return
		}
		MatchFold(p, s)
		if Match(p, s) && !bytes.HasPrefix(s, Prefix(p)) {
			t.Fatalf("%q matches %q without its prefix %q", p, s, Prefix(p))
		}
	})
}
