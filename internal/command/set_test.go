package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const setScript = `
SADD s a b a => :2 ! sadd:s
SADD s a => :0 ! none
SREM s x => :0 ! none
SREM s a => :1 ! srem:s
SREM s b => :1 ! srem:s del:s
SADD s a => :1
SMOVE s d a => :1 ! srem:s del:s sadd:d
SMOVE s d a => :0 ! none
SADD s a => :1
SMOVE s d a => :1 ! srem:s del:s
SPOP d => $1 a ! spop:d del:d
SADD a 1 2 3 => :3
SADD b 2 => :1
SINTERSTORE d a b => :1 ! sinterstore:d
SDIFFSTORE d b a => :0 ! del:d
SDIFFSTORE d b a => :0 ! none
SUNIONSTORE d b b => :1 ! sunionstore:d
SUNIONSTORE a a b => :3 ! sunionstore:a
SINTERCARD 2 a b => :1
SPOP a 9 => ALL ! spop:a del:a
SPOP a => $-1 ! none
SPOP a 2 => *0 ! none
SPOP b 0 => *0 ! none
SRANDMEMBER b -3 => *3 $1 2 $1 2 $1 2
`

func TestSetCommands(t *testing.T) {
	for _, s := range []*stage{newStage(t), newStage(t).expanded()} {
		s.do("SADD a 1 2 3")
		all := s.do("SMEMBERS a") // an expanded set has an order of its own
		s.do("DEL a")
		s.play(strings.ReplaceAll(setScript, "ALL", all))
	}
}

func TestSetRESP3(t *testing.T) {
	s := newStage(t)
	s.proto = 3
	s.play(`
SADD s 1 2 => :2
SMEMBERS s => ~2 $1 1 $1 2
SINTER s s => ~2 $1 1 $1 2
SDIFF s s => ~0
SUNION s => ~2 $1 1 $1 2
SRANDMEMBER s 5 => *2 $1 1 $1 2
SMISMEMBER s 1 x => *2 :1 :0
SPOP none => _
SPOP none 2 => ~0
SPOP s 2 => ~2 $1 1 $1 2
`)
}

func TestNumberedKeys(t *testing.T) {
	for line, want := range map[string][]int{
		"SINTERCARD 2 a b LIMIT 3":               {2, 3},
		"ZUNION 2 a b WEIGHTS 1 2":               {2, 3},
		"ZUNIONSTORE d 2 a b":                    {1, 3, 4},
		"BZMPOP 0 1 a MIN":                       {3},
		"GEORADIUS g 1 1 1 km STORE x":           {1, 7},
		"GEORADIUS g 1 1 1 km STORE x STOREDIST": {1, 7},
		"GEORADIUSBYMEMBER g m 1 km STOREDIST y": {1, 6},
		"GEORADIUS g 1 1 1 km COUNT STORE 5":     {1, 8},
	} {
		args := argsOf(line)
		got, ok := stageTable.Find(args[0]).AppendKeys(nil, args)
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", line, got, ok, want)
		}
	}
}

// TestSetHeavy: on an event loop long commands give up before they have written much.
func TestSetHeavy(t *testing.T) {
	s := newStage(t)
	line := "SADD s"
	for i := range 600 {
		line += fmt.Sprint(" m", i)
	}
	s.do(line)
	s.x.HeavyLimit = 100
	for _, line := range []string{"SMEMBERS s", "SUNION s s", "SDIFF s none", "SINTER s s", "SINTERSTORE d s", "SPOP s 200", "SSCAN s 0 COUNT 500", "SRANDMEMBER s -200"} {
		if got := s.do(line); got != "-would block" {
			t.Errorf("%s: %.40s", line, got)
		}
	}
	if got := s.do("SCARD s"); got != ":600" {
		t.Error(got)
	}
}
