package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/acl"
)

// Whoever asks for a command's keys, rights or other databases may do so before anything has looked at the arguments: with
// too few of them there is nothing to be found, and whatever they are, nothing panics.
func TestTooFewArguments(t *testing.T) {
	table := NewTable(nil)
	users := acl.NewUsers(table.ACL())
	user, _, err := users.Set("limited", []string{"on", "+@all", "~only:*", "&only:*"})
	if err != nil {
		t.Fatal(err)
	}
	rows := append([]*Row(nil), table.Rows()...)
	for _, r := range table.Rows() {
		for i := range r.Sub {
			rows = append(rows, &r.Sub[i])
		}
	}
	for _, row := range rows {
		most := row.Arity
		if most < 0 {
			most = -most
		}
		for n := 1; n < most+4; n++ {
			for _, word := range []string{"1", "0", "streams", "keys", "store", "db", "-1"} {
				args := [][]byte{[]byte(row.parent())}
				for len(args) < n {
					args = append(args, []byte(word))
				}
				t.Run(fmt.Sprintf("%s/%d/%s", strings.ReplaceAll(row.Full, "|", " "), n, word), func(t *testing.T) {
					idx, ok := row.AppendKeys(nil, args)
					locks, d := row.OtherLocks(args), row.Check(user, args)
					if n >= most {
						return
					}
					if ok || len(idx) > 0 || len(locks) > 0 {
						t.Errorf("keys %v, %v; other locks %v", idx, ok, locks)
					}
					if d.Denied() && d.Reason != acl.DeniedCommand {
						t.Errorf("denied for argument %d, which may not be there", d.Arg)
					}
				})
			}
		}
	}
}
