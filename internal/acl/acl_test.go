package acl

import (
	"strings"
	"testing"
	"time"
)

// testCommands are few, with every relation that matters.
func testCommands() *Commands {
	c := NewCommands([]string{"read", "write", "admin", "fast"})
	c.Add("get", nil, []string{"read", "fast"})
	c.Add("mget", nil, []string{"read"})
	c.Add("set", nil, []string{"write"})
	c.Add("select", nil, []string{"fast"})
	config := c.Add("config", nil, []string{"admin"})
	c.Add("config|get", config, []string{"read"})
	c.Add("config|set", config, []string{"admin"})
	c.Add("publish", nil, nil)
	return c
}

func TestRules(t *testing.T) {
	rows := []struct{ rules, want string }{
		{"", "off resetchannels -@all"},
		{"on nopass", "on nopass resetchannels -@all"},
		{"on >a <a nopass resetpass", "on resetchannels -@all"},
		{"allkeys allchannels allcommands", "off ~* &* +@all"},
		{"~a ~b ~a %R~c %W~c %r~d %Rw~e", "off ~a ~b ~c %R~d ~e resetchannels -@all"},
		{"&a &b &a", "off resetchannels &a &b -@all"},
		{"+get", "off resetchannels -@all +get"},
		{"+GET +Config|GET", "off resetchannels -@all +get +config|get"},
		{"+get +get", "off resetchannels -@all +get"},
		{"+get -get", "off resetchannels -@all"},
		{"-get", "off resetchannels -@all"},
		{"+@all +get", "off resetchannels +@all"},
		{"+@all -get", "off resetchannels +@all -get"},
		{"+@all -get +get", "off resetchannels +@all"},
		{"+@all -config +config|get", "off resetchannels +@all -config +config|get"},
		{"+config|get +config", "off resetchannels -@all +config"},
		{"+config|get +config|set", "off resetchannels -@all +config|get +config|set"},
		{"+@read -get", "off resetchannels -@all +@read -get"},
		{"-get +@read", "off resetchannels -@all +@read"},
		{"+get +mget +@read", "off resetchannels -@all +@read"},
		{"+@READ +@admin -@read", "off resetchannels -@all +@admin -@read"},
		{"+select|0 +select|1 +SELECT|0", "off resetchannels -@all +select|0 +select|1"},
		{"+select|0 +select", "off resetchannels -@all +select"},
		{"+select|0 -select", "off resetchannels -@all"},
		{"+select|0 +@fast -@fast", "off resetchannels -@all"},
		{"(+get ~a) ( +set %W~b &c ) on", "on resetchannels -@all (~a resetchannels -@all +get) (%W~b resetchannels &c -@all +set)"},
		{"() clearselectors", "off resetchannels -@all"},
		{"on nopass ~a &a +get (+set) reset", "off sanitize-payload resetchannels -@all"},
		{"skip-sanitize-payload", "off skip-sanitize-payload resetchannels -@all"},
	}
	for _, row := range rows {
		users := NewUsers(testCommands())
		u, _, err := users.Set("u", strings.Fields(row.rules))
		if err != nil {
			t.Errorf("%s: %v", row.rules, err)
			continue
		}
		if got := strings.Join(u.Rights().Words(), " "); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.rules, got, row.want)
		}
		again, _, err := users.Set("again", u.Rights().Words())
		if err != nil {
			t.Errorf("%s: its own description is refused: %v", row.rules, err)
		} else if got := strings.Join(again.Rights().Words(), " "); got != row.want {
			t.Errorf("%s: read again it is %s", row.rules, got)
		}
	}
}

