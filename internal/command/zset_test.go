package command

import (
	"fmt"
	"testing"
)

const zsetScript = `
ZADD z 1 a 2 b => :2 ! zadd:z
ZADD z 1 a => :0 ! none
ZADD z XX 5 new => :0 ! none
ZADD z CH 3 a => :1 ! zadd:z
ZADD z INCR 1 a => $1 4 ! zincr:z
ZADD z NX INCR 1 a => $-1 ! none
ZADD z GT INCR -1 a => $-1 ! none
ZADD z INCR 0 a => $1 4 ! none
ZINCRBY z 1 a => $1 5 ! zincr:z
ZADD none XX 1 a => :0 ! none
ZADD z NX XX 1 a => -ERR XX and NX options at the same time are not compatible
ZADD z 1 a 2 => -ERR syntax error
ZRANGE z 0 -1 WITHSCORES => *4 $1 b $1 2 $1 a $1 5
ZRANGE z 0 -1 REV => *2 $1 a $1 b
ZRANK z a => :1
ZRANK z a WITHSCORE => *2 :1 $1 5
ZREVRANK z a WITHSCORE => *2 :0 $1 5
ZREVRANK z x WITHSCORE => *-1
ZREVRANK z x => $-1
ZRANK z a FOO => -ERR syntax error
ZRANGEBYSCORE z (2 5 => *1 $1 a
ZRANGEBYSCORE z -inf +inf LIMIT 1 1 => *1 $1 a
ZREVRANGEBYSCORE z 5 2 WITHSCORES => *4 $1 a $1 5 $1 b $1 2
ZCOUNT z 2 (5 => :1
ZRANGESTORE d z 0 0 => :1 ! zrangestore:d
ZRANGESTORE d z 5 6 => :0 ! del:d
ZRANGESTORE d z +inf -inf BYSCORE REV LIMIT 0 2 => :2
ZRANGE d 0 -1 => *2 $1 b $1 a
ZREM d a x => :1 ! zrem:d
ZREM d b => :1 ! zrem:d del:d
ZADD l 0 a 0 b 0 c => :3
ZLEXCOUNT l [b + => :2
ZRANGEBYLEX l - (c => *2 $1 a $1 b
ZREVRANGEBYLEX l + - LIMIT 1 1 => *1 $1 b
ZREMRANGEBYLEX l [a [a => :1 ! zremrangebylex:l
ZREMRANGEBYRANK l 0 0 => :1 ! zremrangebyrank:l
ZREMRANGEBYSCORE l 0 0 => :1 ! zremrangebyscore:l del:l
ZPOPMIN z => *2 $1 b $1 2 ! zpopmin:z
ZPOPMAX z 5 => *2 $1 a $1 5 ! zpopmax:z del:z
ZPOPMIN z 5 => *0 ! none
ZADD z1 1 a 2 b => :2
ZADD z2 3 b 4 c => :2
SADD s b => :1
ZUNION 3 z1 z2 s WITHSCORES => *6 $1 a $1 1 $1 c $1 4 $1 b $1 6
ZINTER 2 z1 z2 WEIGHTS 10 1 AGGREGATE MAX WITHSCORES => *2 $1 b $2 20
ZDIFF 2 z1 z2 => *1 $1 a
ZINTERCARD 2 z1 z2 => :1
ZUNIONSTORE d 2 z1 z2 => :3 ! zunionstore:d
ZINTERSTORE d 2 z1 none => :0 ! del:d
ZDIFFSTORE z1 2 z1 z2 => :1 ! zdiffstore:z1
ZMPOP 2 none z1 MIN COUNT 3 => *2 $2 z1 *1 *2 $1 a $1 1 ! zpopmin:z1 del:z1
ZMPOP 1 none MIN => *-1
ZUNION 0 z => -ERR at least 1 input key is needed for 'zunion' command
ZRANGE s 0 -1 => -WRONGTYPE Operation against a key holding the wrong kind of value
`

