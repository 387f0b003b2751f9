package command

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
)

// What a command does with a key past its time must be what it does without the key, for as long as nobody deletes it: on a
// replica whose master is down that is for ever. The forms of commands follow from the table, so that a new command is tried too.

// forms returns arguments that a syntax allows: the shortest, and beyond it one form for each thing that may be there.
func forms(args []Arg) [][]string {
	parts := make([][][]string, len(args))
	var base []string
	for i := range args {
		parts[i] = argForms(&args[i])
		if args[i].Optional {
			parts[i] = append([][]string{nil}, parts[i]...)
		}
		base = append(base, parts[i][0]...)
	}
	list := [][]string{base}
	for i := range parts {
		for _, other := range parts[i][1:] {
			var form []string
			for j := range parts {
				if j == i {
					form = append(form, other...)
				} else {
					form = append(form, parts[j][0]...)
				}
			}
			list = append(list, form)
		}
	}
	return list
}

func argForms(a *Arg) (list [][]string) {
	switch {
	case a.Type == OneOf:
		for i := range a.Args {
			list = append(list, argForms(&a.Args[i])...)
		}
	case a.Type == Block:
		list = forms(a.Args)
	case a.Type == PureToken:
		list = [][]string{nil}
	default:
		for _, v := range valuesOf(a) {
			list = append(list, []string{v})
		}
	}
	if a.Token != "" {
		for i := range list {
			list[i] = append([]string{a.Token}, list[i]...)
		}
	}
	return list
}

// valuesOf are values that make sense for an argument: all that is stored below is called 1.
func valuesOf(a *Arg) []string {
	switch a.Name {
	case "destination", "destkey", "dst", "newkey":
		return []string{"dst"}
	case "encoding":
		return []string{"u8"}
	case "min", "max", "start", "end", "stop":
		return []string{"1", "-1", "[1", "+", "0"}
	case "cursor", "offset", "timeout", "index":
		return []string{"0"}
	case "lastid", "id":
		return []string{"0", "1", "*"}
	case "rank":
		return []string{"-1"}
	}
	switch a.Type {
	case KeyName:
		return []string{"k"}
	case Pattern:
		return []string{"*"}
	case UnixTime:
		return []string{"9999999999"}
	}
	return []string{"1"}
}

// What the syntax does not tell.
var moreForms = []string{
	"sort elems by k* get # get k*", "sort elems by k*->1 get k*->1 alpha", "sort_ro elems by k* get k*", "sort elems by nosort get k* store dst",
	"bitop and dst k full", "bitop or dst full k", "bitop not dst k", "bitfield k get u8 0 get i5 3", "bitfield k overflow sat incrby u8 0 1 get u8 0",
	"getrange k 0 -1", "substr k 0 0", "lcs k full", "lcs k full idx", "pfcount k hll", "pfmerge dst k hll", "zunionstore dst 2 k scores weights 1 2",
	"zrange k 0 -1", "zrangestore dst k 0 -1", "sunionstore dst k members", "sinter k k", "zdiff 2 scores k", "georadius k 0 0 100000 km",
	"geosearch k frommember 1 byradius 1000000 km", "geosearchstore dst k fromlonlat 0 0 byradius 100000 km", "geodist k 1 2", "xread streams k 0", "xreadgroup group 1 1 streams k >",
	"xinfo consumers k 1", "xrange k - +", "xrevrange k + -", "linsert k before 1 0", "set k 2 get", "set k 2 vx 1", "set k 2 keepttl",
	"copy k dst replace", "lmove k dst left right", "mget k full k", "scan 0", "keys *", "hmget k 1 2", "zrangebylex k - +", "zrevrangebylex k + -",
	"zlexcount k - +", "zremrangebylex k - +", "zmscore k 1 2", "setrange k 1 x", "append k x", "pfdebug getreg k", "pfdebug decode k", "pfdebug encoding k",
	"hexists k 1", "getbit k 2", "setbit k 3 1", "georadius_ro k 0 0 100000 km", "xack k 1 1-1", "xdel k 1-1", "xtrim k maxlen 0", "hpersist k fields 1 1", "object encoding k", "hgetex k persist fields 1 1", "zrevrangebyscore k 5 0", "xautoclaim k 1 1 0 0", "xclaim k 1 1 0 1-1", "lrange k 0 -1",
	"pkscanrange string - +", "pkrscanrange string + -", "pkscanrange zset a z", "pkrscanrange hash z a", "scanx string 0",
}

