// Package harness starts real servers and talks to them from outside, for tests and benchmarks that know a server only
// through its command line and its port. It imports nothing of Haypile.
//
// What it promises:
//
//   - H1. [Client] sends what it is told and returns what came back: every RESP2 and RESP3 reply keeps its type byte, nothing
//     is retried, reconnected, or converted. Pushes and attributes are handed over, not swallowed.
//   - H2. Everything waits with a deadline; a server that hangs gives an error, never a hanging test.
//   - H3. Each [Server] has a directory of its own below the system's temporary directory and ports that were free on
//     loopback. The directory of a passed test is removed; that of a failed one is kept and named, with the end of
//     the server's log, in the output of the test.
//   - H4. A started process does not outlive the test that started it.
//
// The functions that take a testing.TB ([Start], [Server.Client], [Need]) end the test on trouble; those that return an error
// ([Launch], [Dial]) also serve the programs below bench/.
//
// Environment:
//
//	HAYPILE_BIN          the binary to test, instead of building ./cmd/haypile; with "redis-server" (or a path that ends so)
//	                     Redis stands in for Haypile, which is how the tests themselves are tested
//	HAYPILE_BUILD_FLAGS  extra flags for go build, such as "-race"
//	HAYPILE_ARGS         extra parameters for every Haypile server, such as "--memory-budget 256mb"
//	HARNESS_KEEP         when set, directories of passed tests are kept too
package harness
