package fullsync

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// linkState is what the kernel knows of a connection: the smoothed round trip, and the bytes that the peer has acknowledged.
func linkState(c *net.TCPConn) (rtt time.Duration, acked uint64, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, 0, false
	}
	err = raw.Control(func(fd uintptr) {
		info, ierr := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if ierr == nil {
			rtt, acked, ok = time.Duration(info.Rtt)*time.Microsecond, info.Bytes_acked, true
		}
	})
	return rtt, acked, ok && err == nil
}

// smooth makes the kernel send at a rate, evenly.
func smooth(c *net.TCPConn, bytesPerSecond uint64) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE, bytesPerSecond)
	})
}
