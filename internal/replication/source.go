package replication

import (
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/throttle"
	"github.com/haypile/haypile/internal/transport"
)

// Master is what a Source needs of the server that it serves from.
type Master interface {
	// Databases are those that are open, with their numbers.
	Databases() []DBNumber
	// Open returns a database's log and histories. It fails while the database's
	// own data is not proven: it is being copied itself.
	Open(name string) (*binlog.Log, layout.Histories, error)
}

// SourceSettings may change while running.
type SourceSettings struct {
	Timeout   time.Duration // of silence, after which a link is given up
	Ping      time.Duration
	PinBytes  int64 // most log that a replica may hold back from deletion; 0: no bound
	EmptyLog  int64 // an empty replica reads the log from its beginning if it is no longer than this
	Ports     MasterPorts
	Databases int
}

// SourceOptions of a Source.
type SourceOptions struct {
	Master   Master
	RunID    string
	Software string
	Keyspace string
	Settings func() SourceSettings
	Logger   *slog.Logger
	// Acked is called when a replica has acknowledged something, from its goroutine.
	Acked func()
	// HandOver is called when the replica at an address has been told to lead, from its goroutine.
	HandOver func(host string, port int)
	// Events is called with the classes of keyspace events that replicas want, when a replica has said or has gone.
	Events func(classes uint32)
}

// Source serves replicas: a goroutine reads what each has to say, another sends
// it records from the log on disk. Nothing is kept in memory for a replica but a buffer.
type Source struct {
	opts SourceOptions

	mu     sync.Mutex
	links  map[*replica]struct{}
	closed bool

	telling sync.Mutex
	refused throttle.Sometimes

	gone      uint32    // classes of keyspace events that replicas wanted which are gone
	goneUntil time.Time // and count until then: they may come back and read on

	PartialOK, PartialRefused atomic.Int64
	Sent                      atomic.Int64 // log bytes
}

// NewSource returns a source without replicas.
func NewSource(o SourceOptions) *Source {
	return &Source{opts: o, links: map[*replica]struct{}{}, refused: throttle.Sometimes{Every: 10 * time.Second}}
}

// ReplicaStatus is what the master knows of a replica.
type ReplicaStatus struct {
	RunID    string
	Host     string
	Port     int
	Priority int
	Online   bool // every database streams
	Copying  bool
	Partial  bool // it has not come yet to where its data is whole
	Since    time.Time
	LastAck  time.Time
	Lag      int64 // log bytes not yet applied there
	Sent     int64 // bytes
	Reach    map[string]Reach
}

// Reach is how far a replica has acknowledged a database.
type Reach struct{ Written, Durable, Applied binlog.LSN }

// Offset is the sum of what the replica has written: INFO's slave offset.
func (r *ReplicaStatus) Offset() (sum int64) {
	for _, x := range r.Reach {
		sum += int64(x.Written)
	}
	return sum
}

// Serve speaks with one replica until the link ends. rest is what was received of it already.
func (s *Source) Serve(conn net.Conn, rest []byte) {
	set := s.opts.Settings()
	link := transport.New(conn, rest, set.Timeout)
	r := &replica{src: s, link: link, streams: map[string]*stream{}, wake: make(chan struct{}, 1), since: time.Now(), done: make(chan struct{})}
	if _, err := conn.Write([]byte("+HAYPILE\r\n")); err != nil {
		return
	}
	link.Restrict(helloBytes)
	if reason := r.meet(set); reason != "" {
		if ok, held := s.refused.Now(); ok {
			s.opts.Logger.Warn("a replica was refused", "replica", conn.RemoteAddr().String(), "reason", reason, "not_logged_before", held)
		}
		_ = link.SendJSON(kindRefuse, refusal{reason})
		return
	}
	if !s.add(r) {
		return
	}
	s.opts.Logger.Info("replica connected", "replica", r.name(), "run_id", r.hello.RunID)
	var sending sync.WaitGroup
	sending.Add(1)
	go func() {
		defer sending.Done()
		if err := r.send(); err != nil {
			r.end("sending: " + err.Error())
		}
	}()
	err := r.receive()
	reason := "receiving: " + err.Error()
	r.end(reason)
	sending.Wait()
	s.remove(r)
	s.opts.Logger.Warn("replica disconnected; the log it needs is kept as far as retention allows", "replica", r.name(), "reason", r.reason())
}

