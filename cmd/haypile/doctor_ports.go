package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/haypile/haypile/internal/replication"
)

// examinePorts says which services of a running master can be reached from here, as a replica
// here would.
func examinePorts(ctx context.Context, out io.Writer, addr, user, password string) error {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is neither a directory nor host:port: %w", addr, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%q: the port is not a number", addr)
	}
	var o treeOptions
	o.user, o.password = user, password
	f, err := o.fields(ctx, addr)
	if err != nil {
		return fmt.Errorf("the client port %s cannot be used: %w; replicas need it in any case: open or map it, or give --user and --password", addr, err)
	}
	fmt.Fprintf(out, "client port      %s  answers; role %s\n", addr, f["role"])
	bad := false
	for _, s := range []struct {
		service replication.Service
		what    string
	}{{replication.ServiceLog, "log stream"}, {replication.ServiceCopy, "full copies"}} {
		ports := map[replication.Service]int{}
		d := replication.Dialer{Settings: func() replication.DialSettings {
			return replication.DialSettings{Transport: replication.Dedicated, User: user, Password: password, Timeout: 3 * time.Second, Ports: ports}
		}}
		conn, _, via, err := d.Dial(ctx, replication.Address{Host: host, Port: port}, s.service)
		if err == nil {
			conn.Close()
			fmt.Fprintf(out, "%-16s %s  answers\n", s.what, via)
			continue
		}
		bad = true
		fmt.Fprintf(out, "%-16s %v\n", s.what, err)
	}
	if bad {
		return errors.New("a dedicated port cannot be reached; with replication-transport auto (the default) replicas use the client port instead and nothing has to be done")
	}
	return nil
}
