package harness

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// A port that was given is not given again, neither here nor to another process, which can have it when this one is gone.
func TestPortsAreReserved(t *testing.T) {
	if port, _ := strconv.Atoi(os.Getenv("HARNESS_RESERVE")); port > 0 {
		got, err := given.reserve(port)
		fmt.Println("reserved:", got, err)
		return
	}
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	other := func(port int) string {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestPortsAreReserved$")
		cmd.Env = append(os.Environ(), "HARNESS_RESERVE="+strconv.Itoa(port))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.Split(string(out), "\n")[0]
	}
	for _, offset := range []int{0, 2000, -2000, 10001} { // the same, or one derived from it or from which it derives
		if got := other(port + offset); got != "reserved: false <nil>" {
			t.Errorf("another process about %d%+d: %s", port, offset, got)
		}
		if got, err := given.reserve(port + offset); got || err != nil {
			t.Errorf("this process about %d%+d: %v, %v", port, offset, got, err)
		}
	}
	free := 5 // no test is given so low a port
	for range 2 {
		if got := other(free); got != "reserved: true <nil>" {
			t.Errorf("another process about a port of nobody: %s", got)
		}
	}
}