func TestWrongRules(t *testing.T) {
	rows := []struct {
		rules string
		want  error
	}{
		{"nonsense", errSyntax}, {")", errSyntax}, {"(on)", errSyntax}, {"%~a", errSyntax}, {"%X~a", errSyntax}, {"%RR~a", errSyntax},
		{"+nosuch", errUnknown}, {"+@nosuch", errUnknown}, {"-get|a", errUnknown}, {"+config|nosuch", errUnknown}, {"+nosuch|a", errUnknown},
		{"+get|a|b", errUnknown}, {"+config|get|a", errFirstArg}, {"+get|", errSyntax}, {"+", errUnknown}, {"+@", errUnknown},
		{"~* ~a", errKeysDone}, {"&* &a", errChannelDone}, {"(~* ~a)", errKeysDone}, {"<a", errNoPassword},
		{"#12", errHash}, {"!12", errHash}, {"#" + strings.Repeat("A", 64), errHash}, {"!" + strings.Repeat("a", 64), errNoPassword},
	}
	for _, row := range rows {
		users := NewUsers(testCommands())
		_, _, err := users.Set("u", append([]string{"on"}, strings.Fields(row.rules)...))
		rule, ok := err.(*RuleError)
		if !ok || rule.Err != row.want {
			t.Errorf("%s: %v, want %v", row.rules, err, row.want)
		}
		if users.Get("u") != nil {
			t.Errorf("%s: there is a user all the same", row.rules)
		}
	}
	for _, rules := range []string{"(", "(+get", "(+get ( ~a"} {
		if _, err := mergeSelectors(strings.Fields(rules)); err == nil {
			t.Errorf("%s: no error", rules)
		}
	}
}

func TestCheck(t *testing.T) {
	users := NewUsers(testCommands())
	id := func(name string) int { return users.Commands.Find(name).ID }
	args := func(s string) [][]byte {
		var list [][]byte
		for _, w := range strings.Fields(s) {
			list = append(list, []byte(w))
		}
		return list
	}
	rows := []struct {
		rules string
		call  Call
		want  Denial
	}{
		{"+@all ~* &*", Call{Command: id("get"), Args: args("get a"), Keys: []KeyUse{{1, Read}}}, Denial{}},
		{"", Call{Command: id("get"), Args: args("get a")}, Denial{Reason: DeniedCommand}},
		{"", Call{Command: id("get"), Open: true, Args: args("auth a")}, Denial{}},
		{"+get ~a*", Call{Command: id("get"), Args: args("get abc"), Keys: []KeyUse{{1, Read}}}, Denial{}},
		{"+get ~a*", Call{Command: id("get"), Args: args("get b"), Keys: []KeyUse{{1, Read}}}, Denial{DeniedKey, 1}},
		{"+get %W~a", Call{Command: id("get"), Args: args("get a"), Keys: []KeyUse{{1, Read}}}, Denial{DeniedKey, 1}},
		{"+get %W~a", Call{Command: id("get"), Args: args("get a"), Keys: []KeyUse{{1, 0}}}, Denial{}},
		{"+set %R~a %W~a", Call{Command: id("set"), Args: args("set a"), Keys: []KeyUse{{1, readWrite}}}, Denial{}},
		{"+set %R~* %W~a", Call{Command: id("set"), Args: args("set a"), Keys: []KeyUse{{1, readWrite}}}, Denial{DeniedKey, 1}},
		{"+select|0", Call{Command: id("select"), Args: args("select 0")}, Denial{}},
		{"+select|0", Call{Command: id("select"), Args: args("select 1")}, Denial{Reason: DeniedCommand}},
		{"+select|0", Call{Command: id("select"), Args: args("select")}, Denial{Reason: DeniedCommand}},
		{"+publish &a*", Call{Command: id("publish"), Args: args("publish ab"), Channels: []ChannelUse{{1, false}}}, Denial{}},
		{"+publish &a*", Call{Command: id("publish"), Args: args("publish ab"), Channels: []ChannelUse{{1, true}}}, Denial{DeniedChannel, 1}},
		{"+publish &a*", Call{Command: id("publish"), Args: args("publish a*"), Channels: []ChannelUse{{1, true}}}, Denial{}},
		{"~* (+get)", Call{Command: id("get"), Args: args("get a"), Keys: []KeyUse{{1, Read}}}, Denial{DeniedKey, 1}},
		{"+mget ~a (+mget ~a ~b)", Call{Command: id("mget"), Args: args("mget a b c"), Keys: []KeyUse{{1, Read}, {2, Read}, {3, Read}}}, Denial{DeniedKey, 3}},
	}
	for _, row := range rows {
		u, _, err := users.Set("u", append([]string{"reset"}, strings.Fields(row.rules)...))
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Rights().Check(&row.call); got != row.want {
			t.Errorf("%s: %s: %v, want %v", row.rules, row.call.Args, got, row.want)
		}
	}
}

