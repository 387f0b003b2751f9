// Package clients runs what users run against a server: client libraries, and frameworks built on them.
//
// Libraries: go-redis, rueidis, ioredis and node-redis, each over TCP, TLS with client certificates, and a Unix socket, each
// with RESP2 and RESP3. What they must get from the server is written down once, in scenario.txt; a program for each library
// does it in the library's own idiom (goredis_*_test.go, rueidis_*_test.go, node/ioredis.cjs, node/noderedis.cjs) and reports what it got.
//
// Frameworks: the job queues BullMQ (node/bullmq.cjs) and asynq, with delays, retries, priorities, and a worker that is killed
// in the middle. Every job is done, and none is done twice but those that the killed worker had begun.
//
// Environment:
//
//	CLIENTS_JOBS   jobs for each queue (300; a long run takes 20000)
package clients
