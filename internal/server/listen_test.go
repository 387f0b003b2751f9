package server

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// failing is a listener whose first connections cannot be accepted.
type failing struct {
	net.Listener
	errs []error
}

func (f *failing) Accept() (net.Conn, error) {
	if len(f.errs) == 0 {
		return f.Listener.Accept()
	}
	err := f.errs[0]
	f.errs = f.errs[1:]
	return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)}
}

// No error of accept ends a listener; each kind has a line in the log.
func TestAcceptGoesOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	served := make(chan net.Conn)
	ls := newListeners(&Server{log: slog.New(slog.NewTextHandler(&log, nil))}, 0, func(c net.Conn) { served <- c })
	f := &failing{l, []error{syscall.EMFILE, syscall.ECONNABORTED, syscall.ENFILE, syscall.ENOBUFS, syscall.EMFILE}}
	address := "tcp://" + l.Addr().String()
	ls.open[address] = f
	ls.wg.Go(func() { ls.accept(address, f) })
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		(<-served).Close()
		c.Close()
	}
	ls.stop()
	for _, want := range []string{"no file descriptor is left", "connections cannot be accepted"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log says %q not once:\n%s", want, log.String())
		}
	}
}

func TestListenErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): "another process listens there",
		"192.0.2.1:0":         "this machine does not have the address",
	} {
		_, err := open("tcp://" + address)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cannot listen on "+address) {
			t.Errorf("%s: %v", address, err)
		}
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := open("unix://" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := open("unix://" + path); err == nil || errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a socket that is in use: %v", err)
	}
}