func TestUsers(t *testing.T) {
	users := NewUsers(testCommands())
	if users.LoginNeeded() || !users.Default.Unrestricted() || !users.Untouched("") {
		t.Error("the default user is not free")
	}
	users.SetDefaultPassword("pw")
	if !users.LoginNeeded() || users.Login("default", []byte("pw")) == nil || users.Login("default", []byte("x")) != nil || !users.Untouched("pw") {
		t.Error("the password of the default user")
	}
	u, _, err := users.Set("u", []string{"on", ">a", "+@all", "~*", "&a", "&b*"})
	if err != nil || u.Unrestricted() || users.Login("u", []byte("a")) != u {
		t.Error("a new user", err)
	}
	if _, lost, _ := users.Set("u", []string{"&c"}); lost != nil {
		t.Error("more channels were taken for fewer")
	}
	_, lost, _ := users.Set("u", []string{"resetchannels", "&a", "&b*"})
	if lost == nil || !lost.Allows("a", false) || !lost.Allows("b1", false) || lost.Allows("b1", true) || lost.Allows("c", false) {
		t.Error("fewer channels", lost)
	}
	if _, lost, _ := users.Set("u", []string{"allchannels"}); lost != nil || !u.Unrestricted() {
		t.Error("all channels")
	}
	if users.Delete("default") != nil || users.Delete("u") != u || users.Delete("u") != nil || u.Unrestricted() || !u.Deleted() {
		t.Error("deletion")
	}
	if d := u.Rights().Check(&Call{Command: 0}); !d.Denied() {
		t.Error("a deleted user may do something") // A4
	}
	if _, _, err := users.Set("a b", nil); err != ErrName {
		t.Error("a name with a blank", err)
	}
}

func TestFile(t *testing.T) {
	users := NewUsers(testCommands())
	old, _, _ := users.Set("old", []string{"on", "nopass"})
	rows := []struct{ text, want string }{
		{"usr a", "f.acl:1 should start with user keyword followed by the username. "},
		{"\n# no\n", "f.acl:2 should start with user keyword followed by the username. "},
		{"user", "f.acl:1 should start with user keyword followed by the username. "},
		{"user a\nuser a", "WARNING: Duplicate user 'a' found on line 2. "},
		{"user a +gett -nosuch x", "f.acl:1: Error in applying operation '+gett': Unknown command or category name in ACL; did you mean '+get'?. f.acl:1: Error in applying operation '-nosuch': Unknown command or category name in ACL. f.acl:1: Syntax error. "},
		{"user a (+get", "f.acl:1: Unmatched parenthesis in selector definition."},
	}
	for _, row := range rows {
		_, err := users.Replace("f.acl", row.text)
		if want := row.want + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"; err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", row.text, err, want)
		}
	}
	if old.Deleted() {
		t.Fatal("a bad file has changed something")
	}
	gone, err := users.Replace("f.acl", "user default on >x ~* +@all\r\n\nuser a on (+get ~b)\nuser old off\n")
	if err != nil || len(gone) != 1 || gone[0] != old || !old.Deleted() || users.Get("old") == old {
		t.Errorf("gone: %v, %v", gone, err)
	}
	if users.Login("default", []byte("x")) != users.Default {
		t.Error("the default user of the file")
	}
	if users.Replace("f.acl", "user a"); users.LoginNeeded() {
		t.Error("without a line the default user is not as it comes")
	}
}

