package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
)

func replicationCommand() *cobra.Command {
	var o treeOptions
	c := &cobra.Command{
		Use:   "replication HOST:PORT",
		Short: "Show the tree of master and replicas: states, lags, transfers",
		Long: "Show the tree that a server belongs to, from its topmost master down: what each node says of its link and databases,\n" +
			"how far it is behind, and which full copies are on their way. It is drawn anew every second until interrupted.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for {
				var b strings.Builder
				err := o.draw(cmd.Context(), &b, args[0])
				if o.once {
					fmt.Fprint(cmd.OutOrStdout(), b.String())
					return err
				}
				fmt.Fprint(cmd.OutOrStdout(), "\x1b[H\x1b[2J", time.Now().Format(time.TimeOnly), "\n", b.String())
				if err != nil {
					fmt.Fprintln(cmd.OutOrStdout(), err)
				}
				time.Sleep(time.Second)
			}
		},
	}
	c.Flags().BoolVar(&o.once, "once", false, "draw it once")
	c.Flags().StringVar(&o.user, "user", "", "ACL user")
	c.Flags().StringVar(&o.password, "password", "", "password, the same at all nodes")
	return c
}

type treeOptions struct {
	once           bool
	user, password string
}

// maxDepth bounds the walk: a circle of servers that follow one another has no top.
const maxDepth = 16

// draw finds the top of the tree and draws it.
func (o *treeOptions) draw(ctx context.Context, out io.Writer, addr string) error {
	seen := map[string]bool{}
	for range maxDepth {
		if seen[addr] {
			fmt.Fprintf(out, "%s  is reached again on the way up: these servers follow one another in a circle, and none takes writes; "+
				"say REPLICAOF NO ONE to the one that is to lead\n", addr)
			return nil
		}
		seen[addr] = true
		f, err := o.fields(ctx, addr)
		if err != nil {
			return err
		}
		if f["role"] != "slave" {
			break
		}
		above := net.JoinHostPort(f["master_host"], f["master_port"])
		if _, err := o.fields(ctx, above); err != nil {
			fmt.Fprintf(out, "%s  cannot be asked: %v\n", above, err)
			break
		}
		addr = above
	}
	return o.node(ctx, out, addr, "", 0)
}

func (o *treeOptions) node(ctx context.Context, out io.Writer, addr, indent string, depth int) error {
	f, err := o.fields(ctx, addr)
	if err != nil {
		fmt.Fprintf(out, "%s%s  cannot be asked: %v\n", indent, addr, err)
		return nil
	}
	if f["role"] == "slave" {
		fmt.Fprintf(out, "%s%s  replica, link %s (%s, %s)  offset %s  priority %s\n", indent, addr, f["master_link_status"], f["repl_connect_status"], f["repl_via"],
			f["slave_repl_offset"], f["slave_priority"])
	} else {
		fmt.Fprintf(out, "%s%s  master  offset %s  history %.8s…  failover %s\n", indent, addr, f["master_repl_offset"], f["master_replid"], f["master_failover_state"])
	}
	indent += "  "
	for _, name := range []string{"repl_connect_reason", "repl_circle", "full_sync_receiving", "repl_port_advice_0", "repl_port_advice_1"} {
		if f[name] != "" {
			fmt.Fprintf(out, "%s  %s: %s\n", indent, name, f[name])
		}
	}
	for i := range 64 {
		if db := f["repl_database_"+strconv.Itoa(i)]; db != "" && (f["role"] == "slave") && !strings.Contains(db, "state=connected") {
			fmt.Fprintf(out, "%s  db%d %s\n", indent, i, db)
		}
		if job := f["full_sync_sending_"+strconv.Itoa(i)]; job != "" {
			fmt.Fprintf(out, "%s  sending %s\n", indent, job)
		}
	}
	if n := f["full_sync_queue"]; n != "" && n != "0" {
		fmt.Fprintf(out, "%s  %s waiting for a full copy\n", indent, n)
	}
	for i := 0; depth < maxDepth; i++ {
		text, ok := f["slave"+strconv.Itoa(i)]
		if !ok {
			return nil
		}
		r := map[string]string{}
		for _, pair := range strings.Split(text, ",") {
			k, v, _ := strings.Cut(pair, "=")
			r[k] = v
		}
		fmt.Fprintf(out, "%s└ %s, last heard of %s s ago, %s bytes behind\n", indent, r["state"], r["lag"], r["lag_bytes"])
		if err := o.node(ctx, out, net.JoinHostPort(r["ip"], r["port"]), indent+"  ", depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (o *treeOptions) fields(ctx context.Context, addr string) (map[string]string, error) {
	c := redis.NewClient(&redis.Options{Addr: addr, Username: o.user, Password: o.password, DialTimeout: 2 * time.Second, ReadTimeout: 2 * time.Second,
		MaxRetries: -1, DisableIdentity: true})
	defer c.Close()
	text, err := c.Info(ctx, "replication").Result()
	if err != nil {
		return nil, err
	}
	f := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			f[k] = v
		}
	}
	return f, nil
}
