package command

import (
	"bytes"
	"math"
	"testing"

	"github.com/haypile/haypile/internal/layout"
)

const streamScript = `
XADD s 1-1 f v => $3 1-1 ! xadd:s
XADD s 1-* f v => $3 1-2 ! xadd:s
XADD s 1-2 f v => -ERR The ID specified in XADD is equal or smaller than the target stream top item ! none
XADD s 0-0 f v => -ERR The ID specified in XADD must be greater than 0-0
XADD s - f v => -ERR Invalid stream ID specified as stream command argument
XADD s 2 f v g => -ERR wrong number of arguments for 'xadd' command
XADD s MAXLEN 1 NOMKSTREAM => -ERR wrong number of arguments for 'xadd' command
XADD none NOMKSTREAM 1-1 f v => $-1 ! none
XADD s MAXLEN 2 2-0 a b c d => $3 2-0 ! xadd:s xtrim:s
XADD s MAXLEN 2 MINID 2 3-0 a b => -ERR syntax error, MAXLEN and MINID options at the same time are not compatible
XADD s MAXLEN 2 LIMIT 5 3-0 a b => -ERR syntax error, LIMIT cannot be used without the special ~ option
XADD s LIMIT 5 3-0 a b => -ERR syntax error, LIMIT cannot be used without specifying a trimming strategy
XADD s MAXLEN -1 3-0 a b => -ERR The MAXLEN argument must be >= 0.
XADD s MAXLEN ~ 1 LIMIT -1 3-0 a b => -ERR The LIMIT argument must be >= 0.
XLEN s => :2
XRANGE s - + => *2 *2 $3 1-2 *2 $1 f $1 v *2 $3 2-0 *4 $1 a $1 b $1 c $1 d
XREVRANGE s + - COUNT 1 => *1 *2 $3 2-0 *4 $1 a $1 b $1 c $1 d
XRANGE s (1-2 2 => *1 *2 $3 2-0 *4 $1 a $1 b $1 c $1 d
XRANGE s 1 (2-0 => *1 *2 $3 1-2 *2 $1 f $1 v
XRANGE s 1 (0-0 => -ERR invalid end ID for the interval
XRANGE s (18446744073709551615-18446744073709551615 + => -ERR invalid start ID for the interval
XRANGE s - + COUNT 0 => *-1
XRANGE s - + COUNT => -ERR syntax error
XRANGE none - + COUNT 0 => *0
XTRIM s MAXLEN 2 => :0 ! none
XTRIM s LIMIT 0 => -ERR syntax error, XTRIM must be called with a trimming strategy
XTRIM s MINID 2 => :1 ! xtrim:s
XDEL s 2-0 9-9 2-0 => :1 ! xdel:s
XLEN s => :0
TYPE s => +stream
OBJECT ENCODING s => $6 stream
XSETID s 1-9 => -ERR The ID specified in XSETID is smaller than current max_deleted_entry_id
XSETID s 9-0 ENTRIESADDED 5 MAXDELETEDID 9-1 => -ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id
XSETID s 9-0 ENTRIESADDED 5 MAXDELETEDID 3-1 => +OK ! xsetid:s
XSETID none 9-0 => -ERR no such key
XINFO STREAM s => *20 $6 length :0 $15 radix-tree-keys :0 $16 radix-tree-nodes :1 $17 last-generated-id $3 9-0 $20 max-deleted-entry-id $3 3-1 $13 entries-added :5 $23 recorded-first-entry-id $3 0-0 $6 groups :0 $11 first-entry $-1 $10 last-entry $-1
XINFO STREAM s FULL COUNT => -ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.
SET str 1 => +OK
XADD str * f v => -WRONGTYPE Operation against a key holding the wrong kind of value
`

