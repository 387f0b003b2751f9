// Package replication tests masters and replicas as processes: real servers, real
// connections, with a network between them that can be made bad.
//
//	go test ./test/replication
//	CHAOS_DURATION=30m go test ./test/replication -run TestChaos -v -timeout 60m
//	REAL_INPUT_MB=5000 REAL_INPUT_KILLS=8 go test ./test/replication -run TestRealInput -v -timeout 60m
//
// A failure prints the seed; CHAOS_SEED repeats the choice of faults.
package replication
