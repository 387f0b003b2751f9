package replication

import "testing"

// The link is up a moment before the master has answered for each database: what is there may not be its data.
func TestNobodyServesBeforeTheMasterHasAnswered(t *testing.T) {
	d := &followed{name: "db0"}
	f := &Follower{dbs: map[string]*followed{"db0": d}}
	f.m.State = Linked
	for _, state := range []DBState{TryConnect, WaitReply} {
		if d.m.State = state; f.Status().Serving {
			t.Errorf("in state %s it claims to have the master's data", state)
		}
	}
	if d.judged = true; !f.Status().Serving {
		t.Error("it does not serve what the master has called its own")
	}
}
