package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/test/harness"
)

// brief shows a reply in one line; _ is an empty string.
func brief(r harness.Reply) string {
	var parts []string
	for _, e := range r.Elems {
		parts = append(parts, brief(e))
	}
	switch {
	case r.Null:
		return "nil"
	case r.Kind == harness.Array:
		return "[" + strings.Join(parts, " ") + "]"
	case r.IsError():
		return "-" + r.Str
	case r.Text() == "":
		return "_"
	}
	return r.Text()
}

// play runs lines of "command => reply" in which _ stands for an empty string.
func play(t *testing.T, c *harness.Client, script string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		cmd, want, _ := strings.Cut(line, " => ")
		var args []any
		for _, a := range strings.Fields(cmd) {
			args = append(args, strings.TrimPrefix(a, "_"))
		}
		r, err := c.Do(args...)
		if err != nil {
			t.Fatal(err)
		}
		if got := brief(r); got != want {
			t.Errorf("%s\n got %s\nwant %s", cmd, got, want)
		}
	}
}

const pikaScript = `
MSET a 1 b 2 ba 3 c 4 0 5 => OK
HSET bh f1 1 f2 2 f3 3 0 4 => 4
PKSCANRANGE string a c LIMIT 2 => [ba [a b]]
PKSCANRANGE string ba _ => [_ [ba c]]
PKSCANRANGE string _ b => [_ [0 a b]]
PKSCANRANGE string_with_value b c MATCH b* => [_ [b 2 ba 3]]
PKSCANRANGE hash _ _ => [_ [bh]]
PKRSCANRANGE string c a LIMIT 2 => [b [c ba]]
PKRSCANRANGE string b _ => [_ [b a 0]]
PKRSCANRANGE string a c => -ERR error in given range
PKSCANRANGE string c a => -ERR error in given range
PKSCANRANGE nothing a c => -ERR syntax error
PKSCANRANGE string a c LIMIT 0 => -ERR syntax error
PKHSCANRANGE bh _ f2 => [_ [0 4 f1 1 f2 2]]
PKHSCANRANGE bh f1 _ LIMIT 1 => [f2 [f1 1]]
PKHRSCANRANGE bh f3 f1 LIMIT 2 => [f1 [f3 3 f2 2]]
PKHSCANRANGE bh f1 f3 MATCH *3 => [_ [f3 3]]
PKHSCANRANGE none _ _ => [_ []]
PKHSCANRANGE a _ _ => -WRONGTYPE Operation against a key holding the wrong kind of value
SCANX string 0 COUNT 3 => [ba [0 a b]]
SCANX string ba COUNT 1 => [bh [ba]]
SCANX string bh => [_ [c]]
SCANX hash _ MATCH b* => [_ [bh]]
SET a 9 VX 1 => 1
SET a 8 VX 1 => -1
SET none 8 VX 1 => 0
SET bh 8 VX 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
SET a 8 VX 9 NX => -ERR syntax error
SET a 8 VX => -ERR syntax error
SET a 8 VX 9 EX 100 => 1
TTL a => 100
GET a => 8
DELVX a 9 => -1
DELVX a 8 => 1
DELVX a 8 => 0
PKSETEXAT k 4102444800 v => OK
EXPIRETIME k => 4102444800
PKSETEXAT k 1 v => OK
EXISTS k => 0
PKSETEXAT k x v => -ERR value is not an integer or out of range
PKPATTERNMATCHDEL b* 1 => 1
PKPATTERNMATCHDEL b* => 2
PKPATTERNMATCHDEL b* => 0
DBSIZE => 2
COMPACT db99 => -ERR DB index is out of range
COMPACT x => -ERR invalid database list
COMPACTRANGE db0 z a => -ERR error in given range
DELBACKUP => OK
`

func TestPikaCommands(t *testing.T) {
	n, addr := start(t, vfs.Default, t.TempDir())
	defer n.Close()
	play(t, dial(t, addr), pikaScript)
}