func TestConfigure(t *testing.T) {
	users := NewUsers(testCommands())
	err := users.Configure([]Definition{
		{"f:1", "a", []string{"on", "+gett"}}, {"f:2", "b", []string{"<pw"}}, {"f:3", "a", nil}, {"f:4", "c", []string{"+@reed"}},
	})
	want := `f:1: user "a": rule "+gett": Unknown command or category name in ACL; did you mean "+get"?
f:2: user "b": rule "<(hidden)": The password you are trying to remove from the user does not exist
f:3: Duplicate user 'a' found. A user can only be defined once in config files
f:4: user "c": rule "+@reed": Unknown command or category name in ACL; did you mean "+@read"?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if err := users.Configure([]Definition{{"f:1", "default", []string{"on", "nopass", "+get"}}}); err != nil || users.Default.Unrestricted() {
		t.Error("the default user is not what its line says", err)
	}
}

func TestLog(t *testing.T) {
	var l Log
	l.SetMax(3)
	at := time.Unix(1e9, 0)
	add := func(object string, after time.Duration) {
		l.Add(Event{Reason: DeniedCommand, Context: TopLevel, Object: object, User: "u"}, at.Add(after))
	}
	add("get", 0)
	add("set", 1)
	add("get", 2*time.Second)
	list := l.Last(10)
	if len(list) != 2 || list[0].Object != "get" || list[0].Count != 2 || list[0].ID != 0 || list[0].Updated.Sub(list[0].Created) != 2*time.Second {
		t.Errorf("%+v", list)
	}
	add("get", 2*time.Minute)
	add("del", 3*time.Minute)
	if list = l.Last(10); len(list) != 3 || list[0].Object != "del" || list[1].Count != 1 || list[1].ID != 2 {
		t.Errorf("%+v", list)
	}
	if l.Denied(DeniedCommand) != 5 || len(l.Last(-1)) != 0 {
		t.Error("counts")
	}
	if l.Reset(); len(l.Last(1)) != 0 {
		t.Error("reset")
	}
}

// FuzzRules: whatever the rules, nothing panics, and what a user is described by makes it
// again (A3).
func FuzzRules(f *testing.F) {
	f.Add("on >pw +@all -get +config|get ~a* %R~b &c (+get ~x) (%W~y +@read -mget)")
	f.Add("+select|0 -select +@fast reset () clearselectors <pw !12 #12")
	f.Add("( +get ~* ~a )\x00 %RW~ %~ + - @ & ~ +| -| +|a")
	commands := testCommands()
	f.Fuzz(func(t *testing.T, rules string) {
		users := NewUsers(commands)
		u, _, err := users.Set("u", strings.Split(rules, " "))
		if err != nil {
			return
		}
		words := u.Rights().Words()
		again, _, err := users.Set("again", words)
		if err != nil {
			t.Fatalf("%q: described as %q, which is refused: %v", rules, words, err)
		}
		if got := strings.Join(again.Rights().Words(), " "); got != strings.Join(words, " ") {
			t.Fatalf("%q: %q becomes %q", rules, words, got)
		}
		for _, cmd := range commands.all {
			for _, arg := range []string{"a", "b", "0"} {
				c := Call{Command: cmd.ID, Args: [][]byte{[]byte(cmd.Name), []byte(arg)}, Keys: []KeyUse{{1, Read}}, Channels: []ChannelUse{{1, false}}}
				if x, y := u.Rights().Check(&c), again.Rights().Check(&c); x != y {
					t.Fatalf("%q: %s %s is %v, then %v", rules, cmd.Name, arg, x, y)
				}
			}
		}
	})
}

// FuzzFile: a file is read whole or not at all, and what is saved reads as the same.
func FuzzFile(f *testing.F) {
	f.Add("user a on >x (+get ~b)\nuser default off\n")
	f.Add("user a\nuser a\nuser  \nuser\tb\n#\nuser c +nosuch ( (")
	commands := testCommands()
	f.Fuzz(func(t *testing.T, text string) {
		users := NewUsers(commands)
		before := strings.Join(users.Lines(), "\n")
		if _, err := users.Replace("f", text); err != nil {
			if strings.Join(users.Lines(), "\n") != before {
				t.Fatal("a bad file has changed something")
			}
			return
		}
		saved := strings.Join(users.Lines(), "\n")
		again := NewUsers(commands)
		if _, err := again.Replace("f", saved); err != nil || strings.Join(again.Lines(), "\n") != saved {
			t.Fatalf("%q is saved as %q, which reads as %q, %v", text, saved, again.Lines(), err)
		}
	})
}
