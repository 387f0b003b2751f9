// Package transfer moves whole data sets: an RDB or AOF file into a running server, and a running
// server into an RDB file.
//
// Promises:
//   - F1. Memory does not grow with a file, a key or a server: elements pass through in pieces.
//   - F2. What could not be moved is counted and named; a file is complete, or there is none.
//   - F3. An exported key is one that was there at some moment, large ones too.
package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/haypile/haypile/internal/resp"
)

// Target is a server and who to be there.
type Target struct {
	Addr           string
	User, Password string
}

// conn is a connection to a server.
type conn struct {
	nc net.Conn
	r  *bufio.Reader
	w  resp.Writer
}

const dialTimeout = 10 * time.Second

func dial(t Target) (*conn, error) {
	network := "tcp"
	if len(t.Addr) > 0 && t.Addr[0] == '/' {
		network = "unix"
	}
	nc, err := net.DialTimeout(network, t.Addr, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("no connection to the server: %w", err)
	}
	c := &conn{nc: nc, r: bufio.NewReaderSize(nc, 64<<10)}
	if t.Password == "" {
		return c, nil
	}
	args := []string{"AUTH", t.Password}
	if t.User != "" {
		args = []string{"AUTH", t.User, t.Password}
	}
	if _, err := c.do(args...); err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// command adds a command to what is to be sent.
func (c *conn) command(args ...string) {
	c.w.Array(len(args))
	for _, a := range args {
		c.w.BulkString(a)
	}
}

func (c *conn) flush() error {
	_, err := c.nc.Write(c.w.Buf)
	c.w.Buf = c.w.Buf[:0]
	return err
}

// do sends one command and returns its reply; an error reply is an error.
func (c *conn) do(args ...string) (*reply, error) {
	c.command(args...)
	if err := c.flush(); err != nil {
		return nil, err
	}
	r, err := c.reply()
	if err == nil && r.kind == '-' {
		err = fmt.Errorf("the server refused %s: %s", args[0], r.text)
	}
	return r, err
}

// reply is what a server says, in the second version of the protocol.
type reply struct {
	kind  byte // of the protocol; 0: null
	num   int64
	text  []byte
	elems []*reply
}

var errProtocol = errors.New("the server does not speak Redis's protocol")

// maxReply bounds the length of a string that a server may announce.
const maxReply = 1 << 32

// maxDepth bounds how deep arrays are nested.
const maxDepth = 16

func (c *conn) reply() (*reply, error) { return c.nested(0) }

func (c *conn) nested(depth int) (*reply, error) {
	line, err := c.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || err == nil && len(line) < 3 {
		return nil, errProtocol
	}
	if err != nil {
		return nil, fmt.Errorf("the connection to the server has ended: %w", err)
	}
	r := &reply{kind: line[0], text: line[1 : len(line)-2]}
	switch r.kind {
	case '+', '-':
		r.text = append([]byte(nil), r.text...)
		return r, nil
	case ':', '$', '*':
	default:
		return nil, errProtocol
	}
	if r.num, err = strconv.ParseInt(string(r.text), 10, 64); err != nil {
		return nil, errProtocol
	}
	r.text = nil
	if r.kind == ':' {
		return r, nil
	}
	return r, c.body(r, depth)
}

// body reads what follows a length.
func (c *conn) body(r *reply, depth int) error {
	switch {
	case r.num == -1:
		r.kind = 0
		return nil
	case r.num < 0 || r.num > maxReply || depth == maxDepth:
		return errProtocol
	case r.kind == '$' && r.num < 1<<20:
		r.text = make([]byte, r.num+2)
		_, err := io.ReadFull(c.r, r.text)
		r.text = r.text[:r.num]
		return err
	case r.kind == '$':
		var buf bytes.Buffer // it grows as bytes arrive
		_, err := io.CopyN(&buf, c.r, r.num+2)
		r.text = buf.Bytes()[:min(int(r.num), buf.Len())]
		return err
	}
	for range r.num {
		e, err := c.nested(depth + 1)
		if err != nil {
			return err
		}
		r.elems = append(r.elems, e)
	}
	return nil
}
