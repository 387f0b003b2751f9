package command

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// MIGRATE talks to another server while it holds the locks of its keys, so that nobody sees a
// key on both sides, or on none. It runs on a worker; whoever needs the keys waits.

const (
	errMigrateRead  resp.Err = "IOERR error or timeout reading to target instance"
	errMigrateWrite resp.Err = "IOERR error or timeout writing to target instance"
	errMigrateDial  resp.Err = "IOERR error or timeout connecting to the client"
	errMigrateKey   resp.Err = "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
)

// migrateOptions are what MIGRATE is told.
type migrateOptions struct {
	copy, replace  bool
	user, password []byte
	auth           bool
	keys           [][]byte
	db             int64
	timeout        time.Duration
}

// migrateArgs reads the arguments after the timeout; firstKey is where keys begin. COMMAND GETKEYS asks
// for the keys of wrong commands too.
func migrateArgs(args [][]byte) (o migrateOptions, firstKey int, err error) {
	firstKey = 3
	o.keys = args[3:4]
	for i := 6; i < len(args); i++ {
		more := len(args) - 1 - i
		switch arg := args[i]; {
		case equalFold(arg, "copy"):
			o.copy = true
		case equalFold(arg, "replace"):
			o.replace = true
		case equalFold(arg, "auth"):
			if more < 1 {
				return o, 0, resp.ErrSyntax
			}
			o.user, o.password, o.auth = nil, args[i+1], true
			i++
		case equalFold(arg, "auth2"):
			if more < 2 {
				return o, 0, resp.ErrSyntax
			}
			o.user, o.password, o.auth = args[i+1], args[i+2], true
			i += 2
		case equalFold(arg, "keys"):
			if len(args[3]) != 0 {
				return o, 0, errMigrateKey
			}
			o.keys = args[i+1:]
			return o, i + 1, nil
		default:
			return o, 0, resp.ErrSyntax
		}
	}
	return o, firstKey, nil
}

func migrateKeys(args [][]byte) (idx []int, ok bool) {
	o, first, err := migrateArgs(args)
	for i := range o.keys {
		idx = append(idx, first+i)
	}
	if err != nil && err != errMigrateKey && len(args[3]) > 0 { // it will fail, but it has named a key
		return []int{3}, true
	}
	return idx, err == nil
}

const defaultMigrateTimeout = time.Second

func parseMigrate(c *Ctx) (migrateOptions, error) {
	o, _, err := migrateArgs(c.Args)
	if err != nil {
		return o, err
	}
	timeout, ok := numeric.ParseInt64(c.Args[5])
	if !ok {
		return o, resp.ErrNotInt
	}
	if o.db, ok = numeric.ParseInt64(c.Args[4]); !ok {
		return o, resp.ErrNotInt
	}
	o.timeout = defaultMigrateTimeout
	if timeout > 0 {
		o.timeout = time.Duration(min(timeout, int64(time.Hour/time.Millisecond))) * time.Millisecond
	}
	return o, nil
}

func migrate(c *Ctx) error {
	o, err := parseMigrate(c)
	if err != nil {
		return err
	}
	var keys []datatype.Key
	for _, name := range o.keys {
		k, err := datatype.Load(c.T, name)
		if err != nil {
			return err
		}
		if !k.Exists {
			continue
		}
		if vacant, err := datatype.Vacant(&k); err != nil || vacant {
			if err != nil {
				return err
			}
			continue
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		c.W.Simple("NOKEY")
		return nil
	}
	m, err := dialMigration(net.JoinHostPort(c.Arg(1), c.Arg(2)), o)
	if err != nil {
		return err
	}
	defer m.conn.Close()
	return m.run(c, keys)
}

// migration is the connection to the other server.
type migration struct {
	o    migrateOptions
	conn net.Conn
	r    *bufio.Reader
	w    resp.Writer
}

func dialMigration(addr string, o migrateOptions) (*migration, error) {
	conn, err := net.DialTimeout("tcp", addr, o.timeout)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, errMigrateWrite // Redis finds that out when it writes
	}
	if err != nil {
		return nil, errMigrateDial
	}
	return &migration{o: o, conn: conn, r: bufio.NewReader(conn)}, nil
}

