package command

import (
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/resp"
)

// stage runs commands of the table on a database in memory.
type stage struct {
	t      *testing.T
	x      *datatypetest.Txn
	proto  int
	noWait bool
	again  bool
	wait   *Wait
	events string // of the last command
	client *client.Client
	txns   Txns
}

func newStage(t *testing.T) *stage {
	return &stage{t: t, x: datatypetest.New(), proto: 2, txns: stageTxns{}}
}

// expanded makes all collections large.
func (s *stage) expanded() *stage {
	l := &s.x.Lim
	l.SetMaxIntsetEntries, l.SetMaxListpackEntries, l.ZSetMaxListpackEntries, l.HashMaxListpackEntries = 0, 0, 0, 0
	return s
}

var stageTable = NewTable(nil)

// do returns the reply with blanks between its lines. An error undoes the command,
// as the engine does.
func (s *stage) do(line string) string {
	s.t.Helper()
	return strings.ReplaceAll(strings.TrimSuffix(s.run(argsOf(line)), "\r\n"), "\r\n", " ")
}

// run returns the reply as it is.
func (s *stage) run(args [][]byte) string {
	s.t.Helper()
	row := stageTable.Resolve(args)
	if row == nil || !row.ArityOK(len(args)) {
		s.t.Fatalf("%s: no such command", args)
	}
	c := &Ctx{Args: args, Row: row, W: &resp.Writer{Proto: s.proto}, T: s.x, C: s.client, Txns: s.txns, NoWait: s.noWait, Again: s.again}
	err := row.Handler(c)
	s.events = ""
	for _, e := range s.x.Events {
		if e.Class != datatype.ClassKeyMiss && e.Class != datatype.ClassNew {
			s.events += " " + e.Name + ":" + e.Key
		}
	}
	if s.events = strings.TrimSpace(s.events); s.events == "" {
		s.events = "none"
	}
	switch {
	case err == ErrBlocked:
		s.wait = c.Wait
		s.x.Undo()
		return "blocked"
	case err != nil:
		s.x.Undo()
		return "-" + err.Error()
	}
	s.x.End()
	return string(c.W.Buf)
}

// play runs a script of "command => reply" or "command => reply ! events or none".
func (s *stage) play(script string) {
	s.t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		cmd, want, _ := strings.Cut(strings.TrimSpace(line), " => ")
		want, events, told := strings.Cut(want, " ! ")
		if got := s.do(cmd); got != want {
			s.t.Errorf("%s\n got %s\nwant %s", cmd, got, want)
		}
		if told && s.events != events {
			s.t.Errorf("%s: events %q, want %q", cmd, s.events, events)
		}
	}
}

// stageTxns accepts everything; nothing else of it is asked for.
type stageTxns struct{ Txns }

func (stageTxns) Refused() error { return nil }
