// Package sentinel runs failover drills: three servers, three unmodified redis-sentinels, and
// go-redis's failover client writing all the time.
//
//	go test ./test/sentinel                                          a few rounds
//	DRILL_ROUNDS=50 go test ./test/sentinel -run TestDrills -v -timeout 90m
//	DRILL_SERVER=redis DRILL_ROUNDS=20 …                             the same with redis-server, to compare with
//
// Every server is reached through a proxy, whose address it announces, so that it can be cut off
// together with a client that stays on its side.
package sentinel
