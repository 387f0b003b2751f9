package hostile

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// A web page can have a browser send a request with commands in its body. Nothing of it is executed, at any port.
func TestCrossProtocolRequests(t *testing.T) {
	s := harness.Start(t, harness.Options{})
	for _, request := range []string{
		"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nSET k v\r\n",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nSET k v\r\n",
		"PUT / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nSET k v\r\n",
		"*1\r\n$4\r\npost\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n",
	} {
		for _, port := range []int{s.Port, s.Port + 2000, s.Port + 10001} {
			answer := say(t, port, request)
			if strings.Contains(answer, "OK") || strings.HasPrefix(request, "POST") && answer != "" {
				t.Errorf("%.20q at %d is answered %q", request, port, answer)
			}
		}
	}
	if n := s.Client(t).MustDo(t, "EXISTS", "k").Int; n != 0 {
		t.Error("the body of a request was executed")
	}
	log, err := os.ReadFile(s.LogPath())
	if n := strings.Count(string(log), "possible SECURITY ATTACK"); err != nil || n != 1 { // once a minute
		t.Errorf("%d lines about it in the log, %v", n, err)
	}
}

// Neither word ends a connection elsewhere: as a key, as a value.
func TestWordsOfHTTP(t *testing.T) {
	s := harness.Start(t, harness.Options{})
	c, err := harness.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.MustDo(t, "SET", "post", "Host:")
	if r := c.MustDo(t, "GET", "post"); r.Str != "Host:" {
		t.Error(r)
	}
}
