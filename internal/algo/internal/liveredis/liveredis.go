// Package liveredis starts a private redis-server for tests that compare this
// module's bytes with those of the real thing.
//
// It promises that every server it starts listens only on a Unix socket in a
// fresh temporary directory (so two test binaries never collide), holds no
// persistent state, and is stopped when the test ends. A machine without
// redis-server skips the test with a message that says so.
package liveredis

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Error is a reply that the server sent as a RESP error.
type Error string

// Error returns the server's error line without the leading minus.
func (e Error) Error() string { return string(e) }

// Client is one connection to the started server. It is not safe for
// concurrent use.
type Client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
}

// Start launches redis-server with the given extra arguments and returns a
// connected client; the server ends with the test.
func Start(t testing.TB, args ...string) *Client {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not on PATH; live comparison skipped")
	}
	dir, err := os.MkdirTemp("", "haypile-redis")
	if err != nil {
		t.Fatal(err)
	}
	sock := filepath.Join(dir, "s")
	base := []string{"--port", "0", "--unixsocket", sock, "--save", "",
		"--appendonly", "no", "--dir", dir, "--rdbcompression", "no"}
	cmd := exec.Command(path, append(base, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	var conn net.Conn
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if conn, err = net.Dial("unix", sock); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server did not come up: %v", err)
		}
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Client{t: t, conn: conn, r: bufio.NewReaderSize(conn, 1<<16), w: bufio.NewWriterSize(conn, 1<<16)}
}

// Do sends one command and returns its reply: string, int64, nil, []any or
// Error.
func (c *Client) Do(args ...string) any {
	c.t.Helper()
	return c.Pipeline([][]string{args})[0]
}

// Bytes sends one command whose reply must be a string.
func (c *Client) Bytes(args ...string) []byte {
	c.t.Helper()
	s, ok := c.Do(args...).(string)
	if !ok {
		c.t.Fatalf("%q: reply is not a string", args)
	}
	return []byte(s)
}

// Pipeline sends the commands in batches and returns their replies in order.
func (c *Client) Pipeline(cmds [][]string) []any {
	c.t.Helper()
	const batch = 256
	out := make([]any, 0, len(cmds))
	for len(cmds) > 0 {
		n := min(batch, len(cmds))
		for _, cmd := range cmds[:n] {
			fmt.Fprintf(c.w, "*%d\r\n", len(cmd))
			for _, a := range cmd {
				fmt.Fprintf(c.w, "$%d\r\n%s\r\n", len(a), a)
			}
		}
		if err := c.w.Flush(); err != nil {
			c.t.Fatal(err)
		}
		for range n {
			v, err := c.read()
			if err != nil {
				c.t.Fatal(err)
			}
			out = append(out, v)
		}
		cmds = cmds[n:]
	}
	return out
}

func (c *Client) read() (any, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 3 {
		return nil, errors.New("short reply line")
	}
	body := line[1 : len(line)-2]
	switch line[0] {
	case '+':
		return body, nil
	case '-':
		return Error(body), nil
	case ':':
		return strconv.ParseInt(body, 10, 64)
	case '$', '*':
		n, err := strconv.Atoi(body)
		if err != nil || n < 0 {
			return nil, err
		}
		if line[0] == '$' {
			buf := make([]byte, n+2)
			_, err = io.ReadFull(c.r, buf)
			return string(buf[:n]), err
		}
		arr := make([]any, n)
		for i := range arr {
			if arr[i], err = c.read(); err != nil {
				return nil, err
			}
		}
		return arr, nil
	}
	return nil, fmt.Errorf("unknown reply %q", line)
}

// Payload undoes DUMP's framing for a value that is one RDB string (listpack
// and intset encodings): it returns the RDB type byte and the string.
func Payload(t testing.TB, dump []byte) (typ byte, body []byte) {
	t.Helper()
	if len(dump) < 12 {
		t.Fatalf("DUMP payload of %d bytes is too short", len(dump))
	}
	body, _ = ReadString(t, dump[1:len(dump)-10])
	return dump[0], body
}

// ReadString reads one uncompressed RDB string and returns it with the bytes
// that follow it.
func ReadString(t testing.TB, p []byte) (s, rest []byte) {
	t.Helper()
	n, p := ReadLen(t, p)
	return p[:n], p[n:]
}

// ReadLen reads one RDB length and returns it with the bytes that follow it.
func ReadLen(t testing.TB, p []byte) (n int, rest []byte) {
	t.Helper()
	switch p[0] >> 6 {
	case 0:
		return int(p[0] & 63), p[1:]
	case 1:
		return int(p[0]&63)<<8 | int(p[1]), p[2:]
	case 2:
		if p[0] == 0x80 {
			return int(p[1])<<24 | int(p[2])<<16 | int(p[3])<<8 | int(p[4]), p[5:]
		}
	}
	t.Fatalf("unsupported RDB length byte %#x", p[0])
	return 0, nil
}
