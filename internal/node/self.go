package node

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/replication"
	"github.com/haypile/haypile/internal/resp"
)

// resolveTime bounds the wait for a name to be resolved. The link itself sees that it has come to this server, too.
const resolveTime = time.Second

// notItself refuses a master that is this server: it would wait for itself forever.
func (n *Node) notItself(v *config.Values, host string, port int) error {
	if n.isItself(v, host, port) {
		return resp.Err("ERR " + replication.Address{Host: host, Port: port}.String() + " is this server itself: name the address of its master")
	}
	return nil
}

func (n *Node) isItself(v *config.Values, host string, port int) bool {
	if v.ReplicaAnnounceIP != "" && strings.EqualFold(host, v.ReplicaAnnounceIP) {
		announced := int(v.ReplicaAnnouncePort)
		if announced == 0 {
			announced = int(v.Port)
		}
		if port == announced {
			return true
		}
	}
	if port == 0 || port != int(v.Port) && port != int(v.TLSPort) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if listensAt(v.Bind, a.IP) {
			return true
		}
	}
	return false
}

// listensAt says whether an address of this machine is one of bind's: another server may have the same port at another.
func listensAt(bind []string, ip net.IP) bool {
	if !ip.IsUnspecified() && !ip.IsLoopback() && !ofThisMachine(ip) {
		return false
	}
	for _, b := range bind {
		switch b = strings.TrimPrefix(b, "-"); b {
		case "*", "0.0.0.0", "::*", "::", "*6":
			return true
		}
		if listening := net.ParseIP(b); listening != nil && (listening.Equal(ip) || ip.IsUnspecified() && listening.IsLoopback()) {
			return true
		}
	}
	return false
}

func ofThisMachine(ip net.IP) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return true
		}
	}
	return false
}