const groupScript = `
XGROUP CREATE s g $ => -ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.
XGROUP CREATE s g $ MKSTREAM => +OK ! xgroup-create:s
XGROUP CREATE s g $ => -BUSYGROUP Consumer Group name already exists
XGROUP CREATE s h 0 ENTRIESREAD -2 => -ERR value for ENTRIESREAD must be positive or -1
XADD s 1-0 f a => $3 1-0
XADD s 2-0 f b => $3 2-0
XADD s 3-0 f c => $3 3-0
XREADGROUP GROUP g c COUNT 2 STREAMS s > => *1 *2 $1 s *2 *2 $3 1-0 *2 $1 f $1 a *2 $3 2-0 *2 $1 f $1 b ! xgroup-createconsumer:s
XREADGROUP GROUP g c STREAMS s 0 => *1 *2 $1 s *2 *2 $3 1-0 *2 $1 f $1 a *2 $3 2-0 *2 $1 f $1 b ! none
XREADGROUP GROUP g c COUNT 1 STREAMS s 1-0 => *1 *2 $1 s *1 *2 $3 2-0 *2 $1 f $1 b
XREADGROUP GROUP g d STREAMS s 0 => *1 *2 $1 s *0 ! xgroup-createconsumer:s
XREADGROUP GROUP g d NOACK STREAMS s > => *1 *2 $1 s *1 *2 $3 3-0 *2 $1 f $1 c
XREADGROUP GROUP g d STREAMS s > => *-1
XREADGROUP GROUP g d STREAMS s $ => -ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.
XREADGROUP GROUP no d STREAMS s > => -NOGROUP No such key 's' or consumer group 'no' in XREADGROUP with GROUP option
XREADGROUP GROUP g d STREAMS s none > > => -NOGROUP No such key 'none' or consumer group 'g' in XREADGROUP with GROUP option
XREADGROUP GROUP g d STREAMS s none > => -ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.
XREADGROUP COUNT 1 BLOCK 1 STREAMS s > => -ERR Missing GROUP option for XREADGROUP
XPENDING s g => *4 :2 $3 1-0 $3 2-0 *1 *2 $1 c $1 2
XPENDING s g - + 10 => *2 *4 $3 1-0 $1 c :0 :2 *4 $3 2-0 $1 c :0 :3
XPENDING s g IDLE 1 - + 10 => *0
XPENDING s g (1-0 + 10 c => *1 *4 $3 2-0 $1 c :0 :3
XPENDING s g - + 10 nobody => *0
XPENDING s no => -NOGROUP No such key 's' or consumer group 'no'
XCLAIM s g d 0 2-0 9-9 => *1 *2 $3 2-0 *2 $1 f $1 b
XCLAIM s g d 5 1-0 => *0
XCLAIM s g d 0 1-0 RETRYCOUNT 9 IDLE 1000 JUSTID => *1 $3 1-0
XCLAIM s g c 0 3-0 FORCE => *1 *2 $3 3-0 *2 $1 f $1 c
XCLAIM s g c 0 3-0 WHAT => -ERR Unrecognized XCLAIM option 'WHAT'
XPENDING s g - + 10 => *3 *4 $3 1-0 $1 d :1000 :9 *4 $3 2-0 $1 d :0 :4 *4 $3 3-0 $1 c :0 :2
XDEL s 2-0 => :1
XAUTOCLAIM s g e 500 0 COUNT 1 => *3 $3 2-0 *1 *2 $3 1-0 *2 $1 f $1 a *0 ! xgroup-createconsumer:s
XAUTOCLAIM s g e 0 (1-0 JUSTID => *3 $3 0-0 *1 $3 3-0 *1 $3 2-0
XREADGROUP GROUP g e STREAMS s 0 => *1 *2 $1 s *2 *2 $3 1-0 *2 $1 f $1 a *2 $3 3-0 *2 $1 f $1 c
XACK s g 1-0 1-0 7-7 => :1 ! none
XACK s g 1-0 x => -ERR Invalid stream ID specified as stream command argument
XACK none g x => :0
XINFO GROUPS s => *1 *12 $4 name $1 g $9 consumers :3 $7 pending :1 $17 last-delivered-id $3 3-0 $12 entries-read :3 $3 lag :0
XINFO CONSUMERS s g => *3 *8 $4 name $1 c $7 pending :0 $4 idle :0 $8 inactive :0 *8 $4 name $1 d $7 pending :0 $4 idle :0 $8 inactive :0 *8 $4 name $1 e $7 pending :1 $4 idle :0 $8 inactive :0
XGROUP CREATECONSUMER s g e => :0 ! none
XGROUP DELCONSUMER s g e => :1 ! xgroup-delconsumer:s
XGROUP DELCONSUMER s g e => :0 ! none
XGROUP SETID s g + => +OK ! xgroup-setid:s
XGROUP SETID s g 1-0 ENTRIESREAD 1 => +OK
XINFO GROUPS s => *1 *12 $4 name $1 g $9 consumers :2 $7 pending :0 $17 last-delivered-id $3 1-0 $12 entries-read :1 $3 lag $-1
XGROUP DESTROY s g => :1 ! xgroup-destroy:s
XGROUP DESTROY s g => :0 ! none
XINFO GROUPS s => *0
`

func TestStreams(t *testing.T) { newStage(t).play(streamScript) }

func TestConsumerGroups(t *testing.T) { newStage(t).play(groupScript) }

func TestStreamsInRESP3(t *testing.T) {
	s := newStage(t)
	s.proto = 3
	s.play(`
XADD s 1-1 f v => $3 1-1
XGROUP CREATE s g 0 => +OK
XREAD STREAMS s none 0 0 => %1 $1 s *1 *2 $3 1-1 *2 $1 f $1 v
XREADGROUP GROUP g c STREAMS s > => %1 $1 s *1 *2 $3 1-1 *2 $1 f $1 v
XREAD STREAMS s $ => _
XRANGE s - + COUNT 0 => _
XDEL s 1-1 => :1
XREADGROUP GROUP g c STREAMS s 0 => %1 $1 s *1 *2 $3 1-1 _
XINFO GROUPS s => *1 %6 $4 name $1 g $9 consumers :1 $7 pending :1 $17 last-delivered-id $3 1-1 $12 entries-read :1 $3 lag :0
XPENDING s none => -NOGROUP No such key 's' or consumer group 'none'
`)
}

