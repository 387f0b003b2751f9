package store

import (
	"testing"
	"time"
)

// One read that was held up, however long, is no cold store; many slow ones are, for a while.
func TestColdness(t *testing.T) {
	var c coldness
	for range 100 {
		c.observe(time.Microsecond)
	}
	c.observe(time.Second)
	if c.cold() {
		t.Error("one slow read makes the store cold")
	}
	for range 16 {
		c.observe(100 * time.Microsecond)
	}
	if !c.cold() {
		t.Error("slow reads do not make the store cold")
	}
	for range 16 {
		c.observe(time.Microsecond)
	}
	if c.cold() {
		t.Error("the store stays cold although reads are quick")
	}
}
