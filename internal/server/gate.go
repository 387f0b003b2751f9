package server

import (
	"bytes"
	"slices"
	"strings"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/resp"
)

// command takes one command through the gates, in Redis's order, and runs it.
func (s *session) command(args [][]byte) {
	if s.push.some.Load() {
		s.pull(len(s.w.Buf))
	}
	cl := s.cl
	row := s.srv.table.Resolve(args)
	from := len(s.w.Buf)
	defer func() {
		if p := recover(); p != nil {
			s.panicked(row, from, p)
		}
	}()
	s.srv.eng.Fault("gate")
	if row == nil && ofHTTP(args[0]) {
		s.srv.crossProtocol(cl, args[0])
		s.closing = true
		return
	}
	if text := s.srv.check(cl, row, args); text != "" {
		if text == string(resp.ErrLoading) {
			if s.srv.Loading.wait(s, args) {
				return
			}
			if text = s.srv.check(cl, row, args); text == "" { // it has ended meanwhile
				s.command(args)
				return
			}
		}
		s.reject(row, text)
		return
	}
	queued := cl.InMulti && !runsInMulti(row)
	if !queued && s.srv.pause.active.Load() && s.srv.paused(s, row, args) {
		return
	}
	cl.Touch(&row.Full, s.loop.turn.NowNano())
	if queued {
		s.queue(row, args)
		return
	}
	if s.srv.Monitors.Load() > 0 && s.srv.hooks.Monitor != nil {
		if row.Is(command.Scripted) {
			s.monitor(row, args, nil, cl.DB()) // before the commands that it calls
		} else {
			defer s.monitor(row, args, s.executes(row), cl.DB())
		}
	}
	s.loop.running = s
	s.run(row, args)
	s.loop.running = nil
}

// panicked answers a command that met a panic outside of its handler (the engine recovers those inside): a bug in
// Haypile that must not cost more than this reply, which begins at from.
func (s *session) panicked(row *command.Row, from int, p any) {
	s.loop.running = nil
	what := "an unknown command"
	if row != nil {
		what = row.Full
	}
	text := s.srv.eng.Panicked(what, p).Error()
	if s.busy { // it is with a worker or waits: its reply comes from there
		return
	}
	s.w.Buf = s.w.Buf[:from]
	s.reject(row, text)
}

// executes returns what a command is about to take from the queue.
func (s *session) executes(row *command.Row) []client.Queued {
	if row.Is(command.Queued) && !s.cl.Poisoned && !s.cl.Dirty.Load() {
		return s.cl.Queue
	}
	return nil
}

// monitor tells of a command, and of what it has executed from the queue, beginning
// in database db.
func (s *session) monitor(row *command.Row, args [][]byte, queue []client.Queued, db int) {
	now := s.loop.turn.NowNano()
	for _, q := range queue {
		inner := q.Row.(*command.Row)
		if shownToMonitors(inner) {
			s.srv.hooks.Monitor(s.cl, db, q.Args, now)
		}
		if inner.Name == "select" {
			db = s.srv.eng.Selected(q.Args, db)
		}
	}
	if shownToMonitors(row) {
		s.srv.hooks.Monitor(s.cl, s.cl.DB(), args, now)
	}
}

// shownToMonitors keeps the commands of administrators, which may hold secrets, back.
func shownToMonitors(row *command.Row) bool {
	return row.Flags&(command.SkipMonitor|command.Admin) == 0 || row.Is(command.Scripted)
}

// runsInMulti lists what is executed at once even between MULTI and EXEC.
func runsInMulti(row *command.Row) bool {
	switch row.Full { // not LATENCY RESET and the like
	case "exec", "discard", "multi", "watch", "quit", "reset":
		return true
	}
	return false
}

