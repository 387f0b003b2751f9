package harness

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
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

// FreePort finds a port on loopback that is free together with those derived from it. Until the process ends no other test gets any
// of them: many run at once, and what one has found may be bound by its server only a while later.
func FreePort() (int, error) {
	for range 200 {
		port := portMin + rand.IntN(portMax-portMin)
		reserved, err := given.reserve(port)
		if err != nil {
			return 0, err
		}
		if reserved && portsFree(port) {
			return port, nil
		}
	}
	return 0, errors.New("no free port found on loopback")
}

// given are the ports that this process has taken from all others.
var given reservations

// reservations are locks on bytes of a file that all test processes share, the byte of a port's number for each port. The
// system drops them with the process.
type reservations struct {
	mu   sync.Mutex
	file *os.File
	mine map[int]bool // a process does not exclude itself by such locks
}

// reserve takes a port and those derived from it, or says that somebody else has one of them.
func (r *reservations) reserve(port int) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		path := filepath.Join(os.TempDir(), fmt.Sprintf("haypile-test-ports-%d", os.Getuid()))
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return false, err
		}
		r.file, r.mine = f, map[int]bool{}
	}
	for _, offset := range portOffsets {
		lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: int64(port + offset), Len: 1}
		if r.mine[port+offset] || unix.FcntlFlock(r.file.Fd(), unix.F_SETLK, &lock) != nil {
			return false, nil // what was taken before this one stays: there are enough
		}
		r.mine[port+offset] = true
	}
	return true, nil
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
