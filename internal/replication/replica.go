package replication

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/transport"
)

// replica is the master's end of one link.
type replica struct {
	src   *Source
	link  *transport.Link
	hello hello
	since time.Time
	wake  chan struct{}
	done  chan struct{}

	events atomic.Uint32 // classes of keyspace events that it wants

	mu      sync.Mutex
	why     string
	streams map[string]*stream
	told    []DBNumber // the databases that the replica knows of
	lastAck time.Time
	asked   time.Time // of the last question
	posts   [][]byte  // messages to pass on
	posted  int       // their bytes
	dropped int64
}

// stream is one database on its way to the replica.
type stream struct {
	number uint32
	serial uint64 // of the question
	log    *binlog.Log
	pin    *binlog.Pin
	reach  Reach      // guarded by the replica's mu
	whole  binlog.LSN // below it the replica has only the beginning of the data

	mu     sync.Mutex // of the reader
	reader *binlog.Reader
	closed bool
}

func (st *stream) close() {
	st.stop()
	st.pin.Release()
}

// stop ends reading; what the replica has not is still kept for it.
func (st *stream) stop() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.closed {
		st.closed = true
		st.reader.Close()
	}
}

func (st *stream) stopped() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.closed
}

// read returns the log's next bytes and where they begin.
func (st *stream) read(b []byte) (at binlog.LSN, n int, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return 0, 0, nil
	}
	at = st.reader.LSN()
	n, err = st.reader.Raw(b)
	return at, n, err
}

// maxPosted bounds the messages that wait for a slow replica; publishing promises
// delivery to nobody.
const maxPosted = 8 << 20

// meet reads the replica's greeting and answers it; a reason is why not.
func (r *replica) meet(set SourceSettings) string {
	kind, p, err := r.link.Receive()
	if err != nil {
		return "no greeting: " + err.Error()
	}
	if kind != kindHello || transport.Decode(p, &r.hello) != nil {
		return "the greeting makes no sense; is this a replica of Haypile?"
	}
	h := &r.hello
	switch {
	case h.Version != ProtocolVersion:
		return fmt.Sprintf("it speaks version %d of the replication protocol, this server (%s) speaks %d: bring both to the same release",
			h.Version, r.src.opts.Software, ProtocolVersion)
	case h.Keyspace != r.src.opts.Keyspace:
		return fmt.Sprintf("its data directory has keyspace-layout %q and this server's %q; create the replica's directory anew with the same layout",
			h.Keyspace, r.src.opts.Keyspace)
	case h.RunID == r.src.opts.RunID:
		return "it is this server itself; REPLICAOF must name another"
	}
	r.told = r.src.opts.Master.Databases()
	w := welcome{Version: ProtocolVersion, RunID: r.src.opts.RunID, Software: r.src.opts.Software, Databases: r.told, Ports: set.Ports}
	if err := r.link.SendJSON(kindWelcome, w); err != nil {
		return err.Error()
	}
	return ""
}

// address is where clients and Sentinel reach the replica.
func (r *replica) address() (host string, port int) {
	host, port = r.hello.AnnounceIP, r.hello.AnnouncePort
	if host == "" {
		host, _, _ = net.SplitHostPort(r.link.Conn().RemoteAddr().String())
		host = strings.TrimPrefix(host, "::ffff:")
	}
	if host == "" {
		host = "127.0.0.1" // a Unix socket
	}
	if port == 0 {
		port = r.hello.Port
	}
	return host, port
}

func (r *replica) name() string {
	host, port := r.address()
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// end closes the link; the first reason counts.
func (r *replica) end(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why == "" {
		r.why = reason
		close(r.done)
	}
	r.link.Close()
}

func (r *replica) reason() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.why
}

func (r *replica) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// receive handles what the replica says.
func (r *replica) receive() error {
	for {
		kind, p, err := r.link.Receive()
		if err != nil {
			return err
		}
		switch kind {
		case kindAck:
			if err := r.ack(p); err != nil {
				return err
			}
		case kindEvents:
			classes, err := parseEvents(p)
			if err != nil {
				return err
			}
			r.events.Store(classes)
			r.src.tellEvents()
		case kindStop:
			number, serial, err := parseStop(p)
			if err != nil {
				return err
			}
			r.stop(number, serial)
		case kindAsk:
			var q ask
			if err := transport.Decode(p, &q); err != nil {
				return err
			}
			if err := r.judge(q); err != nil {
				return err
			}
		case kindHandOver:
			if r.src.opts.HandOver != nil {
				r.src.opts.HandOver(r.address())
			}
		case kindBye:
			var b refusal
			_ = transport.Decode(p, &b)
			return fmt.Errorf("the replica left: %.200q", b.Reason)
		default:
			return fmt.Errorf("%w: a frame of kind %d", transport.ErrCorrupt, kind)
		}
	}
}

