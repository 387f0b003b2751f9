package engine

import (
	"errors"
	"time"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/resp"
)

// Job is a command that an event loop has handed over. Until Done is called the
// client belongs to the worker.
type Job struct {
	Client *client.Client
	Row    *command.Row
	Args   [][]byte
	// Done gets the reply and how long the command ran. It is not called when the
	// command blocks: then OnBlock is, under the locks, and calls Block.
	Done    func(reply []byte, took time.Duration)
	OnBlock func(t *Turn)

	retry *waiter // set when this is a blocked client's next try
}

// Submit gives a job to the workers. It does not wait: beyond the queue's room
// jobs get a goroutine of their own, and so do rare commands that may last (MIGRATE waits for another
// server), so that they keep no worker from the others.
func (e *Engine) Submit(j Job) {
	e.submitting.RLock()
	defer e.submitting.RUnlock()
	if e.closing.Load() {
		return // nobody is there to be answered
	}
	if j.Row != nil && j.Row.Is(command.Worker|command.Once) {
		e.runAlone(j)
		return
	}
	select {
	case e.jobs <- j:
	default:
		e.runAlone(j)
	}
}

// runAlone gives a job a goroutine of its own.
func (e *Engine) runAlone(j Job) {
	e.workers.Add(1)
	go func() {
		defer e.workers.Done()
		e.runJob(e.NewTurn(true), j)
	}()
}

func (e *Engine) work() {
	defer e.workers.Done()
	t := e.NewTurn(true)
	for j := range e.jobs {
		e.runJob(t, j)
	}
}

func (e *Engine) runJob(t *Turn, j Job) {
	answered := false // or the client waits
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		what := "a waiting command"
		if j.Row != nil {
			what = j.Row.Full
		}
		err := e.Panicked(what, p)
		t.abandon(err)
		if j.retry == nil && !answered {
			w := resp.Writer{Proto: j.Client.Proto}
			w.Error(err.Error())
			e.Errors.Add(err.Error())
			j.Done(w.Buf, 0)
		}
	}()
	defer func() { t.ctx, t.running = command.Ctx{}, nil }() // they hold arguments and a reply, which may be large
	if j.retry != nil {
		t.retryWaiter(j.retry)
		return
	}
	w := resp.Writer{Proto: j.Client.Proto}
	begin := time.Now()
	status := t.Run(j.Client, j.Row, j.Args, &w, func(t *Turn) {
		answered = true
		j.OnBlock(t)
	})
	if status == Blocked {
		return
	}
	took := time.Since(begin)
	answered = true
	if !e.always.Load() {
		j.Done(w.Buf, took)
		return
	}
	e.AfterSync(func(err error) {
		if err != nil {
			w.Buf = w.Buf[:0]
			w.Error(string(ErrMisconf))
			e.Errors.Add(string(ErrMisconf))
		}
		j.Done(w.Buf, took)
	})
}

// Run executes one command from locks to commit, waiting where it must. The
// turn must be one that may wait. onBlock is called when the command blocks,
// while its locks are held.
func (t *Turn) Run(cl *client.Client, row *command.Row, args [][]byte, w *resp.Writer, onBlock func(*Turn)) Status {
	start := len(w.Buf)
	t.extra = t.extra[:0]
	for {
		reqs := append(t.eng.requests(nil, cl, row, args), t.extra...)
		t.Begin(time.Now())
		if err := t.waitLocks(reqs); err != nil {
			t.release(nil)
			return t.refuse(row, w, start, err)
		}
		t.eng.Fault("worker")
		had := len(t.extra)
		status := t.Exec(cl, row, args, w)
		if len(t.extra) > had { // start over with all locks (see Lock)
			w.Buf = w.Buf[:start]
			t.release(errRelock)
			continue
		}
		if status == Blocked {
			onBlock(t)
			t.Commit() // of what the command keeps; the client does not hear of it before it is served
			return Blocked
		}
		if err := t.Commit(); err != nil {
			w.Buf = w.Buf[:start]
			w.Error(CommitErrorText(err))
			t.eng.Errors.Add(CommitErrorText(err))
		}
		return status
	}
}

// CommitErrorText is what clients are told when a commit has failed.
func CommitErrorText(err error) string {
	var e resp.Err
	if errors.As(err, &e) {
		return string(e)
	}
	return "ERR internal error: " + err.Error()
}
