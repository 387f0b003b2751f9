// Package sentinel runs failover drills: three servers, three unmodified redis-sentinels (package group), and
// go-redis's failover client writing all the time; and client libraries through failovers.
//
//	go test ./test/sentinel                                          each fault once in each mode
//	DRILL_ROUNDS=50 go test ./test/sentinel -run TestDrills -v -timeout 2h
//	DRILL_SERVER=redis DRILL_ROUNDS=14 …                             the same with redis-server, to compare with
//	CLIENT_FAILOVERS=10 go test ./test/sentinel -run TestClients -v  go-redis, rueidis and ioredis through ten failovers
package sentinel
