package server

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/haypile/haypile/internal/config"
)

// Addresses turns bind, port and unixsocket into what is listened on, in the form
// tcp://host:port and unix://path. A leading "-" marks an address that may be
// missing, as in redis.conf; * and ::* are all addresses.
func Addresses(v *config.Values) []string {
	list := TCPAddresses(v)
	if v.UnixSocket != "" {
		list = append(list, "unix://"+v.UnixSocket)
	}
	return list
}

// TCPAddresses are those of port.
func TCPAddresses(v *config.Values) []string {
	if v.Port == 0 {
		return nil
	}
	return tcpAddresses(v.Bind, int(v.Port))
}

func tcpAddresses(bind []string, port int) (list []string) {
	any4, any6 := false, false
	for _, b := range bind {
		optional := strings.HasPrefix(b, "-")
		switch host := strings.TrimPrefix(b, "-"); host {
		case "":
		case "*", "0.0.0.0":
			any4 = true
		case "::*", "::", "*6":
			any6 = true
		default:
			if optional && !bindable(host) {
				continue
			}
			list = append(list, "tcp://"+net.JoinHostPort(host, strconv.Itoa(port)))
		}
	}
	switch {
	case any6 && (!any4 || bindable("::")) && bindable("::"):
		list = append(list, fmt.Sprintf("tcp://:%d", port)) // both families
	case any4 || any6:
		list = append(list, fmt.Sprintf("tcp://0.0.0.0:%d", port))
	}
	return list
}

// bindable says whether an address belongs to this machine.
func bindable(host string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// ChmodSocket sets the permissions that unixsocketperm names.
func ChmodSocket(v *config.Values) error {
	if err := os.Chmod(v.UnixSocket, os.FileMode(v.UnixSocketPerm)); err != nil {
		return fmt.Errorf("unixsocketperm: %w", err)
	}
	return nil
}

// ServiceAddresses is where a dedicated port is listened on, or nothing when another process has it.
func (s *Server) ServiceAddresses(v *config.Values, port int) []string {
	list := tcpAddresses(v.Bind, port)
	if ev := s.plain.Load(); ev != nil && samePort(list, ev.ls.addresses()) {
		return list
	}
	for _, a := range list {
		l, err := open(a)
		if err != nil {
			return nil
		}
		l.Close()
	}
	return list
}