// run sends the keys and removes those that have arrived, unless they are only copied. What the other
// server refuses is told to the client; the other keys are moved all the same.
func (m *migration) run(c *Ctx, keys []datatype.Key) error {
	m.begin()
	for i := range keys {
		if err := m.restore(c, &keys[i]); err != nil {
			return err
		}
		if err := m.flush(); err != nil {
			return errMigrateWrite
		}
	}
	refused, err := m.greetings()
	if err != nil {
		return errMigrateRead
	}
	wrong := refused != "" // user or database: where the keys have gone, nobody knows
	for i := range keys {
		text, err := m.reply()
		if err != nil {
			refused = firstText(refused, string(errMigrateRead))
			break
		}
		if text != "" {
			refused = firstText(refused, targetError(text))
		}
		if text != "" || wrong || m.o.copy {
			continue
		}
		if err := dropMoved(c, keys[i].Name); err != nil {
			return err
		}
	}
	if refused != "" {
		c.W.Error(refused) // and no error is returned: what has moved must go here
		return nil
	}
	return c.ok()
}

// dropMoved removes a key, which may have been named twice.
func dropMoved(c *Ctx, name []byte) error {
	k, err := datatype.Peek(c.T, name)
	if err != nil || !k.Exists {
		return err
	}
	k.Remove()
	c.T.Event(datatype.ClassGeneric, "del", name)
	return nil
}

func firstText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func targetError(text string) string { return "ERR Target instance replied with error: " + text }

// begin writes what comes before the keys.
func (m *migration) begin() {
	if m.o.auth {
		m.w.Array(2)
		m.w.BulkString("AUTH")
		if m.o.user != nil {
			m.w.Buf = m.w.Buf[:0]
			m.w.Array(3)
			m.w.BulkString("AUTH")
			m.w.Bulk(m.o.user)
		}
		m.w.Bulk(m.o.password)
	}
	m.w.Array(2)
	m.w.BulkString("SELECT")
	m.w.BulkInt(m.o.db)
}

func (m *migration) restore(c *Ctx, k *datatype.Key) error {
	payload, err := dumpPayload(k)
	if err != nil {
		return err
	}
	ttl := int64(0)
	if k.Head.ExpireMS != 0 {
		ttl = max(1, k.Head.ExpireMS-c.T.NowMS())
	}
	n := 4
	if m.o.replace {
		n++
	}
	m.w.Array(n)
	m.w.BulkString("RESTORE")
	m.w.Bulk(k.Name)
	m.w.BulkInt(ttl)
	m.w.Bulk(payload)
	if m.o.replace {
		m.w.BulkString("REPLACE")
	}
	return nil
}

// flush sends what is written, a piece at a time: the time-out is that of one piece.
func (m *migration) flush() error {
	const piece = 64 << 10
	for b := m.w.Buf; len(b) > 0; {
		_ = m.conn.SetWriteDeadline(time.Now().Add(m.o.timeout))
		n, err := m.conn.Write(b[:min(len(b), piece)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	m.w.Buf = m.w.Buf[:0]
	return nil
}

// greetings reads the replies to what begin has written.
func (m *migration) greetings() (refused string, err error) {
	n := 1
	if m.o.auth {
		n++
	}
	for range n {
		text, err := m.reply()
		if err != nil {
			return "", err
		}
		if text != "" {
			refused = firstText(refused, targetError(text))
		}
	}
	return refused, nil
}

var errNoReply = errors.New("not a reply to what was sent")

// reply reads one line; text is what an error says.
func (m *migration) reply() (text string, err error) {
	_ = m.conn.SetReadDeadline(time.Now().Add(m.o.timeout))
	line, err := m.r.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	switch s := strings.TrimRight(string(line), "\r\n"); {
	case s == "":
		return "", io.ErrUnexpectedEOF
	case s[0] == '-':
		return s[1:], nil
	case s[0] == '+':
		return "", nil
	}
	return "", errNoReply
}
