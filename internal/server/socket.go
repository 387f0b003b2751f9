package server

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// unixSocket is the socket that ListenPlain makes at a path.
//
// gnet turns addresses into lower case, paths too: a path with capital letters would be made, and what is there removed, in another place. Such a
// socket is made under a small name, in its directory seen through an open file, and then renamed.
type unixSocket struct {
	path      string
	directory *os.File // open while the socket has a small name to gnet
	small     string
}

// openSocket removes what an earlier run has left at the path, unless a server still answers there.
func openSocket(path string) (*unixSocket, error) {
	u := &unixSocket{path: path}
	if _, err := os.Stat(path); err == nil {
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fmt.Errorf("another server is listening on the Unix socket %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	if path == strings.ToLower(path) {
		return u, nil
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("the directory of the Unix socket: %w", err)
	}
	u.directory = directory
	u.small = fmt.Sprintf("/proc/self/fd/%d", directory.Fd())
	if _, err := os.Stat(u.small); err != nil {
		directory.Close()
		return nil, fmt.Errorf("this system allows no capital letters in the path of the Unix socket, %s: %w", path, err)
	}
	u.small = fmt.Sprintf("%s/.haypile-%d", u.small, os.Getpid())
	return u, nil
}

// address is what gnet is told.
func (u *unixSocket) address() string {
	if u.directory != nil {
		return "unix://" + u.small
	}
	return "unix://" + u.path
}

// bound gives the socket its name when gnet has made it.
func (u *unixSocket) bound() error {
	if u == nil || u.directory == nil {
		return nil
	}
	return os.Rename(u.small, u.path)
}

// close removes what gnet does not know of.
func (u *unixSocket) close() {
	if u == nil || u.directory == nil {
		return
	}
	_ = os.Remove(u.path)
	u.directory.Close()
}
