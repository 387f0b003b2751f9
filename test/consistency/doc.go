// Package consistency records what clients see of a group while it fails over, and has the history judged by a checker of
// linearizability (porcupine).
//
//	go test ./test/consistency                              each fault once
//	CONSISTENCY_ROUNDS=50 go test ./test/consistency -timeout 2h
//
// # What is promised, and what enters the history
//
// The promise is that of min-replicas-to-write 1 with WAIT 1, for operations that are confirmed: a transaction that contains a write,
// followed on the same connection by a WAIT that finds a replica. A WAIT asks for everything in the master's log, so that what
// the transaction has seen of others is at that replica as well. Registers, counters and lists that are used in
// this way behave as if each operation had happened at one moment between its call and its return.
//
//   - An operation whose WAIT has found a replica enters with its reply.
//   - A read has an INCR of a key of its own beside it. A read alone, even with WAIT, is not promised to be fresh: a master that was
//     stopped and goes on does not know yet that it was replaced, and has acknowledgements from before for all its log.
//   - An operation that was certainly not done (refused with READONLY, NOREPLICAS, LOADING, MASTERDOWN or EXECABORT; no
//     connection over which a PING passes)
//     does not enter.
//   - Every other operation that changes something (connection lost, WAIT in vain) may have happened at any moment after its call, or
//     never: it enters without a reply and without an end. The checker may place it where nobody sees it.
//   - In the end each key is read once more, so that what was lost at last is seen as well.
//
// Types that the models do not describe are held to less: what was acknowledged under WAIT is there in the end.
//
// # What the promise rests on
//
// Sentinel promotes the reachable replica with the greatest offset, which it asks each for when it finds the master down. A
// replica that does not answer then is not chosen, and if it alone has a write, the write is lost: WAIT 2 of two replicas closes that. A
// replica that keeps its link to a master which the sentinels and the other replica have lost goes on acknowledging until it is
// told of the new master; no fault here does that.
package consistency