// stop ends a stream that the replica takes no more of; it asks again.
func (r *replica) stop(number uint32, serial uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, st := range r.streams {
		if st.number == number && st.serial == serial {
			st.stop()
			r.src.opts.Logger.Warn("a replica takes no more records of a database; it asks again", "replica", r.name(), "db", name)
		}
	}
}

func (r *replica) ack(p []byte) error {
	r.mu.Lock()
	r.lastAck = time.Now()
	byNumber := map[uint32]*stream{}
	for _, st := range r.streams {
		byNumber[st.number] = st
	}
	err := parseAck(p, func(x reach) {
		if st := byNumber[x.db]; st != nil {
			end := uint64(st.log.End()) // a replica cannot have what was not written
			st.reach = Reach{binlog.LSN(min(x.written, end)), binlog.LSN(min(x.durable, end)), binlog.LSN(min(x.applied, end))}
			st.pin.Advance(st.reach.Written)
		}
	})
	r.mu.Unlock()
	if r.src.opts.Acked != nil {
		r.src.opts.Acked()
	}
	return err
}

// judge answers a question, and begins to stream if the answer is yes.
func (r *replica) judge(q ask) error {
	r.mu.Lock()
	r.asked = time.Now()
	r.mu.Unlock()
	theirs, err := fromWire(q.Histories)
	if err != nil {
		return err
	}
	log, ours, err := r.src.opts.Master.Open(q.Name)
	if err != nil {
		return fmt.Errorf("database %.40q: %w", q.Name, err)
	}
	pin := log.Pin(binlog.LSN(q.LSN)) // before looking at what is held
	v := decide(claim{theirs, q.LSN, q.Copy}, offer{ours, uint64(log.Start()), uint64(log.End())}, r.src.opts.Settings().EmptyLog)
	v.Name, v.End = q.Name, uint64(log.End())
	r.src.opts.Logger.Info("a replica asks to continue", "replica", r.name(), "db", q.Name, "position", q.LSN, "continue", v.Continue, "reason", v.Reason)
	if !v.Continue {
		pin.Release()
		r.src.PartialRefused.Add(1)
		return r.link.SendJSON(kindVerdict, v)
	}
	reader, err := log.NewReader(binlog.LSN(q.LSN))
	if err != nil {
		pin.Release()
		return err
	}
	r.src.PartialOK.Add(1)
	if err := r.link.SendJSON(kindVerdict, v); err != nil { // before the first record
		pin.Release()
		return err
	}
	number, _ := databaseNumber(q.Name)
	at := binlog.LSN(q.LSN)
	st := &stream{number: number, serial: q.Serial, log: log, reader: reader, pin: pin, reach: Reach{at, at, at}}
	if q.Part {
		st.whole = binlog.LSN(v.End)
	}
	r.mu.Lock()
	if old := r.streams[q.Name]; old != nil {
		old.close()
	}
	r.streams[q.Name] = st
	r.mu.Unlock()
	log.Subscribe(r.wake)
	r.poke()
	return nil
}

// databaseNumber is how a database's name is written in frames of records. Names are
// checked by Master.Open.
func databaseNumber(name string) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(name, "db"), 10, 32)
	return uint32(n), err
}

var errReplaced = errors.New("the database was replaced by a copy; ask again")

// send passes on log records, messages and pings until the link ends.
func (r *replica) send() error {
	defer r.unsubscribe()
	buf := make([]byte, recordsHeader+maxRecords)
	var lastPing time.Time
	for {
		sent, err := r.sendRecords(buf)
		if err != nil {
			return err
		}
		if err := r.sendPosts(); err != nil {
			return err
		}
		set := r.src.opts.Settings()
		if every := min(set.Ping, time.Second); time.Since(lastPing) >= every {
			lastPing = time.Now()
			if err := r.ping(set); err != nil {
				return err
			}
		}
		if sent {
			continue
		}
		select {
		case <-r.done:
			return nil
		case <-r.wake:
		case <-time.After(time.Second):
		}
	}
}

func (r *replica) unsubscribe() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.streams {
		st.log.Forget(r.wake)
	}
}

