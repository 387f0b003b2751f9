package command

import "testing"

// The clock of a stage stands at 1700000000000.
const fieldTimeScript = `
HSET h a 1 b 2 c 3 => :3
HEXPIRE h 100 FIELDS 2 a x => *2 :1 :-2 ! hexpire:h
HTTL h FIELDS 3 a b x => *3 :100 :-1 :-2
HPTTL h FIELDS 1 a => *1 :100000
HEXPIRETIME h FIELDS 1 a => *1 :1700000100
HPEXPIRETIME h FIELDS 1 a => *1 :1700000100000
HEXPIRE h 200 NX FIELDS 2 a b => *2 :0 :1 ! hexpire:h
HEXPIRE h 300 XX FIELDS 2 a c => *2 :1 :0 ! hexpire:h
HEXPIRE h 200 GT FIELDS 3 a b c => *3 :0 :0 :0 ! none
HEXPIRE h 250 LT FIELDS 3 a b c => *3 :1 :0 :1 ! hexpire:h
HPEXPIRE h 1500 FIELDS 1 a => *1 :1
HTTL h FIELDS 1 a => *1 :2
HPERSIST h FIELDS 3 a x a => *3 :1 :-2 :-1 ! hpersist:h
HPEXPIREAT h 1700000000000 FIELDS 2 a a => *2 :2 :-2 ! hdel:h
HEXPIREAT h 0 FIELDS 2 b c => *2 :2 :2 ! hdel:h del:h
HEXPIRE h 5 FIELDS 2 a b => *2 :-2 :-2 ! none
HTTL h FIELDS 1 a => *1 :-2
HPERSIST h FIELDS 1 a => *1 :-2 ! none
HSET h a 1 => :1
HEXPIRE h 100 FIELDS 1 a => *1 :1
HINCRBY h a 2 => :3
HTTL h FIELDS 1 a => *1 :100
HINCRBYFLOAT h a 1.5 => $3 4.5
HTTL h FIELDS 1 a => *1 :100
HSET h a 1 => :0
HTTL h FIELDS 1 a => *1 :-1
SET s x => +OK
HEXPIRE s 5 FIELDS 1 a => -WRONGTYPE Operation against a key holding the wrong kind of value
HEXPIRE h x FIELDS 1 a => -ERR value is not an integer or out of range
HEXPIRE h -1 FIELDS 1 a => -ERR invalid expire time, must be >= 0
HEXPIRE h 70368744178 FIELDS 1 a => -ERR invalid expire time in 'hexpire' command
HPEXPIREAT h 70368744177664 FIELDS 1 a => -ERR invalid expire time in 'hpexpireat' command
HPEXPIREAT h 70368744177663 FIELDS 1 a => *1 :1
HEXPIRE h 5 FOO 1 a => -ERR Mandatory argument FIELDS is missing or not at the right position
HEXPIRE h 5 NX XX 1 a => -ERR Mandatory argument FIELDS is missing or not at the right position
HEXPIRE h 5 FIELDS 0 a => -ERR Parameter ` + "`numFields`" + ` should be greater than 0
HEXPIRE h 5 FIELDS 2 a => -ERR The ` + "`numfields`" + ` parameter must match the number of arguments
HTTL h FIELDS 0 a => -ERR Number of fields must be a positive integer
HTTL h FIELDS 2 a => -ERR The ` + "`numfields`" + ` parameter must match the number of arguments
HPERSIST h FIELD 1 a => -ERR Mandatory argument FIELDS is missing or not at the right position
`

const timedScript = `
HSETEX h EX 100 FIELDS 2 a 1 b 2 => :1 ! hset:h hexpire:h
HSETEX h FNX FIELDS 2 b 3 c 3 => :0 ! none
HSETEX h FXX FIELDS 2 b 3 c 3 => :0 ! none
HSETEX h FXX KEEPTTL FIELDS 1 b 3 => :1 ! hset:h
HTTL h FIELDS 2 a b => *2 :100 :100
HSETEX h FIELDS 1 b 4 => :1
HTTL h FIELDS 2 a b => *2 :100 :-1
HGETEX h FIELDS 3 a b x => *3 $1 1 $1 4 $-1 ! none
HGETEX h PERSIST FIELDS 2 a b => *2 $1 1 $1 4 ! hpersist:h
HGETEX h PXAT 1700000002000 FIELDS 2 a x => *2 $1 1 $-1 ! hexpire:h
HTTL h FIELDS 1 a => *1 :2
HGETEX h PX 0 FIELDS 1 a => *1 $1 1 ! hdel:h
HGETDEL h FIELDS 3 b b x => *3 $1 4 $-1 $-1 ! hdel:h del:h
HGETDEL h FIELDS 1 b => *1 $-1 ! none
HGETEX h EX 5 FIELDS 1 b => *1 $-1 ! none
HSETEX h EXAT 1 FIELDS 1 a 1 => :1 ! none
EXISTS h => :0
HSETEX h EX 5 PX 5 FIELDS 1 a 1 => -ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
HGETEX h PERSIST EX 5 FIELDS 1 a => -ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified
HSETEX h FNX FXX FIELDS 1 a 1 => -ERR Only one of FXX or FNX arguments can be specified
HGETEX h FNX FIELDS 1 a => -ERR unknown argument: FNX
HSETEX h FIELDS 0 a 1 => -ERR invalid number of fields
HSETEX h FIELDS 2 a 1 => -ERR wrong number of arguments
HGETEX h EX 5 PERSIST => -ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified
HSETEX h EX -1 FIELDS 1 a 1 => -ERR invalid expire time, must be >= 0
HSETEX h FNX FNX KEEPTTL EX => -ERR Only one of FXX or FNX arguments can be specified
HGETDEL h FIELDS 0 a => -ERR Number of fields must be a positive integer
`

func TestFieldTimeCommands(t *testing.T) {
	for _, s := range []*stage{newStage(t), newStage(t).expanded()} {
		s.play(fieldTimeScript)
	}
	for _, s := range []*stage{newStage(t), newStage(t).expanded()} {
		s.play(timedScript)
	}
}

// What is past its time is hidden from every command, before it is deleted.
func TestPastFieldsAreHidden(t *testing.T) {
	s := newStage(t)
	s.play(`
HSET h a 1 b 2 => :2
HPEXPIRE h 10 FIELDS 1 a => *1 :1`)
	s.x.Now += 10
	s.play(`
HGET h a => $-1
HMGET h a b => *2 $-1 $1 2
HEXISTS h a => :0
HSTRLEN h a => :0
HLEN h => :2
HGETALL h => *2 $1 b $1 2
HKEYS h => *1 $1 b
HVALS h => *1 $1 2
HSCAN h 0 => *2 $1 0 *2 $1 b $1 2
HRANDFIELD h => $1 b
HRANDFIELD h 5 => *1 $1 b
HRANDFIELD h -2 => *2 $1 b $1 b
HTTL h FIELDS 1 a => *1 :-2
HPERSIST h FIELDS 1 a => *1 :-2
HEXPIRE h 5 FIELDS 1 a => *1 :-2
HDEL h a => :0 ! none
HGETDEL h FIELDS 1 a => *1 $-1
HSETNX h a 5 => :1
HTTL h FIELDS 1 a => *1 :-1
HLEN h => :2
HPEXPIRE h 10 FIELDS 2 a b => *2 :1 :1`)
	s.x.Now += 10
	s.play(`
HRANDFIELD h => $-1
HRANDFIELD h 3 => *0
HGETALL h => *0
HINCRBY h a 3 => :3
HTTL h FIELDS 1 a => *1 :-1`)
}
