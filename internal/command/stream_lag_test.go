package command

import (
	"fmt"
	"strings"
	"testing"
)

// lagScripts are commands on a stream s of 1-0 to 5-0, and then entries-read and lag of its group g, "-" where they are nil.
var lagScripts = []struct{ commands, progress string }{
	{"", "- 5"},
	{"read 1", "1 4"},
	{"read 1; XTRIM s MAXLEN 2", "1 2"}, // past the group
	{"read 1; XTRIM s MAXLEN 2; read 1", "4 1"},
	{"read 1; XTRIM s MAXLEN 2; read 2", "5 0"},
	{"read 1; XTRIM s MINID 3-0", "1 3"},
	{"read 1; XADD s MAXLEN 1 6-0 f v", "1 1"},
	{"read 1; XADD s MAXLEN 1 6-0 f v; read 1", "6 0"},
	{"read 3; XTRIM s MAXLEN 4", "3 2"}, // not yet at the group
	{"read 1; XTRIM s MAXLEN 0", "1 0"},
	{"XTRIM s MAXLEN 0", "- 0"},
	{"read 1; XTRIM s MAXLEN 0; XADD s 6-0 f v", "1 1"},
	{"read 1; XTRIM s MAXLEN 0; XADD s 6-0 f v; read 1", "6 0"},
	{"read 2; XDEL s 4-0", "2 -"}, // ahead of the group
	{"read 2; XDEL s 4-0; read 1", "- -"},
	{"read 2; XDEL s 4-0; read 2", "5 0"},
	{"read 2; XDEL s 1-0", "2 3"}, // behind it
	{"read 2; XDEL s 1-0; read 1", "3 2"},
	{"read 2; XDEL s 1-0 2-0", "2 3"}, // all that has been read
	{"read 2; XDEL s 1-0 2-0; read 1", "3 2"},
	{"read 1; XDEL s 1-0 2-0", "1 3"},
	{"read 1; XDEL s 1-0 2-0; read 1", "3 2"},
	{"read 1; XDEL s 3-0; XTRIM s MAXLEN 2", "1 2"}, // what is gone lies before the first entry
	{"read 1; XDEL s 4-0; XTRIM s MAXLEN 2", "1 -"},
	{"read 5; XTRIM s MAXLEN 1; XSETID s 5-0 ENTRIESADDED 2", "2 0"},
	{"read 4; XTRIM s MAXLEN 2; XSETID s 5-0 ENTRIESADDED 3", "2 1"},
	{"read 4; XTRIM s MAXLEN 3; XSETID s 5-0 ENTRIESADDED 3", "- -"},
	{"read 4; XTRIM s MAXLEN 3; XSETID s 5-0 ENTRIESADDED 3; read 1", "3 0"},
	{"XGROUP SETID s g 5-0 ENTRIESREAD 100", "5 0"},
	{"XGROUP SETID s g 3-0 ENTRIESREAD 100", "- -"},
	{"XGROUP SETID s g 3-0 ENTRIESREAD 3", "3 2"},
}

func TestLagOfGroups(t *testing.T) {
	for _, c := range lagScripts {
		s := newStage(t)
		for i := range 5 {
			s.do(fmt.Sprintf("XADD s %d-0 f v", i+1))
		}
		s.do("XGROUP CREATE s g 0")
		for command := range strings.SplitSeq(c.commands, "; ") {
			if n, isRead := strings.CutPrefix(command, "read "); isRead {
				command = "XREADGROUP GROUP g c COUNT " + n + " STREAMS s >"
			}
			if command == "" {
				continue
			}
			if got := s.do(command); strings.HasPrefix(got, "-") {
				t.Errorf("%s: %s", command, got)
			}
		}
		_, progress, _ := strings.Cut(s.do("XINFO GROUPS s"), "entries-read ")
		progress = strings.NewReplacer(" $3 lag", "", "$-1", "-", ":", "").Replace(progress)
		if progress != c.progress {
			t.Errorf("%s: entries-read and lag are %s, want %s", c.commands, progress, c.progress)
		}
	}
}
