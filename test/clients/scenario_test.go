package clients

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

//go:embed scenario.txt
var scenarioText string

// section is a group of steps of the scenario.
type section struct {
	name  string
	steps []step
}

// step is a line: what is done, and the JSON of what must come of it.
type step struct{ done, want string }

func scenario(t *testing.T) []section {
	t.Helper()
	var all []section
	for i, line := range strings.Split(scenarioText, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if name, ok := strings.CutPrefix(line, "== "); ok {
			all = append(all, section{name: name})
			continue
		}
		at := strings.LastIndex(line, " => ")
		if at < 0 || len(all) == 0 {
			t.Fatalf("scenario.txt:%d: neither a section nor a step: %s", i+1, line)
		}
		last := &all[len(all)-1]
		last.steps = append(last.steps, step{line[:at], line[at+len(" => "):]})
	}
	return all
}

// compare sets what a library got beside what the scenario wants. The values in got are whatever encoding/json can take.
func compare(t *testing.T, how connection, s section, got []any) {
	t.Helper()
	for i, st := range s.steps {
		if i >= len(got) {
			t.Errorf("%s: only %d of %d steps were done; next would be: %s", s.name, len(got), len(s.steps), st.done)
			return
		}
		text, err := json.Marshal(got[i])
		if err != nil {
			t.Errorf("%s: %s: %v", s.name, st.done, err)
			continue
		}
		want := strings.ReplaceAll(st.want, "$PROTO", fmt.Sprint(how.Protocol))
		if !equalJSON(t, string(text), want) {
			t.Errorf("%s: %s\n got %s\nwant %s", s.name, st.done, text, want)
		}
	}
	if len(got) > len(s.steps) {
		t.Errorf("%s: %d steps more than the scenario has", s.name, len(got)-len(s.steps))
	}
}

func equalJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("scenario.txt: %s: %v", b, err)
	}
	return reflect.DeepEqual(x, y)
}
