package harness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// A server's further ports lie at fixed distances from its client port, as in Pika: replication and full sync. Redis Cluster's
// bus would be at +10000.
var portOffsets = []int{0, 2000, 10000, 10001}

// Ports are drawn below the range from which the system takes those of outgoing connections (32768 and up on Linux), the
// furthest offset included, so that no client can occupy a port between our look and the server's bind.
const (
	portMin = 10240
	portMax = 22000
)

// FreePort finds a port on loopback that is free together with those derived from it.
func FreePort() (int, error) {
	for range 200 {
		port := portMin + rand.IntN(portMax-portMin)
		if portsFree(port) {
			return port, nil
		}
	}
	return 0, errors.New("no free port found on loopback")
}

func portsFree(port int) bool {
	for _, offset := range portOffsets {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+offset))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}
