package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/rdb"
)

// restored plays a script in which words such as $abc stand for payloads.
func restored(s *stage, bodies map[string]string, script string) {
	s.t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		cmd, want, _ := strings.Cut(strings.TrimSpace(line), " => ")
		want, events, told := strings.Cut(want, " ! ")
		args := argsOf(cmd)
		for i, arg := range args {
			if body, ok := bodies[string(arg)]; ok {
				args[i] = rdb.AppendFooter([]byte(body))
			}
		}
		got := strings.ReplaceAll(strings.TrimSuffix(s.run(args), "\r\n"), "\r\n", " ")
		if got != want || told && s.events != events {
			s.t.Errorf("%s\n got %s ! %s\nwant %s ! %s", cmd, got, s.events, want, events)
		}
	}
}

func TestRestore(t *testing.T) {
	restored(newStage(t), map[string]string{
		"$abc": "\x00\x03abc", "$set": "\x02\x02\x01a\x01b", "$twice": "\x02\x02\x01a\x01a", "$none": "", "$module": "\x07\x01\x00",
		"$stream": "\x0f\x00\x00\x00\x00\x00",
	}, `
		dump none => $-1
		restore k 0 $abc => +OK ! restore:k
		get k => $3 abc
		restore k 0 $set => -BUSYKEY Target key name already exists. ! none
		restore k 5000 $set replace => +OK ! restore:k
		scard k => :2
		pttl k => :5000
		restore k 0 $abc replace freq 1 absttl => +OK ! restore:k
		pttl k => :-1
		restore k 1 $set absttl replace => +OK ! del:k
		exists k => :0
		restore k 1 $set absttl => +OK ! none
		dbsize => :0
		restore k -1 $abc => -ERR Invalid TTL value, must be >= 0
		restore k x $abc => -ERR value is not an integer or out of range
		restore k 0 abc => -ERR DUMP payload version or checksum are wrong
		restore k 0 $twice => -ERR Bad data format ! none
		restore k 0 $none => -ERR Bad data format
		restore k 0 $module => -ERR Bad data format
		restore s 0 $stream => +OK ! restore:s
		xlen s => :0
		del s => :1
		restore k 0 $abc idletime 1 freq 1 => -ERR syntax error
		exists k => :0
	`)
}

// Fields keep their times; those that are past are gone.
func TestRestoreTimedFields(t *testing.T) {
	restored(newStage(t), map[string]string{
		"$some": "\x16\x03\x00\x01f\x01v\x05\x01g\x01w\x81\x00\x00\x03\x00\x00\x00\x00\x00\x01i\x01x",
		"$past": "\x16\x01\x05\x01g\x01w",
	}, `
		restore h 0 $some => +OK ! restore:h
		hmget h f g i => *3 $1 v $-1 $1 x
		hpexpiretime h fields 3 f g i => *3 :-1 :-2 :3298534883328
		restore h 0 $past replace => +OK ! del:h
		exists h => :0
		restore h 0 $past => +OK ! none
		dbsize => :0
	`)
}

// A field past its time that is not deleted yet is no part of what is dumped, and a hash of such fields only cannot be dumped.
func TestDumpOfFieldsPastTheirTime(t *testing.T) {
	s := newStage(t)
	s.play(`
		hset h f v g w i x => :3
		hpexpireat h 3298534883327 fields 1 i => *1 :1
		hset gone f v => :1
	`)
	later := s.x.Now + 1000
	s.play(fmt.Sprintf(`
		hpexpireat h %d fields 1 g => *1 :1
		hpexpireat gone %d fields 1 f => *1 :1
	`, later, later))
	s.x.Now = later
	reply := s.run(argsOf("dump h"))
	_, after, _ := strings.Cut(reply, "\r\n")
	args := argsOf("restore copy 0 payload")
	args[3] = []byte(strings.TrimSuffix(after, "\r\n"))
	if got := s.run(args); got != "+OK\r\n" {
		t.Fatalf("%q: %s", reply, got)
	}
	s.play(`
		hlen copy => :2
		hpexpiretime copy fields 3 f g i => *3 :-1 :-2 :3298534883327
		dump gone => $-1
	`)
}

func encodingOf(t *testing.T, s *stage, key string) layout.Encoding {
	t.Helper()
	k, err := datatype.Load(s.x, []byte(key))
	if err != nil || !k.Exists {
		t.Fatal(key, k.Exists, err)
	}
	return k.Head.Encoding
}

// What is dumped comes back, packed or not.
func TestDumpRestores(t *testing.T) {
	expanded := newStage(t).expanded()
	expanded.x.Lim.ListMaxListpackSize = 1
	for name, s := range map[string]*stage{"packed": newStage(t), "expanded": expanded} {
		s.play(`
			set string 12 => +OK
			rpush list a 1 -70000 => :3
			sadd set a b => :2
			sadd ints 1 2 70000 => :3
			zadd zset -inf a 1.5 b -0 c => :3
			hset hash f v g 7 => :2
		`)
		for _, key := range []string{"string", "list", "set", "ints", "zset", "hash"} {
			reply, dump := s.run(argsOf("dump "+key)), ""
			if _, after, ok := strings.Cut(reply, "\r\n"); ok {
				dump = strings.TrimSuffix(after, "\r\n")
			}
			args := argsOf("restore copy 0 payload replace")
			args[3] = []byte(dump)
			if got := s.run(args); got != "+OK\r\n" {
				t.Fatalf("%s %s: %q: %s", name, key, reply, got)
			}
			same := encodingOf(t, s, "copy") == encodingOf(t, s, key)
			if again := s.run(argsOf("dump copy")); again != reply || !same {
				t.Errorf("%s %s: %q is %q afterwards", name, key, reply, again)
			}
		}
	}
}
