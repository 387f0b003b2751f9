package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// link is a cable between two network namespaces: a TUN device in each, and this process between them, which
// holds every packet back for a while. (The kernel's netem does that too, but is not in every kernel.)
type link struct {
	silent atomic.Bool // nothing passes
	ends   [2]*os.File
}

type packet struct {
	due  time.Time
	data []byte
}

func newLink(delay time.Duration, nsA, devA, nsB, devB string) (*link, error) {
	a, err := tun(nsA, devA)
	if err != nil {
		return nil, err
	}
	b, err := tun(nsB, devB)
	if err != nil {
		a.Close()
		return nil, err
	}
	l := &link{ends: [2]*os.File{a, b}}
	go l.carry(delay, a, b)
	go l.carry(delay, b, a)
	return l, nil
}

func (l *link) close() {
	for _, f := range l.ends {
		f.Close()
	}
}

func (l *link) carry(delay time.Duration, from, to *os.File) {
	queue := make(chan packet, 1<<14)
	go func() {
		runtime.LockOSThread() // it sleeps in the kernel: Go's timers are a millisecond late
		for p := range queue {
			if wait := time.Until(p.due); wait > 20*time.Microsecond {
				ts := unix.NsecToTimespec(int64(wait))
				_ = unix.Nanosleep(&ts, nil)
			}
			_, _ = to.Write(p.data) // a device that is down drops it
		}
	}()
	defer close(queue)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if l.silent.Load() {
			continue
		}
		select {
		case queue <- packet{time.Now().Add(delay), append([]byte(nil), buf[:n]...)}:
		default: // full: the packet is lost, as on any link
		}
	}
}

// tun makes a device in a namespace. The thread that has gone there ends with its goroutine.
func tun(ns, name string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		f, err := tunHere(ns, name)
		done <- result{f, err}
	}()
	r := <-done
	if r.err != nil {
		return nil, fmt.Errorf("make the device %s in %s: %w", name, ns, r.err)
	}
	return r.f, nil
}

func tunHere(ns, name string) (*os.File, error) {
	there, err := unix.Open("/var/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(there)
	if err := unix.Setns(there, unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	req, err := unix.NewIfreq(name)
	if err == nil {
		req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, req)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}
