// Package replication keeps replicas equal to their master: the replica's side
// (Follower), the master's side (Source), and the two state machines that decide.
//
// Promises:
//   - P1. A database streams only from a position that its own data proves within
//     a history that the master knows (see layout.Histories.Common); a copy that
//     was not installed as a whole proves nothing.
//   - P2. No state needs an operator to leave it: an error has a reason, a number of
//     attempts and a time of the next one.
//   - P3. A slow or silent replica costs its master neither memory nor speed: what it
//     has not read is in the log, on disk, up to a bound.
//   - P4. Whatever comes over the wire is bounded and checked; a peer can make the
//     other side close the link; a replica can ask its master to hand over to it, and nothing else.
//
// The machines are values: Step takes an event and returns the next state and the
// actions to perform. They have no clock, no socket and no disk; the Follower
// performs the actions and feeds back what came of them, one decision at a time.
//
// On the wire a link is a connection that a command has taken over (see wire.go).
// The replica asks, the master answers, records flow as they are in the log.
package replication