// Commands whose reply does not tell whether the key is there, whatever it holds, unless it is an error.
var blindToKeys = []string{
	"evalsha", "evalsha_ro", "hmset", "ltrim", "migrate", "mset", "object|help", "pfmerge", "pksetexat", "psetex", "restore", "setex",
	"xgroup|create", "xsetid",
}

// notOnStage are commands whose handlers need a server.
var notOnStage = []string{
	"copy", "eval", "eval_ro", "fcall", "fcall_ro", "move", "spublish", "ssubscribe", "sunsubscribe", "wait", "waitaof", "watch",
}

// lapsedContents makes k each type of key, packed and in pairs of its own.
var lapsedContents = map[string]string{
	"string": "set k 1", "text": "set k one", "hll": "pfadd k 1 2", "list": "rpush k 1 2", "set": "sadd k 1 2", "words": "sadd k 1 x",
	"zset": "zadd k 1 1 2 2", "hash": "hset k 1 1 2 2", "stream": "xadd k 1-1 1 1",
}

// oneTxn is a server with one database, as far as commands that look at keys need it.
type oneTxn struct {
	Txns
	x datatype.Txn
}

func (o oneTxn) Txn(int) (datatype.Txn, error)            { return o.x, nil }
func (o oneTxn) Refused() error                           { return nil }
func (o oneTxn) MayWait() bool                            { return true }
func (o oneTxn) Lock(int, ...[]byte) error                { return nil }
func (o oneTxn) Prefixes(int) (*datatype.Prefixes, error) { return datatype.NoPrefixes, nil }

// lapsedStage is a database with other keys, in which k has the contents that setUp makes. Then time passes.
func lapsedStage(t *testing.T, large bool, setUp ...string) *stage {
	s := newStage(t)
	s.client, s.txns = &client.Client{}, oneTxn{x: s.x}
	if large {
		s.expanded()
		s.x.Lim.ListMaxListpackSize = 1
	}
	for _, line := range append(setUp, "set full 123", "pfadd hll a", "rpush elems 1 2", "rpush elems a", "zadd scores 1 1 3 3", "sadd members 1 5") {
		if r := s.do(line); strings.HasPrefix(r, "-") {
			t.Fatalf("%s: %s", line, r)
		}
	}
	s.x.Now += 2000
	return s
}

// attempt runs a command; ok is false if it needs a server.
func (s *stage) attempt(args [][]byte) (reply string, ok bool) {
	defer func() {
		if e := recover(); e != nil {
			if !strings.Contains(fmt.Sprint(e), "nil pointer") {
				panic(e)
			}
			s.x.Undo()
			reply, ok = "", false
		}
	}()
	return s.run(args), true
}

// visible is what the commands that follow can see of all keys.
func (s *stage) visible() string {
	var list []string
	for _, name := range s.names() {
		k, err := datatype.Peek(s.x, []byte(name))
		if err != nil {
			s.t.Fatal(err)
		}
		if k.Exists {
			d, err := keyDigest(s.x, &k)
			if err != nil {
				s.t.Fatal(err)
			}
			list = append(list, fmt.Sprint(name, k.Head.Type, k.Head.ExpireMS, d))
		}
	}
	s.x.End()
	return strings.Join(list, "\n")
}

func (s *stage) names() (list []string) {
	for pair := range s.x.Pairs {
		if pair[0] == layout.SpaceHead {
			list = append(list, pair[1:])
		}
	}
	slices.Sort(list)
	return list
}

func formsOf(row *Row) (list [][][]byte) {
	parent := strings.ReplaceAll(row.Full, "|", " ")
	for _, form := range forms(row.args) {
		list = append(list, argsOf(parent+" "+strings.Join(form, " ")))
	}
	for _, line := range moreForms {
		if strings.HasPrefix(line, parent+" ") {
			list = append(list, argsOf(line))
		}
	}
	return slices.DeleteFunc(list, func(args [][]byte) bool { return !row.ArityOK(len(args)) })
}

func usesKeys(row *Row, list [][][]byte) bool {
	return len(list) > 0 && (row.Keys.First != 0 || row.GetKeys != nil || row.Group == "generic")
}

// trial runs each form of the commands that use keys on three databases that setUp makes: as it is, past a time, and without
// what the time was of. The last two must reply the same, and leave the same.
type trial struct {
	*testing.T
	read, unstaged map[string]bool // commands that have replied otherwise, to the first; and those that cannot be tried
	without        string          // the command that takes away what is past its time
	timed          string          // gives it a time: that follows
	skip           []string
}

