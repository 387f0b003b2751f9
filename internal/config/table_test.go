package config

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestRowsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range params.rows {
		for _, name := range p.names() {
			if seen[name] {
				t.Errorf("%s: the name is used twice", name)
			}
			if _, ignored := ignoredReason(name); ignored {
				t.Errorf("%s: stands in a row and in a list of ignored names", name)
			}
			if name != strings.ToLower(name) {
				t.Errorf("%s: names are lower case", name)
			}
			seen[name] = true
		}
		if n := strings.Count(p.Doc+" ", ". "); n < 1 || n > 4 || !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: the text for operators has %d sentences, want 1 to 4", p.Name, n)
		}
		if p.codec.set == nil || p.codec.get == nil || p.Section == "" {
			t.Errorf("%s: the row is incomplete", p.Name)
		}
	}
}

// TestDefaultsAreCanonical: Default is what CONFIG GET shows, so that comparing
// texts tells whether a value is the default.
func TestDefaultsAreCanonical(t *testing.T) {
	v := New().Load()
	for _, p := range params.rows {
		if got := p.get(v); got != p.Default {
			t.Errorf("%s: default is %q, shown as %q", p.Name, p.Default, got)
		}
	}
	if err := Validate(v); err != nil {
		t.Errorf("defaults contradict each other: %v", err)
	}
}

// TestEachRowHasItsField sets every row to something else and looks at what moved:
// a row that was copied and kept its neighbour's field is found here.
func TestEachRowHasItsField(t *testing.T) {
	rowOf := map[string]string{}
	for _, p := range params.rows {
		if p.Compat || p.Name == "daemonize" {
			continue
		}
		moved := fieldsMoved(t, p)
		if len(moved) != 1 {
			t.Errorf("%s moves the fields %v, want one", p.Name, moved)
			continue
		}
		if other := rowOf[moved[0]]; other != "" {
			t.Errorf("%s and %s share the field %s", p.Name, other, moved[0])
		}
		rowOf[moved[0]] = p.Name
	}
	fields := reflect.TypeFor[Values]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if rowOf[name] == "" && !slices.Contains([]string{"compat", "userLines", "TLSGeneration", "Daemonize"}, name) {
			t.Errorf("Values.%s has no row", name)
		}
	}
}

func fieldsMoved(t *testing.T, p *Param) (moved []string) {
	t.Helper()
	old := New().Load()
	next := old.clone()
	if err := p.apply(next, otherValue(p), fromFile); err != nil {
		t.Errorf("%s: %v", p.Name, err)
	}
	a, b := reflect.ValueOf(*old), reflect.ValueOf(*next)
	for i := range a.NumField() {
		if field := a.Type().Field(i); field.IsExported() && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			moved = append(moved, field.Name)
		}
	}
	return moved
}

// otherValue is allowed and not the default.
func otherValue(p *Param) []string {
	special := map[string]string{
		"client-output-buffer-limit": "normal 1 1 1", "notify-keyspace-events": "KA",
		"latency-tracking-info-percentiles": "1 2", "rename-command": "a b", "replicaof": "host 1",
		"memory-budget": "1gb", "bind-source-addr": "10.0.0.5", "tls-protocols": "TLSv1.3", "tls-ciphers": "DEFAULT:!SHA1",
		"tls-ciphersuites": "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
	}
	if text, ok := special[p.Name]; ok {
		return []string{text}
	}
	switch p.Kind {
	case KindBool:
		return []string{map[string]string{"yes": "no", "no": "yes"}[p.Default]}
	case KindEnum:
		i := slices.Index(p.Enum, p.Default)
		return []string{p.Enum[(i+1)%len(p.Enum)]}
	case KindString, KindList:
		return []string{"other"}
	case KindOctal:
		return []string{"700"}
	case KindBytesOrPercent:
		return []string{"7%"}
	}
	if formatInt(p.Min) != p.Default {
		return []string{formatInt(p.Min)}
	}
	return []string{formatInt(p.Max)}
}

// TestForeignNamesAreKnown: a redis.conf or pika.conf may hold any of these, and
// the server must start with it.
func TestForeignNamesAreKnown(t *testing.T) {
	for _, file := range []string{"testdata/redis-7.0.15-names.txt", "testdata/pika-names.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for name := range strings.FieldsSeq(string(text)) {
			_, ignored := ignoredReason(name)
			if lookup(name) == nil && !ignored {
				t.Errorf("%s: %s is not known", file, name)
			}
		}
	}
}

func TestNearestName(t *testing.T) {
	f := func(typed, want string) {
		t.Helper()
		if got := nearestName(typed); got != want {
			t.Errorf("nearest to %q is %q, want %q", typed, got, want)
		}
	}
	f("apendfsync", "appendfsync")
	f("max-clients", "maxclients")
	f("prot", "port")
	f("zzz", "")
	f("slowlog-max-length", "slowlog-max-len")
	f("memory-bugdet", "memory-budget")
	f("slave-prioriti", "slave-priority")
	f("something-else-altogether", "")
	f("", "")
}

func TestPublishedValuesStay(t *testing.T) {
	c := New()
	before := c.Load()
	want := *before
	if err := c.Set([][2]string{{"maxclients", "5"}, {"bind", "127.0.0.1"}, {"hz", "50"}, {"client-output-buffer-limit", "normal 1 1 1"}}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*before, want) || before.Compat("hz") != "10" {
		t.Error("a published Values changed (C2)")
	}
	if after := c.Load(); after.MaxClients != 5 || after.Compat("hz") != "50" {
		t.Error("the new values were not published")
	}
}
