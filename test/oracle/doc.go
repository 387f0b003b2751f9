// Package oracle sends the same generated commands to redis-server and to Haypile and compares what comes back.
//
// What it promises:
//
//   - O1. Both servers see the same commands in the same order on the same connections; a run is a function of its seed.
//   - O2. A reply that differs is reported unless the rule of its command (compare.go) or a row of the table of intended
//     differences (differences.go) allows it. There is no third way.
//   - O3. After every few thousand commands the complete key spaces are compared, too: names, types, contents, times of expiry.
//   - O4. What is reported is the shortest sequence from an empty server that was found to show the difference, in the form that
//     redis-cli takes, with both replies.
//
// How it is made: family_*.go list what is generated, a row per command (name, weight, arguments). gen.go draws keys and
// values from small pools so that types collide and sets overlap, with the edges of every range among them. play.go sends
// steps to both sides, compare.go judges, state.go reads whole key spaces, shrink.go shortens.
//
// What is random by definition (SPOP, SRANDMEMBER, …), or makes sense only as a whole (SCAN to its end), is a [probe]: a small
// program of commands that runs on each side and sums up what it saw in one reply, which must be the same on both.
//
// Environment:
//
//	ORACLE_COMMANDS  commands per cell of the matrix (20,000; 4,000 with -short; a long run takes 1,000,000)
//	ORACLE_SEED      replays a run (printed by each)
//	ORACLE_FAMILIES  only these, comma-separated (list,zset); keys and errors included only if named
//	ORACLE_FAILURES  different findings after which a cell ends (10)
package oracle
