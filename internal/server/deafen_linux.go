package server

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// deafen ends listening on an address of gnet's, which can only do so together with all connections that came by it: a socket
// that nobody knows takes the place of the listening one, under its descriptor. It listens as well, because an event of the old one may still be on its
// way, and gnet ends on any other error of accept than EAGAIN.
func (ev *events) deafen(address string) error {
	shared, err := ev.eng.DupListener("tcp", address)
	if err != nil {
		return err
	}
	defer unix.Close(shared)
	fd, err := twin(shared)
	if err != nil {
		return err
	}
	mute, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(mute)
	if err := unix.Bind(mute, &unix.SockaddrUnix{}); err != nil { // to a name that the system makes up
		return os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(mute, 0); err != nil {
		return os.NewSyscallError("listen", err)
	}
	return os.NewSyscallError("dup3", unix.Dup3(mute, fd, unix.O_CLOEXEC))
}

// twin finds the other descriptor of what fd is.
func twin(fd int) (int, error) {
	var want, got unix.Stat_t
	if err := unix.Fstat(fd, &want); err != nil {
		return 0, os.NewSyscallError("fstat", err)
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil || n == fd || unix.Fstat(n, &got) != nil {
			continue
		}
		if got.Dev == want.Dev && got.Ino == want.Ino {
			return n, nil
		}
	}
	return 0, syscall.EBADF
}
