package replication

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/throttle"
	"github.com/haypile/haypile/internal/transport"
)

// Replica is what a Follower needs of the server that it follows for.
type Replica interface {
	// Renumber makes databases selectable by the master's numbers.
	Renumber([]DBNumber) error
	// Open returns a database, which may be empty.
	Open(name string) (Database, error)
	// Dial connects to the master's log service. via says in words which port it was.
	Dial(ctx context.Context, master Address) (conn net.Conn, rest []byte, via string, err error)
	// Announced is told where the master offers its services.
	Announced(MasterPorts)
	// Copy receives a whole database beside the present one, until it is complete
	// and verified. placed and begun tell of the way there.
	Copy(ctx context.Context, master Address, name string, placed func(int), begun func()) error
	// Install puts what Copy has received in place.
	Install(name string) error
	// Message delivers what was published at the master.
	Message(sharded bool, channel, msg []byte)
	// Promote makes this server the master: the old one has asked for it.
	Promote()
}

// ErrNotNow is wrapped by errors of Apply that say nothing against the records: they are asked for again later.
var ErrNotNow = errors.New("records cannot be taken at present")

// Database is one database as a Follower sees it.
type Database interface {
	Position() (layout.Histories, uint64)
	// Apply appends and applies whole records that continue the log.
	Apply(records []byte) error
	// Reach is what has been written and applied, and what is durable.
	Reach() (written, durable uint64)
	// Incomplete says that the data is only the beginning of a master's. Fill notes that it is until the log reaches a
	// position, and returns when the note is durable.
	Incomplete() bool
	Fill(until uint64) error
	// SaveTail writes the records from a position on to a file for the operator.
	SaveTail(from uint64, reason string) (file string, err error)
}

// Address is where a master is.
type Address struct {
	Host string
	Port int
}

// String joins host and port.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// IsZero says that there is no master.
func (a Address) IsZero() bool { return a.Host == "" }

// FollowerSettings may change while running.
type FollowerSettings struct {
	Timeout      time.Duration
	MaxRetries   int
	Port         int
	AnnounceIP   string
	AnnouncePort int
	Priority     int
	Databases    int
	Events       uint32 // classes of keyspace events to ask the master for
}

// FollowerOptions of a Follower.
type FollowerOptions struct {
	Replica  Replica
	RunID    string
	Software string
	Keyspace string
	Settings func() FollowerSettings
	Logger   *slog.Logger
}

// Follower is the replica's side: it drives the state machines. mu guards all of
// its state; one event is handled at a time, and what takes long happens on
// goroutines that feed back an event. An event of something that was given up in the
// meantime (an older link, an older copy) is recognised by its number and ignored.
type Follower struct {
	opts FollowerOptions

	mu       sync.Mutex
	m        Instance
	since    time.Time // of m.State
	next     time.Time // of the next attempt
	master   Address
	via      string // the port that is in use, in words
	remote   welcome
	cancel   context.CancelFunc // of the dial
	link     *transport.Link
	dbs      map[string]*followed
	lastIO   atomic.Int64 // Unix ms of the last frame from the master
	downAt   time.Time    // since when the link is down
	force    bool         // copy everything
	met      atomic.Bool  // the master has been spoken to since Follow
	unlikes  atomic.Int32 // databases that must not be served
	copySlot chan struct{}
	saidWhy  string             // the reason for the last failure that was logged
	repeats  throttle.Sometimes // of it
	work     sync.WaitGroup
	closed   bool

	Received atomic.Int64 // log bytes
}

// followed is one database of the master followed.
type followed struct {
	f      *Follower
	name   string
	number uint32
	m      DB
	since  time.Time
	next   time.Time
	asks   uint64 // counts questions: names the stream that the answer to one begins
	copies int    // counts attempts to copy: tells old from new
	cancel context.CancelFunc
	end    uint64 // of the master's log, as last told
	// beginning: it had nothing, or only the beginning of the master's data, when the master was asked. What comes from the
	// log until it is whole must not be taken for data of its own.
	beginning bool
	unlike    bool // the data has nothing to do with the master's, or is but its beginning: not to be served
	filling   bool // fill is at work
	judged    bool // the master has answered for it since it is followed
	off       bool // not followed, by DBSLAVEOF

	db Database // set with both locks held, read with either

	applying  sync.Mutex // taken after the follower's mu; held while a chunk is applied; guards what follows
	streaming bool
	expect    uint64 // position of the next byte
	partial   []byte // the beginning of a record
	fresh     bool   // nothing was applied yet since streaming began
}

// NewFollower returns a follower that follows nobody.
func NewFollower(o FollowerOptions) *Follower {
	now := time.Now()
	return &Follower{opts: o, dbs: map[string]*followed{}, copySlot: make(chan struct{}, 1), since: now, downAt: now}
}