func (tr *trial) run(row *Row, args [][]byte, typ string, large bool, setUp []string) {
	now := newStage(tr.T).x.Now
	timed := func(at int64) []string {
		return append(slices.Clone(setUp), strings.ReplaceAll(tr.timed, "TIME", fmt.Sprint(at)))
	}
	missing := lapsedStage(tr.T, large, append(slices.Clone(setUp), tr.without)...)
	want, ok := missing.attempt(args)
	if !ok {
		tr.unstaged[row.Full] = true
		return
	}
	live := lapsedStage(tr.T, large, timed(now+1e9)...)
	if got, _ := live.attempt(args); got != want && !strings.HasPrefix(got, "-") {
		tr.read[row.Full] = true
	}
	lapsed := lapsedStage(tr.T, large, timed(now+1000)...)
	what := fmt.Sprintf("%s, k is %s (large %v)", bytes.Join(args, []byte(" ")), typ, large)
	if got, _ := lapsed.attempt(args); got != want {
		tr.Errorf("%s: past its time %q, absent %q", what, got, want)
	}
	if got, want := lapsed.visible(), missing.visible(); got != want {
		tr.Errorf("%s: what was past its time leaves\n%s\nwhat was absent\n%s", what, got, want)
	}
}

// rows calls try with each form of each command that uses keys.
func (tr *trial) rows(try func(row *Row, args [][]byte)) (names []string) {
	tr.read, tr.unstaged = map[string]bool{}, map[string]bool{}
	for _, row := range stageTable.Executable() {
		list := formsOf(row)
		if !usesKeys(row, list) || row.Name == "randomkey" || slices.Contains(tr.skip, row.Full) { // it may return another key each time
			continue
		}
		names = append(names, row.Full)
		for _, args := range list {
			try(row, args)
		}
	}
	return names
}

func TestKeysPastTheirTimeAreNotThere(t *testing.T) {
	tr := trial{T: t, without: "del k", timed: "pexpireat k TIME"}
	names := tr.rows(func(row *Row, args [][]byte) {
		for typ, create := range lapsedContents {
			setUp := []string{create}
			if typ == "stream" {
				setUp = append(setUp, "xgroup create k 1 0", "xreadgroup group 1 1 streams k >")
			}
			tr.run(row, args, typ, false, setUp)
			tr.run(row, args, typ, true, setUp)
		}
	})
	for _, name := range names {
		switch {
		case tr.unstaged[name] != slices.Contains(notOnStage, name):
			t.Errorf("%s: needs a server: %v", name, tr.unstaged[name])
		case !tr.unstaged[name] && tr.read[name] == slices.Contains(blindToKeys, name):
			t.Errorf("%s: the forms that are tried make it look at the key: %v", name, tr.read[name])
		}
	}
}

func TestFieldsPastTheirTimeAreNotThere(t *testing.T) {
	for name, setUp := range map[string][]string{
		"a hash":                 {"hset k 1 1 2 2"},
		"a hash of three fields": {"hset k 1 1 2 2 3 3", "hpexpireat k 9999999999999 fields 1 2"},
	} {
		tr := trial{T: t, without: "hdel k 1", timed: "hpexpireat k TIME fields 1 1"}
		// Memory is used until the field is deleted, and HLEN counts it, as in Redis; others return another field each
		// time, or a cursor.
		tr.skip = []string{"memory|usage", "hlen", "hrandfield", "hscan"}
		tr.rows(func(row *Row, args [][]byte) { tr.run(row, args, name, true, setUp) })
		for _, cmd := range []string{"hget", "hmget", "hstrlen", "hexists", "hgetall", "hkeys", "hvals", "hincrby", "hincrbyfloat",
			"hsetnx", "hset", "hdel", "httl", "hpersist", "hgetdel", "hgetex", "hsetex", "pkhscanrange"} {
			if !tr.read[cmd] {
				t.Errorf("%s: no form that is tried makes it look at the field", cmd)
			}
		}
	}
	s := lapsedStage(t, true, "hset k 1 1 2 2", fmt.Sprint("hpexpireat k ", newStage(t).x.Now+1000, " fields 1 1"))
	s.play(`
		hrandfield k => $1 2
		hrandfield k -2 withvalues => *4 $1 2 $1 2 $1 2 $1 2
		hrandfield k 5 => *1 $1 2
		hscan k 0 count 100 => *2 $1 0 *2 $1 2 $1 2
		rpush names k => :1
		sort names by nosort get *->1 get *->2 => *2 $-1 $1 2
	`)
}
