package fullsync

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// roundTrip is the kernel's smoothed round trip of a connection.
func roundTrip(c *net.TCPConn) (rtt time.Duration, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) {
		info, ierr := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if ierr == nil {
			rtt, ok = time.Duration(info.Rtt)*time.Microsecond, true
		}
	})
	return rtt, ok && err == nil
}

// smooth makes the kernel send at a rate, evenly.
func smooth(c *net.TCPConn, bytesPerSecond float64) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE, uint64(bytesPerSecond))
	})
}