// Follow follows a master from now on; force copies everything whatever is there. Following
// the same one again changes nothing.
func (f *Follower) Follow(a Address, force bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.master == a && f.m.State != NoMaster && !force {
		return
	}
	f.master, f.force = a, force
	f.lastIO.Store(0)
	f.met.Store(false)
	f.downAt = time.Now()
	f.step(LinkEvent{Kind: Follow})
}

// FollowDatabase stops or resumes following for one database.
func (f *Follower) FollowDatabase(name string, follow, force bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.dbs[name]
	if d == nil {
		return
	}
	d.step(DBEvent{Kind: Halt})
	d.off = !follow
	d.m.wantCopy = force
	if follow && f.m.State == Linked {
		d.step(DBEvent{Kind: LinkUp})
	}
}

// CopyAgain replaces a database that follows its master by a full copy, because what is here is damaged. It says false, and does
// nothing, if the database does not follow at present.
func (f *Follower) CopyAgain(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.dbs[name]
	if d == nil || d.off || f.m.State != Linked || d.m.State != Connected {
		return false
	}
	d.step(DBEvent{Kind: Halt})
	d.m.wantCopy = true
	d.step(DBEvent{Kind: LinkUp})
	return true
}

// Unfollow follows nobody from now on. It returns when no record of the old
// master can arrive any more.
func (f *Follower) Unfollow() {
	f.mu.Lock()
	f.master = Address{}
	f.step(LinkEvent{Kind: Unfollow})
	f.mu.Unlock()
	f.settle()
}

