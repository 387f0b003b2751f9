package node_test

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/node"
	"github.com/haypile/haypile/test/harness"
)

// start runs a node in this process and returns its address.
func start(t testing.TB, fs vfs.FS, dir string, args ...string) (*node.Node, string) {
	t.Helper()
	return startNode(t, node.Options{FS: fs}, dir, args...)
}

// startNode is start with options beyond the parameters.
func startNode(t testing.TB, o node.Options, dir string, args ...string) (*node.Node, string) {
	t.Helper()
	n, addr, err := tryStart(t, o, dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n, addr
}

// tryStart is startNode where a refusal is of interest.
func tryStart(t testing.TB, o node.Options, dir string, args ...string) (*node.Node, string, error) {
	t.Helper()
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	o.Config = config.New()
	args = append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--memory-budget", "256mb"}, args...)
	if err := o.Config.ApplyArgs(args); err != nil {
		t.Fatal(err)
	}
	o.Logger, o.Version = slog.New(slog.DiscardHandler), "test"
	n, err := node.Start(o)
	return n, fmt.Sprintf("127.0.0.1:%d", port), err
}

func startForTest(t testing.TB, args ...string) string {
	n, addr := start(t, vfs.Default, t.TempDir(), args...)
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return addr
}

func dial(t testing.TB, addr string) *harness.Client {
	t.Helper()
	c, err := harness.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = 5 * time.Second
	t.Cleanup(func() { c.Close() })
	return c
}

// A dialogue is a file of lines, each with the name of a connection:
//
//	A> command      send and read the reply
//	A>> command     send only
//	A<              read one message
//	A!              the connection is closed by the server
//	sleep 20ms
//
// It is held with redis-server and with Haypile, and what they say must be the same.
// {id A} stands for the id of a connection, {addr A} for its address.
type dialogue struct {
	t     *testing.T
	addr  string
	proto string
	conns map[string]*harness.Client
	ids   map[string]string
	said  []string
}

func (d *dialogue) conn(name string) *harness.Client {
	c := d.conns[name]
	if c == nil {
		c = dial(d.t, d.addr)
		d.conns[name] = c
		if d.proto != "2" {
			_, _ = c.Do("HELLO", d.proto) // refused while there is a password
		}
		if r, err := c.Do("CLIENT", "ID"); err == nil {
			d.ids[name] = strconv.FormatInt(r.Int, 10)
		}
	}
	return c
}

func (d *dialogue) say(format string, args ...any) {
	d.said = append(d.said, fmt.Sprintf(format, args...))
}

func (d *dialogue) line(text string) {
	if pause, ok := strings.CutPrefix(text, "sleep "); ok {
		wait, err := time.ParseDuration(pause)
		if err != nil {
			d.t.Fatal(err)
		}
		time.Sleep(wait) // a time-out of the server has to pass
		return
	}
	name, rest := text[:1], text[1:]
	c := d.conn(name)
	switch {
	case strings.HasPrefix(rest, ">>"):
		d.send(c, rest[2:])
	case strings.HasPrefix(rest, ">"):
		d.send(c, rest[1:])
		d.receive(text, c)
	case rest == "<":
		d.receive(text, c)
	case rest == "!":
		_, err := c.Receive()
		var timeout net.Error
		d.say("%s closed: %v", text, err != nil && !(errors.As(err, &timeout) && timeout.Timeout()))
	default:
		d.t.Fatalf("line %q is not understood", text)
	}
}

func (d *dialogue) send(c *harness.Client, command string) {
	for name := range d.conns {
		command = strings.ReplaceAll(command, "{id "+name+"}", d.ids[name])
		command = strings.ReplaceAll(command, "{addr "+name+"}", d.conns[name].LocalAddr())
	}
	var args []string
	for _, word := range strings.Fields(command) {
		if unquoted, err := strconv.Unquote(word); err == nil {
			word = unquoted
		}
		args = append(args, word)
	}
	if err := c.Send(args); err == nil {
		err = c.Flush()
		if err != nil {
			d.say("send: %v", err)
		}
	}
}

func (d *dialogue) receive(text string, c *harness.Client) {
	r, err := c.Receive()
	if err != nil {
		d.say("%s\n\terror: %v", text, err)
		return
	}
	d.say("%s\n\t%c %s", text, r.Kind, strings.ReplaceAll(r.String(), "\n", "\n\t"))
}

func hold(t *testing.T, addr, proto, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := &dialogue{t: t, addr: addr, proto: proto, conns: map[string]*harness.Client{}, ids: map[string]string{}}
	dial(t, addr).MustDo(t, "FLUSHALL")
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if text := strings.TrimSpace(sc.Text()); text != "" && !strings.HasPrefix(text, "#") {
			d.line(text)
		}
	}
	for _, c := range d.conns {
		c.Close()
	}
	return d.said
}

func TestDialogues(t *testing.T) {
	paths, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no dialogues", err)
	}
	harness.Need(t, "redis-server")
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			redis := harness.Start(t, harness.Options{Flavor: harness.Redis}).Addr()
			ours := startForTest(t)
			protos := []string{"2", "3"}
			if strings.HasSuffix(path, "_resp3.txt") {
				protos = protos[1:]
			}
			for _, proto := range protos {
				t.Run("resp"+proto, func(t *testing.T) {
					want, got := hold(t, redis, proto, path), hold(t, ours, proto, path)
					for i := range min(len(want), len(got)) {
						if want[i] != got[i] {
							t.Fatalf("redis-server: %s\nhaypile:      %s", want[i], got[i])
						}
					}
					if len(want) != len(got) {
						t.Errorf("redis-server says %d things, haypile %d", len(want), len(got))
					}
				})
			}
		})
	}
}
