// Package crash kills a real server in the middle of real writes, again and again, and checks after each restart what is there.
//
// What is checked, for each value of appendfsync (killing a process must lose nothing acknowledged under any of them):
//
//   - C1. Every acknowledged write is there.
//   - C2. A write that was under way is there wholly or not at all. Of a pipeline, a prefix is there.
//   - C3. A MULTI/EXEC is one such write, whatever number of keys it touches.
//   - C4. Nothing else is there: no key that was deleted, expired or flushed, and none that nobody wrote.
//   - C5. Counts tell the truth: DBSIZE is the number of keys of a complete SCAN; HLEN, LLEN, SCARD and ZCARD are the number of elements.
//   - C6. While the server runs, every reply is what the history of the key says.
//
// How: several writers, each with keys of its own on a connection of its own, keep a model of their keys, a tiny Redis
// in memory (model.go). What was acknowledged has been applied to it; what was sent but not answered when the server died is kept
// aside. After the restart the keys must look like the model after none, some, or all of those commands, in their order (verify.go).
//
// Environment:
//
//	CRASH_ROUNDS   kills for each mode (3; 1 with -short; a long run takes 100)
//	CRASH_SEED     replays the choice of commands and delays (printed by each run); the instants of the kills remain the machine's
//	CRASH_WRITERS  writers in database 0 (6), beside one in database 1 that flushes it now and then
package crash
