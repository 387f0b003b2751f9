package replication

import "testing"

// A link may have ended between the decision to ask the master and the question.
func TestAskWithoutALink(t *testing.T) {
	d := &followed{f: &Follower{}}
	if slow := d.perform(DBAction{Kind: Ask}); slow != nil {
		t.Error("a position is about to be sent over no link")
	}
}