func TestZSetCommands(t *testing.T) {
	newStage(t).play(zsetScript)
	newStage(t).expanded().play(zsetScript)
}

func TestZSetRESP3(t *testing.T) {
	s := newStage(t)
	s.proto = 3
	s.play(`
ZADD z 1 a 2.5 b => :2
ZSCORE z b => ,2.5
ZMSCORE z a x => *2 ,1 _
ZADD z INCR 1 a => ,2
ZADD z NX INCR 1 a => _
ZRANGE z 0 -1 WITHSCORES => *2 *2 $1 a ,2 *2 $1 b ,2.5
ZRANGE z 0 -1 => *2 $1 a $1 b
ZUNION 1 z WITHSCORES => *2 *2 $1 a ,2 *2 $1 b ,2.5
ZRANDMEMBER z 5 WITHSCORES => *2 *2 $1 a ,2 *2 $1 b ,2.5
ZRANK z b WITHSCORE => *2 :1 ,2.5
ZRANK z x WITHSCORE => _
ZSCAN z 0 => *2 $1 0 *4 $1 a $1 2 $1 b $3 2.5
ZPOPMIN z => *2 $1 a ,2
ZPOPMIN z 1 => *1 *2 $1 b ,2.5
ZADD z 1 a => :1
ZMPOP 1 z MAX => *2 $1 z *1 *2 $1 a ,1
ZMPOP 1 z MAX => _
`)
}

func TestZSetBlocking(t *testing.T) {
	s := newStage(t)
	s.play(`
BZPOPMIN z 1.5 => blocked
`)
	if s.wait.DeadlineMS != s.x.Now+1500 || len(s.wait.Keys) != 1 {
		t.Errorf("%+v", s.wait)
	}
	s.play(`
BZMPOP 0 2 y z MAX => blocked
BZPOPMAX z -1 => -ERR timeout is negative
BZMPOP x 1 z MID => -ERR syntax error
ZADD z 1 a 2 b 3 c => :3
BZPOPMIN y z 0 => *3 $1 z $1 a $1 1 ! zpopmin:z
BZPOPMAX y z 0 => *3 $1 z $1 c $1 3 ! zpopmax:z
BZMPOP 0 2 y z MAX => *2 $1 z *1 *2 $1 b $1 2 ! zpopmax:z del:z
SADD s a => :1
BZPOPMIN s 0 => -WRONGTYPE Operation against a key holding the wrong kind of value
`)
	s.again = true // a client that waits is not disturbed
	s.play(`BZPOPMIN s z 0 => blocked`)
	s.noWait = true
	s.play(`BZPOPMIN z 0 => *-1`)
}

func TestZSetHeavy(t *testing.T) {
	s := newStage(t)
	line := "ZADD z"
	for i := range 2500 {
		line += fmt.Sprintf(" %d m%d", i%7, i)
	}
	s.do(line)
	s.x.HeavyLimit = 1000
	for _, line := range []string{"ZRANGE z 0 -1", "ZRANGE z 1200 1201", "ZRANGEBYSCORE z 0 9", "ZRANK z m1250", "ZCOUNT z 2 4", "ZPOPMIN z 1200",
		"ZUNION 1 z", "ZDIFFSTORE d 2 z none", "ZINTERSTORE d 1 z", "ZREMRANGEBYSCORE z 0 3", "ZSCAN z 0 COUNT 1500", "ZRANDMEMBER z 200",
		"ZRANGESTORE d z 0 -1", "ZLEXCOUNT z - +"} {
		if got := s.do(line); got != "-would block" {
			t.Errorf("%s: %.40s", line, got)
		}
	}
	s.play(`
ZCARD z => :2500
ZRANGE z 0 0 => *1 $2 m0
ZRANGE z -1 -1 => *1 $4 m993
ZCOUNT z -inf +inf => :2500
EXISTS d => :0
`)
}
