package node_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/test/harness"
)

// A stop is orderly even if somebody waits for a profile.
func TestStopsWhileAProfileIsTaken(t *testing.T) {
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	n, _ := start(t, vfs.NewMem(), "/data", "--metrics-port", fmt.Sprint(port))
	// The headers come at once, the profile a minute later.
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/trace?seconds=60", port))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := n.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
}
