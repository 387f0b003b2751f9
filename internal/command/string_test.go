package command

import "testing"

// A time given twice in one unit is one time, the last; another unit, or a word about the time, is a mistake. So says Redis 7.0.
func TestTimesGivenTwice(t *testing.T) {
	s := newStage(t)
	s.play(`
		set k v ex 1 EX 20 => +OK
		pttl k => :20000
		set k v px 1000 nx px 3000 => $-1
		set k v px 1000 xx px 3000 => +OK
		pttl k => :3000
		set k v exat 1 exat 1700000005 => +OK
		pttl k => :5000
		set k v pxat 1700000001000 get pxat 1700000007000 => $1 v
		pttl k => :7000
		set k v ex x ex 10 => +OK
		set k v ex 10 ex x => -ERR value is not an integer or out of range
		set k v ex 1 px 1 => -ERR syntax error
		set k v ex 1 exat 1 => -ERR syntax error
		set k v px 1 pxat 1 => -ERR syntax error
		set k v ex 1 keepttl => -ERR syntax error
		set k v keepttl ex 1 => -ERR syntax error
		set k v keepttl keepttl => +OK
		set k v ex 1 ex => -ERR syntax error
		getex k ex 1 ex 30 => $1 v
		pttl k => :30000
		getex k px 1 px 4000 px 5000 => $1 v
		pttl k => :5000
		getex k ex 1 pxat 1 => -ERR syntax error
		getex k persist ex 1 => -ERR syntax error
		getex k ex 1 persist => -ERR syntax error
		getex k persist persist => $1 v
		pttl k => :-1
	`)
}