// check returns the error for a command that may not run, or "".
func (s *Server) check(cl *client.Client, row *command.Row, args [][]byte) string {
	if cl.Service != "" {
		if text := s.serviceRefuses(cl, row, args); text != "" {
			return text
		}
	}
	switch {
	case row == nil:
		return s.unknown(args)
	case !row.ArityOK(len(args)) || row.Handler == nil:
		return string(resp.WrongArity(row.Full))
	case row.Name == "debug" && row.Full == row.Name && !s.cfg.Load().EnableDebugCommand.Allows(cl.Local):
		return string(resp.ErrNoDebug)
	case !cl.Authenticated && !row.Is(command.NoAuth) && s.users.LoginNeeded():
		if row.Name == "replstream" {
			s.strange("it asked for the service of replicas and has not authenticated", cl, row.Name)
		}
		return string(resp.ErrNoAuth)
	case cl.InMulti && row.Is(command.NoMulti):
		return "ERR Command not allowed inside a transaction"
	}
	if u := cl.User(); !u.Unrestricted() {
		if text := s.checkUser(cl, u, row, args); text != "" {
			return text
		}
	}
	switch {
	case s.Loading.Load() && !row.Is(command.Loading):
		return string(resp.ErrLoading)
	case cl.Subscribed() && cl.Proto < 3 && !allowedSubscribed(row):
		return "ERR Can't execute '" + row.Full + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	}
	if s.OutOfMemory.Load() && refusedOutOfMemory(cl, row) {
		return string(resp.ErrOOM)
	}
	if s.Guarded.Load() {
		if err := s.refuse(cl, row); err != nil {
			return err.Error()
		}
	}
	if row.Is(command.Write) {
		if err := s.eng.Refuses(row); err != nil {
			return err.Error()
		}
	}
	if !row.Is(command.AllowBusy) && s.scripts != nil {
		if err := s.scripts.Busy(); err != nil {
			return err.Error()
		}
	}
	return ""
}

// refusedOutOfMemory says whether a command might add to memory that is above maxmemory already: whatever would be queued does, and
// EXEC if something that was queued does.
func refusedOutOfMemory(cl *client.Client, row *command.Row) bool {
	if cl.InMulti && !runsInMulti(row) || row.Is(command.DenyOOM) {
		return true
	}
	return row.Is(command.Queued) && slices.ContainsFunc(cl.Queue, func(q client.Queued) bool { return q.Row.(*command.Row).Is(command.DenyOOM) })
}

// refuse is the gate of replication: EXEC passes if each of its commands does.
func (s *Server) refuse(cl *client.Client, row *command.Row) error {
	db := cl.DB()
	if err := s.hooks.Refuse(cl, db, row); err != nil || !row.Is(command.Queued) {
		return err
	}
	for _, q := range cl.Queue {
		queued := q.Row.(*command.Row)
		if err := s.hooks.Refuse(cl, db, queued); err != nil {
			return err
		}
		if queued.Name == "select" {
			db = s.eng.Selected(q.Args, db)
		}
	}
	return nil
}

// checkUser is the gate of ACL.
func (s *Server) checkUser(cl *client.Client, u *acl.User, row *command.Row, args [][]byte) string {
	d := row.Check(u, args)
	if !d.Denied() {
		return ""
	}
	where := acl.TopLevel
	if cl.InMulti {
		where = acl.Multi
	}
	command.Deny(s.users, cl, row, args, d, where)
	return command.DeniedText(row, d)
}

func allowedSubscribed(row *command.Row) bool {
	switch row.Full {
	case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "ping", "quit", "reset":
		return true
	}
	return false
}

func (s *Server) unknown(args [][]byte) string {
	if row := s.table.Find(args[0]); row != nil { // a container, with a subcommand that is not there
		return "ERR unknown subcommand '" + string(clip(args[1])) + "'. Try " + string(bytes.ToUpper([]byte(row.Name))) + " HELP."
	}
	return unknownCommand(args)
}

// clip shortens what an error quotes as Redis's C strings do: to 128 bytes, and
// before the first zero byte.
func clip(b []byte) []byte {
	b = b[:min(len(b), 128)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// reject answers a command that did not pass; inside MULTI it spoils the
// transaction.
func (s *session) reject(row *command.Row, text string) {
	if row != nil {
		row.Stats.Rejected.Add(1)
	}
	if s.cl.InMulti {
		s.cl.Poisoned = true
	}
	if row != nil && row.Name == "exec" {
		text = s.abort(text)
	}
	from := len(s.w.Buf)
	s.w.Error(text)
	s.srv.eng.Errors.Add(text)
	s.replied(from)
}

// abort ends a transaction whose EXEC was refused.
func (s *session) abort(text string) string {
	s.cl.EndMulti()
	s.srv.eng.Unwatch(s.cl)
	return "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(text, "ERR ")
}

// queue keeps a command for EXEC.
func (s *session) queue(row *command.Row, args [][]byte) {
	cl := s.cl
	from := len(s.w.Buf)
	q := client.Queued{Row: row, Args: cloneArgs(args)}
	for _, a := range q.Args {
		cl.QueueBytes += int64(len(a)) + 24
	}
	if limit := int64(s.srv.cfg.Load().QueryBufferLimit); cl.QueueBytes > limit {
		s.reject(row, "ERR the transaction exceeds client-query-buffer-limit")
		return
	}
	cl.Queue = append(cl.Queue, q)
	cl.NoteMulti(len(cl.Queue), len(cl.Watched))
	s.w.Simple("QUEUED")
	s.replied(from)
}