// A hash is visited whole from field to field, packed or not, whatever its fields are called.
func TestHscanxWhole(t *testing.T) {
	n, addr := start(t, vfs.Default, t.TempDir())
	defer n.Close()
	c := dial(t, addr)
	for _, size := range []int{20, 700} {
		args := []any{"HSET", "h", "", "empty"}
		for i := range size {
			args = append(args, i, i)
		}
		c.MustDo(t, args...)
		seen := map[string]int{}
		for cursor, rounds := "0", 0; ; rounds++ {
			r := c.MustDo(t, "HSCANX", "h", cursor, "COUNT", 7)
			for i := 0; i < len(r.Elems[1].Elems); i += 2 {
				seen[r.Elems[1].Elems[i].Str]++
			}
			if cursor = r.Elems[0].Str; cursor == "" || rounds > size {
				break
			}
		}
		for f, times := range seen {
			if times != 1 {
				t.Errorf("field %q came %d times", f, times)
			}
		}
		if len(seen) != size+1 {
			t.Errorf("%d of %d fields", len(seen), size+1)
		}
	}
}

// Who may write some keys only deletes no others, and reads no values of others.
func TestPikaRights(t *testing.T) {
	n, addr := start(t, vfs.Default, t.TempDir())
	defer n.Close()
	c := dial(t, addr)
	play(t, c, `
MSET mine 1 other 2 => OK
ACL SETUSER u on nopass +@all ~mi* => OK
AUTH u x => OK
PKSCANRANGE string_with_value _ _ => [_ [mine 1]]
PKPATTERNMATCHDEL * => 1
AUTH default x => OK
KEYS * => [other]`)
}

func TestCompactAndDelbackup(t *testing.T) {
	dir := t.TempDir()
	n, addr := start(t, vfs.Default, dir)
	c := dial(t, addr)
	var fill []any
	for i := range 500 {
		fill = append(fill, i, i)
	}
	c.MustDo(t, append([]any{"HSET", "big"}, fill...)...)
	c.MustDo(t, "SAVE")
	other := filepath.Join(dir, "backup", "mine")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	c.MustDo(t, "DELBACKUP")
	left, err := os.ReadDir(filepath.Join(dir, "backup"))
	if err != nil || len(left) != 1 || left[0].Name() != "mine" {
		t.Errorf("left of the backups: %v, %v", left, err)
	}
	for _, cmd := range [][]any{{"COMPACTRANGE", "db0,db1", "a", "c"}, {"COMPACT"}, {"COMPACT", "db0"}} {
		for r := (harness.Reply{}); r.Str != "OK"; time.Sleep(time.Millisecond) { // one at a time
			if r, err = c.Do(cmd...); err != nil || r.IsError() && !strings.Contains(r.Str, "running already") {
				t.Fatal(cmd, r, err)
			}
		}
	}
	if got := c.MustDo(t, "HLEN", "big").Int; got != 500 {
		t.Errorf("%d fields", got)
	}
	if err := n.Close(); err != nil { // in the middle of the last one, perhaps
		t.Error(err)
	}
}

// Fields and hashes go when their time comes, and after a restart.
func TestFieldsExpire(t *testing.T) {
	dir := t.TempDir()
	n, addr := start(t, vfs.Default, dir)
	c := dial(t, addr)
	play(t, c, `
HSET h a 1 b 2 => 2
HPEXPIRE h 30 FIELDS 1 a => [1]
HSET gone a 1 b 2 => 2
HPEXPIRE gone 60 FIELDS 2 a b => [1 1]
HSET later a 1 => 1
HPEXPIRE later 300 FIELDS 1 a => [1]`)
	wait := func(cmd string, want int64) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			got := c.MustDo(t, strings.Fields(cmd)[0], strings.Fields(cmd)[1]).Int
			if got == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s stays %d", cmd, got)
			}
		}
	}
	wait("HLEN h", 1)
	wait("EXISTS gone", 0)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n, addr = start(t, vfs.Default, dir)
	defer n.Close()
	c = dial(t, addr)
	wait("EXISTS later", 0)
	play(t, c, "DBSIZE => 1\nHGETALL h => [b 2]")
}