// A client that waits does so behind the last entry of then; what XREADGROUP notes of a
// consumer stays.
func TestStreamsBlock(t *testing.T) {
	s := newStage(t)
	s.do("XADD s 1-1 f v")
	if got := s.do("XREAD BLOCK 5 STREAMS none s 0 $ $"); got != "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified." {
		t.Error(got)
	}
	if got := s.do("XREAD BLOCK 5 STREAMS none s 0 $"); got != "blocked" || len(s.wait.Keys) != 2 || s.wait.DeadlineMS != s.x.Now+5 || s.wait.Keep {
		t.Errorf("%s %+v", got, s.wait)
	}
	if p := s.wait.Pins; len(p) != 1 || p[0].At != 7 || string(p[0].Arg) != "1-1" {
		t.Errorf("pins %+v", p)
	}
	s.do("XGROUP CREATE s g $")
	if got := s.do("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); got != "blocked" || !s.wait.Keep || s.wait.DeadlineMS != 0 {
		t.Errorf("%s %+v", got, s.wait)
	}
	s.again = true
	if got := s.do("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); got != "blocked" || s.wait.Keep {
		t.Errorf("once more: %s %+v", got, s.wait)
	}
	s.do("DEL s")
	s.do("SET s 1")
	s.play(`
XREAD BLOCK 0 STREAMS s 1-1 => blocked
XREADGROUP GROUP g c BLOCK 0 STREAMS s > => -WRONGTYPE Operation against a key holding the wrong kind of value
`)
	s.noWait, s.again = true, false
	s.play(`
XREAD BLOCK 0 STREAMS t $ => *-1
XREAD BLOCK -1 STREAMS t $ => -ERR timeout is negative
XREAD BLOCK x STREAMS t $ => -ERR timeout is not an integer or out of range
XREAD BLOCK 9223372036854775807 STREAMS t $ => -ERR timeout is out of range
XREAD STREAMS t > => -ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.
XREAD GROUP g c STREAMS t 0 => -ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.
XREAD NOACK STREAMS t 0 => -ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.
XREAD COUNT 1 BLOCK 5 STREAMS => -ERR syntax error
`)
}

func TestReadKeys(t *testing.T) {
	for line, want := range map[string][]int{
		"XREAD COUNT 1 STREAMS a b 0 0":                      {4, 5},
		"XREAD STREAMS streams 0":                            {2},
		"XREADGROUP GROUP streams block STREAMS a >":         {5},
		"XREADGROUP NOACK COUNT streams STREAMS a >":         {5},
		"XREAD BLOCK 0":                                      nil,
		"XREAD WHAT STREAMS a 0":                             {3},
		"XREADGROUP BLOCK 1 GROUP g c noack streams a b > >": {8, 9},
	} {
		args := argsOf(line)
		got, ok := readKeys(args)
		if ok != (want != nil) || len(got) != len(want) {
			t.Errorf("%s: %v, %v, want %v", line, got, ok, want)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", line, got, want)
			}
		}
	}
}

func TestParseStreamID(t *testing.T) {
	const bad = "bad"
	for text, want := range map[string]string{
		"1": "1-7", "1-2": "1-2", "0": "0-7", "18446744073709551615-18446744073709551615": layout.MaxStreamID.String(),
		" 1-2": "1-2", "+1-+2": "1-2", "01-02": "1-2", "1--02": "1-18446744073709551614", "1-2\x00x": "1-2",
		"": bad, "-": bad, "+": bad, "1-": bad, "-1": bad, "1-2-3": bad, "1--2": bad, "x": bad, "1-x": bad, "18446744073709551616": bad, "1-*": bad, "1 ": bad,
	} {
		id, err := parseStreamID([]byte(text), 7)
		if got := id.String(); err != nil && want != bad || err == nil && got != want {
			t.Errorf("%q is %s, %v, want %s", text, got, err, want)
		}
	}
}

// An ID that was printed is read as what it was; others are refused or read as some ID.
func FuzzParseStreamID(f *testing.F) {
	f.Add([]byte("1-2"))
	f.Add([]byte("1-*"))
	f.Add([]byte(" -0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, auto, ok := splitStreamID(b, math.MaxUint64)
		if !ok || auto {
			return
		}
		text := id.AppendText(nil)
		if again, err := parseStreamID(text, 0); err != nil || again != id {
			t.Fatalf("%q is %v, and that is %v, %v", b, id, again, err)
		}
		if b, _, _ = bytes.Cut(b, []byte{0}); len(b) == 0 || bytes.IndexByte(b, '*') >= 0 {
			t.Fatalf("%q is %v", b, id)
		}
	})
}
