package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// ReplyTimeout is how long a client waits for one reply unless told otherwise: far longer than any command of
// a test takes on a loaded machine, short enough that a hang shows itself.
const ReplyTimeout = 20 * time.Second

// A bound on what a reply may announce, so that a broken server gives an error rather than an exhausted machine.
const (
	bulkBytesMax  = 1 << 30
	elementsMax   = 1 << 28
	replyDepthMax = 64
)

// Client is one connection. It is not safe for concurrent use. It does not retry: after an I/O error it is of no further use.
type Client struct {
	// Timeout bounds each flush and the wait for each reply.
	Timeout time.Duration

	conn    net.Conn
	r       *bufio.Reader
	w       *bufio.Writer
	scratch []byte
}

// Dial connects to a server.
func Dial(addr string) (*Client, error) {
	conn, err := net.DialTimeout("tcp", addr, ReplyTimeout)
	if err != nil {
		return nil, err
	}
	return NewClient(conn), nil
}

// NewClient speaks RESP over a connection that the caller made.
func NewClient(conn net.Conn) *Client {
	return &Client{
		Timeout: ReplyTimeout,
		conn:    conn,
		r:       bufio.NewReaderSize(conn, 64<<10),
		w:       bufio.NewWriterSize(conn, 64<<10),
	}
}

// Close drops the connection, whatever was outstanding.
func (c *Client) Close() error { return c.conn.Close() }

// LocalAddr tells connections apart in CLIENT LIST.
func (c *Client) LocalAddr() string { return c.conn.LocalAddr().String() }

// Do sends one command and waits for one reply. Arguments may be strings, byte slices, integers and floats.
func (c *Client) Do(args ...any) (Reply, error) {
	if err := c.Send(Args(args...)); err != nil {
		return Reply{}, err
	}
	if err := c.Flush(); err != nil {
		return Reply{}, err
	}
	return c.Receive()
}

// Pipeline sends all commands, then reads as many replies. On an error it also returns the replies that did come.
func (c *Client) Pipeline(commands [][]string) ([]Reply, error) {
	// A server may stop reading while its replies are not taken, so a large pipeline is written beside the reading.
	sent := make(chan error, 1)
	go func() {
		for _, args := range commands {
			if err := c.Send(args); err != nil {
				sent <- err
				return
			}
		}
		sent <- c.Flush()
	}()
	replies := make([]Reply, 0, len(commands))
	for range commands {
		reply, err := c.Receive()
		if err != nil {
			_ = c.conn.Close() // so that the sender ends, too
			<-sent
			return replies, err
		}
		replies = append(replies, reply)
	}
	return replies, <-sent
}

// Send queues a command; [Client.Flush] puts it on the wire.
func (c *Client) Send(args []string) error {
	// A full buffer is written here, not only by Flush.
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.Timeout)); err != nil {
		return err
	}
	c.scratch = AppendCommand(c.scratch[:0], args)
	_, err := c.w.Write(c.scratch)
	return err
}

// SendRaw queues bytes as they are: inline commands, broken frames.
func (c *Client) SendRaw(bytes []byte) error {
	_, err := c.w.Write(bytes)
	return err
}

// Flush writes everything queued.
func (c *Client) Flush() error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.Timeout)); err != nil {
		return err
	}
	return c.w.Flush()
}

// Receive reads the next reply, of whatever kind; in RESP3 this may be a push.
func (c *Client) Receive() (Reply, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(c.Timeout)); err != nil {
		return Reply{}, err
	}
	return c.read(0)
}

func (c *Client) read(depth int) (Reply, error) {
	if depth > replyDepthMax {
		return Reply{}, errors.New("protocol: reply nested too deeply")
	}
	line, err := c.readLine()
	if err != nil {
		return Reply{}, err
	}
	if len(line) == 0 {
		return Reply{}, errors.New("protocol: empty line in place of a reply")
	}
	kind, rest := Kind(line[0]), line[1:]
	switch kind {
	case Simple, Error, Double, Bool, BigNumber:
		return Reply{Kind: kind, Str: rest}, nil
	case Null:
		return Reply{Kind: kind, Null: true}, nil
	case Int:
		n, err := strconv.ParseInt(rest, 10, 64)
		if err != nil {
			return Reply{}, fmt.Errorf("protocol: bad integer %q", line)
		}
		return Reply{Kind: kind, Int: n}, nil
	case Bulk, Verbatim, BlobError:
		return c.readBulk(kind, rest)
	case Array, Set, Push, Map:
		return c.readAggregate(kind, rest, depth)
	case attribute:
		attr, err := c.readAggregate(Map, rest, depth)
		if err != nil {
			return Reply{}, err
		}
		reply, err := c.read(depth + 1)
		reply.Attr = attr.Elems
		return reply, err
	}
	return Reply{}, fmt.Errorf("protocol: unknown type byte in %q", line)
}

func (c *Client) readLine() (string, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		if err == io.EOF && line != "" {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return "", fmt.Errorf("protocol: line without CR LF: %q", line)
	}
	return line[:len(line)-2], nil
}

func (c *Client) readBulk(kind Kind, size string) (Reply, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < -1 || n > bulkBytesMax {
		return Reply{}, fmt.Errorf("protocol: bad length %q of a bulk string", size)
	}
	if n == -1 {
		return Reply{Kind: kind, Null: true}, nil
	}
	body := make([]byte, n+2)
	if _, err := io.ReadFull(c.r, body); err != nil {
		return Reply{}, err
	}
	if body[n] != '\r' || body[n+1] != '\n' {
		return Reply{}, fmt.Errorf("protocol: bulk string of %d bytes not followed by CR LF", n)
	}
	return Reply{Kind: kind, Str: string(body[:n])}, nil
}

func (c *Client) readAggregate(kind Kind, size string, depth int) (Reply, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < -1 || n > elementsMax {
		return Reply{}, fmt.Errorf("protocol: bad length %q of an aggregate", size)
	}
	if n == -1 {
		return Reply{Kind: kind, Null: true}, nil
	}
	if kind == Map {
		n *= 2
	}
	elems := make([]Reply, 0, min(n, 1024))
	for range n {
		e, err := c.read(depth + 1)
		if err != nil {
			return Reply{}, err
		}
		elems = append(elems, e)
	}
	return Reply{Kind: kind, Elems: elems}, nil
}

// AppendCommand appends the wire form of a command.
func AppendCommand(b []byte, args []string) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(len(args)), 10)
	b = append(b, '\r', '\n')
	for _, a := range args {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(a)), 10)
		b = append(b, '\r', '\n')
		b = append(b, a...)
		b = append(b, '\r', '\n')
	}
	return b
}

// Args turns values into command arguments: strings and bytes as they are, numbers in decimal.
func Args(values ...any) []string {
	args := make([]string, 0, len(values))
	for _, v := range values {
		switch v := v.(type) {
		case string:
			args = append(args, v)
		case []byte:
			args = append(args, string(v))
		case []string:
			args = append(args, v...)
		case float64:
			args = append(args, strconv.FormatFloat(v, 'g', -1, 64))
		default:
			args = append(args, fmt.Sprint(v))
		}
	}
	return args
}