// helloBytes bounds frames of a replica: its questions are small.
const helloBytes = 64 << 10

func (s *Source) add(r *replica) bool {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	var gone []*replica
	for old := range s.links {
		if old.hello.RunID == r.hello.RunID { // it has come back before we noticed that it was gone
			gone = append(gone, old)
		}
	}
	s.links[r] = struct{}{}
	s.mu.Unlock()
	for _, old := range gone {
		old.end("the same replica has connected again")
	}
	return true
}

// eventsAfter is for how long events are noted for replicas that are gone: they continue in the log where they were.
const eventsAfter = time.Minute

func (s *Source) remove(r *replica) {
	s.mu.Lock()
	delete(s.links, r)
	if classes := r.events.Load(); classes != 0 && !s.closed {
		if time.Now().After(s.goneUntil) {
			s.gone = 0
		}
		s.gone |= classes
		s.goneUntil = time.Now().Add(eventsAfter)
		time.AfterFunc(eventsAfter+time.Second, s.tellEvents)
	}
	s.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.streams {
		st.close()
	}
	r.streams = map[string]*stream{}
	s.tellEvents()
}

// WantedEvents are the classes of keyspace events that some replica wants, or has wanted a moment ago.
func (s *Source) WantedEvents() (classes uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.goneUntil) {
		classes = s.gone
	}
	for r := range s.links {
		classes |= r.events.Load()
	}
	return classes
}

// tellEvents lets one tell at a time, so that the last word is the newest.
func (s *Source) tellEvents() {
	if s.opts.Events == nil {
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	s.opts.Events(s.WantedEvents())
}

// Close ends all links.
func (s *Source) Close() { s.dropAll("the server is stopping", true) }

// DropAll ends all links; replicas come back and are judged anew.
func (s *Source) DropAll(reason string) { s.dropAll(reason, false) }

func (s *Source) dropAll(reason string, forGood bool) {
	for _, r := range s.all() {
		_ = r.link.SendJSON(kindBye, refusal{reason})
		r.end(reason)
	}
	if forGood {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
	}
}

func (s *Source) all() []*replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*replica, 0, len(s.links))
	for r := range s.links {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *replica) int { return a.since.Compare(b.since) })
	return list
}

// Replicas lists who is connected, the longest first.
func (s *Source) Replicas() []ReplicaStatus {
	list := s.all()
	out := make([]ReplicaStatus, len(list))
	for i, r := range list {
		out[i] = r.status()
	}
	return out
}

// Len is the number of replicas connected.
func (s *Source) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.links)
}

// Reached counts the replicas that have acknowledged all targets, as written or
// as durable.
func (s *Source) Reached(targets map[string]binlog.LSN, durable bool) (n int) {
	for _, r := range s.all() {
		if r.reached(targets, durable) {
			n++
		}
	}
	return n
}

// Good counts the replicas that stream and have been heard of within lag.
func (s *Source) Good(lag time.Duration) (n int) {
	now := time.Now()
	for _, r := range s.all() {
		if st := r.status(); st.Online && (lag == 0 || now.Sub(st.LastAck) <= lag) {
			n++
		}
	}
	return n
}

// Publish passes a message on to all replicas.
func (s *Source) Publish(sharded bool, channel, msg []byte) {
	if s.Len() == 0 {
		return
	}
	for _, r := range s.all() {
		r.publish(sharded, channel, msg)
	}
}

// Promote tells the replica at an address to take over.
func (s *Source) Promote(host string, port int) bool {
	for _, r := range s.all() {
		if st := r.status(); st.Port == port && (host == "" || st.Host == host) {
			return r.link.SendJSON(kindPromote, refusal{"FAILOVER"}) == nil
		}
	}
	return false
}

// Renumbered tells the replicas that databases have other numbers, or that there
// are more of them.
func (s *Source) Renumbered() {
	for _, r := range s.all() {
		r.poke()
	}
}