// sendRecords sends at most one frame per database, so that none starves.
func (r *replica) sendRecords(buf []byte) (sent bool, err error) {
	r.mu.Lock()
	names := slices.Sorted(maps.Keys(r.streams))
	r.mu.Unlock()
	for _, name := range names {
		r.mu.Lock()
		st := r.streams[name]
		r.mu.Unlock()
		if st == nil {
			continue
		}
		at, n, err := st.read(buf[recordsHeader:])
		if err != nil {
			return sent, fmt.Errorf("database %s: %w", name, err)
		}
		if n == 0 {
			continue
		}
		putRecordsHeader(buf, st.number, uint64(at))
		if err := r.link.Send(kindRecords, buf[:recordsHeader+n]); err != nil {
			return sent, err
		}
		r.src.Sent.Add(int64(n))
		sent = true
	}
	return sent, nil
}

// ping says how far the logs reach, and looks after what changes slowly: the set of
// databases, logs that were exchanged, replicas that hold back too much log.
func (r *replica) ping(set SourceSettings) error {
	b := binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixMilli()))
	r.mu.Lock()
	streams, written := maps.Clone(r.streams), map[string]binlog.LSN{}
	for name, st := range streams {
		written[name] = st.reach.Written
	}
	told := r.told
	quiet := time.Since(r.lastAck)
	r.mu.Unlock()
	for name, st := range streams {
		log, _, err := r.src.opts.Master.Open(name)
		if err != nil {
			return err
		}
		if log != st.log {
			_ = r.link.SendJSON(kindBye, refusal{errReplaced.Error()})
			return errReplaced
		}
		if held := int64(log.End() - written[name]); set.PinBytes > 0 && held > set.PinBytes {
			return fmt.Errorf("it is %d MB behind, which is more than repl-max-pinned-bytes (%d MB): the log is no longer kept for it", held>>20, set.PinBytes>>20)
		}
		b = binary.LittleEndian.AppendUint32(b, st.number)
		b = binary.LittleEndian.AppendUint64(b, uint64(log.End()))
	}
	if len(streams) > 0 && quiet > set.Timeout && time.Since(r.since) > set.Timeout {
		return fmt.Errorf("nothing was heard of it for %s (repl-timeout)", quiet.Round(time.Second))
	}
	if now := r.src.opts.Master.Databases(); !slices.Equal(now, told) {
		if err := r.link.SendJSON(kindMap, now); err != nil {
			return err
		}
		r.mu.Lock()
		r.told = now
		r.mu.Unlock()
	}
	return r.link.Send(kindPing, b)
}

func (r *replica) publish(sharded bool, channel, msg []byte) {
	b := make([]byte, 5, 5+len(channel)+len(msg))
	if sharded {
		b[0] = 1
	}
	binary.LittleEndian.PutUint32(b[1:], uint32(len(channel)))
	b = append(append(b, channel...), msg...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.posted+len(b) > maxPosted || len(b) > transport.MaxFrame {
		r.dropped++
		return
	}
	r.posts = append(r.posts, b)
	r.posted += len(b)
	r.poke()
}

func (r *replica) sendPosts() error {
	r.mu.Lock()
	posts := r.posts
	r.posts, r.posted = nil, 0
	r.mu.Unlock()
	for _, b := range posts {
		if err := r.link.Send(kindPublish, b); err != nil {
			return err
		}
	}
	return nil
}

func (r *replica) reached(targets map[string]binlog.LSN, durable bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, target := range targets {
		st := r.streams[name]
		if st == nil {
			return false
		}
		if at := st.reach; durable && at.Durable < target || at.Applied < target {
			return false
		}
	}
	return true
}

func (r *replica) status() ReplicaStatus {
	host, port := r.address()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := ReplicaStatus{RunID: r.hello.RunID, Host: host, Port: port, Priority: r.hello.Priority, Since: r.since,
		LastAck: r.lastAck, Sent: r.link.Out.Load(), Reach: map[string]Reach{}, Online: true}
	if s.LastAck.IsZero() {
		s.LastAck = r.since
	}
	for name, st := range r.streams {
		s.Reach[name] = st.reach
		s.Lag += int64(st.log.End() - st.reach.Applied)
		s.Partial = s.Partial || st.reach.Applied < st.whole
	}
	for _, db := range r.told {
		st := r.streams[db.Name]
		if st != nil && st.stopped() {
			s.Online = false
		}
		if st == nil {
			s.Online, s.Copying, s.Partial = false, true, true
		}
	}
	return s
}