// settle waits for copies that are being installed, and for notes that are being written.
func (f *Follower) settle() {
	for {
		f.mu.Lock()
		busy := false
		for _, d := range f.dbs {
			busy = busy || d.m.State == Installing || d.filling
		}
		f.mu.Unlock()
		if !busy {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Close ends everything.
func (f *Follower) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.Unfollow()
	f.work.Wait()
}

// event feeds the link's machine.
func (f *Follower) event(ev LinkEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.step(ev)
}

func (f *Follower) step(ev LinkEvent) {
	was := f.m.State
	next, acts := f.m.Step(ev, f.opts.Settings().MaxRetries)
	f.m = next
	if next.State != was {
		f.since, f.next = time.Now(), time.Time{}
		f.logLink(was, ev)
		if was == Linked {
			f.downAt = time.Now()
		}
	}
	for _, a := range acts {
		f.perform(a)
	}
}

// logLink says each change, but of attempts that fail again in the same way, which are one a second, only now and then one.
func (f *Follower) logLink(was LinkState, ev LinkEvent) {
	level, held := slog.LevelInfo, 0
	switch {
	case f.m.State == LinkError:
		if was == Linked || f.m.Failures == 1 {
			level = slog.LevelWarn
		}
		if why := withoutDigits(f.m.Reason); f.m.Failures == 1 || why != f.saidWhy {
			f.saidWhy, f.repeats = why, throttle.Sometimes{}
		}
		ok, before := f.repeats.Now()
		if !ok {
			return
		}
		held = before
	case f.m.Failures > 0 && f.m.State != Linked && ev.Kind != Follow && ev.Kind != Unfollow:
		level = slog.LevelDebug // on the way to another failure, or to success, which is said
	}
	f.opts.Logger.Log(context.Background(), level, "replication link", "from", was.String(), "to", f.m.State.String(), "event", ev.Kind.String(),
		"reason", ev.Reason, "master", f.master.String(), "failures", f.m.Failures, "not_logged_before", held)
}

func (f *Follower) perform(a LinkAction) {
	switch a.Kind {
	case Dial:
		f.dial(a.Attempt)
	case HangUp:
		if f.cancel != nil {
			f.cancel()
			f.cancel = nil
		}
		if f.link != nil {
			f.link.Close()
			f.link = nil
		}
	case Greet:
		f.greet()
	case LinkIsUp:
		f.linkUp()
	case LinkIsDown:
		for _, d := range f.dbs {
			d.step(DBEvent{Kind: LinkLost, Reason: a.Reason})
		}
	case HaltAll:
		for _, d := range f.dbs {
			d.step(DBEvent{Kind: Halt})
			d.setUnlike(false)
			d.judged = false
			d.m.wantCopy = f.force
		}
	case TryAfter:
		f.next = time.Now().Add(f.after(a.Delay, func() { f.event(LinkEvent{Kind: TryAgain}) }))
	case LinkAlarm:
		f.opts.Logger.Error("replication: the master cannot be reached; attempts go on by themselves", "master", f.master.String(),
			"attempts", f.m.Failures, "reason", a.Reason)
	}
}

// after runs f when a delay, spread by chance, has passed.
func (f *Follower) after(d time.Duration, run func()) time.Duration {
	d = d*3/4 + rand.N(d/2+1)
	time.AfterFunc(d, run)
	return d
}

// spawn runs what takes long.
func (f *Follower) spawn(run func()) {
	f.work.Add(1)
	go func() {
		defer f.work.Done()
		run()
	}()
}

func (f *Follower) dial(attempt int) {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	master, timeout := f.master, f.opts.Settings().Timeout
	f.spawn(func() {
		conn, rest, via, err := f.opts.Replica.Dial(ctx, master)
		if err != nil {
			f.event(LinkEvent{Kind: NotDialed, Attempt: attempt, Reason: err.Error()})
			return
		}
		f.mu.Lock()
		if f.m.Attempt != attempt {
			f.mu.Unlock()
			conn.Close()
			return
		}
		link := transport.New(conn, rest, timeout)
		f.link, f.via = link, via
		f.step(LinkEvent{Kind: Dialed, Attempt: attempt})
		f.mu.Unlock()
		err = f.receive(link, attempt)
		conn.Close()
		f.event(LinkEvent{Kind: Lost, Attempt: attempt, Reason: err.Error()})
	})
}

func (f *Follower) greet() {
	set := f.opts.Settings()
	h := hello{Version: ProtocolVersion, RunID: f.opts.RunID, Software: f.opts.Software, Port: set.Port, AnnounceIP: set.AnnounceIP,
		AnnouncePort: set.AnnouncePort, Priority: set.Priority, Keyspace: f.opts.Keyspace, Databases: set.Databases}
	if err := f.link.SendJSON(kindHello, h); err != nil {
		f.link.Close() // receive sees it
	}
}

// linkUp lets the master's databases ask.
func (f *Follower) linkUp() {
	f.know(f.remote.Databases)
	f.met.Store(true)
	for _, d := range f.dbs {
		if !d.off {
			d.step(DBEvent{Kind: LinkUp})
		}
	}
}

// know makes a machine for each database of the master that has none.
func (f *Follower) know(list []DBNumber) {
	for _, n := range list {
		if f.dbs[n.Name] == nil {
			number, _ := databaseNumber(n.Name)
			d := &followed{f: f, name: n.Name, number: number, since: time.Now()}
			d.m.wantCopy = f.force
			f.dbs[n.Name] = d
		}
	}
}

// Master is who is followed.
func (f *Follower) Master() Address {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.master
}

// Linked says that the link is up.
func (f *Follower) Linked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.m.State == Linked
}

// alive is how long ago a master may have spoken to count as alive: it pings each second.
const alive = 2 * time.Second

// AskToHandOver asks the master to do FAILOVER to this server, and says whether it is likely to: its link is up and it has spoken
// lately. One that was stopped reads the question when it goes on.
func (f *Follower) AskToHandOver() bool {
	f.mu.Lock()
	link, linked := f.link, f.m.State == Linked
	f.mu.Unlock()
	if !linked || link.SendJSON(kindHandOver, refusal{"this replica is promoted"}) != nil {
		return false
	}
	return time.Since(time.UnixMilli(f.lastIO.Load())) < alive
}

// Served says whether a database may answer reads: its data is, or once was, the master's, and all of it.
func (f *Follower) Served(name string) bool {
	if f.unlikes.Load() == 0 {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.dbs[name]
	return d == nil || !d.unlike
}

// Judged says whether the master has answered for every database since it is followed.
func (f *Follower) Judged() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.dbs {
		if !d.judged && !d.off {
			return false
		}
	}
	return f.met.Load()
}

// Met says that the master has been spoken to since it is followed.
func (f *Follower) Met() bool { return f.met.Load() }

// fill notes how far a database must come before it is whole, if it has only the beginning or not even that, and the
// master says that it may go on. One that begins with nothing reads the master's log from its
// start, and on the way has a part of the keys, which nobody has asked for. It takes none of the follower's locks while it waits for the disk.
func (d *followed) fill(v verdict, attempt int) error {
	d.f.mu.Lock()
	db := d.db
	due := d.f.m.Attempt == attempt && d.m.State == WaitReply && d.m.asked == v.LSN && d.unlike
	if due && v.End <= v.LSN && !db.Incomplete() { // there is nothing to read
		due = false
	}
	d.filling = due
	d.f.mu.Unlock()
	if !due {
		return nil
	}
	err := db.Fill(v.End)
	d.f.mu.Lock()
	d.filling = false
	d.f.mu.Unlock()
	return err
}

// filled is called with the follower's mu held.
func (d *followed) filled() {
	if d.unlike && d.db != nil && !d.db.Incomplete() {
		d.setUnlike(false)
	}
}

// setUnlike is called with the follower's mu held.
func (d *followed) setUnlike(unlike bool) {
	if d.unlike != unlike {
		d.unlike = unlike
		if unlike {
			d.f.unlikes.Add(1)
		} else {
			d.f.unlikes.Add(-1)
		}
	}
}

// errRefused is wrapped by what the master says when it ends a link on purpose.
func errRefused(reason string) error { return fmt.Errorf("the master says: %.300s", reason) }
