package clients

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// Who connects, and where to: the libraries must send all of it.
const (
	user     = "app"
	password = "secret word"
	database = 3
	connName = "smoke"
)

// connection is how a library reaches the server. Its JSON is what the scripts of node/ are given.
type connection struct {
	Transport string `json:"transport"` // tcp, tls, unix
	Protocol  int    `json:"protocol"`
	Port      int    `json:"port"` // of TCP or TLS
	Path      string `json:"path"` // of the Unix socket
	CA        string `json:"ca"`   // files
	Cert      string `json:"cert"`
	Key       string `json:"key"`

	User     string `json:"user"`
	Password string `json:"password"`
	Database int    `json:"database"`
	Name     string `json:"name"`
}

func (c connection) addr() string { return "127.0.0.1:" + strconv.Itoa(c.Port) }

// library does the sections of the scenario; absent are those that it has no means for, with the reason.
type library struct {
	name   string
	run    func(t *testing.T, c connection) map[string][]any
	absent func(c connection, section string) string
}

var libraries = []library{
	{"go-redis", runGoRedis, cacheNeedsRESP3},
	{"rueidis", runRueidis, cacheNeedsRESP3},
	{"ioredis", script("ioredis.cjs"), nothing},
	{"node-redis", script("noderedis.cjs"), cacheNeedsRESP3},
}

func nothing(connection, string) string { return "" }

func cacheNeedsRESP3(c connection, section string) string {
	if section == "cache" && c.Protocol == 2 {
		return "its client-side cache needs RESP3"
	}
	return ""
}

// script runs one of the programs in node/, which prints a line of JSON for each section.
func script(name string) func(t *testing.T, c connection) map[string][]any {
	return func(t *testing.T, c connection) map[string][]any {
		argument, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		out := harness.Node(t, filepath.Join("node", name), string(argument))
		all := map[string][]any{}
		for line := range strings.Lines(out) {
			var s struct {
				Section string
				Got     []any
			}
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				t.Fatalf("%s printed %q: %v", name, line, err)
			}
			all[s.Section] = s.Got
		}
		return all
	}
}

// TestLibraries is the matrix: libraries, transports, protocols.
func TestLibraries(t *testing.T) {
	sections := scenario(t)
	dir := t.TempDir()
	certs := makeCertificates(t, dir)
	tlsPort, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s") // the system bounds the length of such paths
	server := harness.Start(t, harness.Options{Args: []string{
		"--tls-port", strconv.Itoa(tlsPort), "--tls-cert-file", certs.serverCert, "--tls-key-file", certs.serverKey,
		"--tls-ca-cert-file", certs.ca, "--unixsocket", socket,
	}})
	admin := server.Client(t)
	admin.MustDo(t, "ACL", "SETUSER", user, "on", ">"+password, "allkeys", "allchannels", "allcommands")
	for _, lib := range libraries {
		for _, transport := range []string{"tcp", "tls", "unix"} {
			for protocol := 2; protocol <= 3; protocol++ {
				if testing.Short() && transport != "tcp" && protocol == 2 {
					continue // each start of Node.js takes its time
				}
				c := connection{
					Transport: transport, Protocol: protocol, Port: server.Port, Path: socket, CA: certs.ca, Cert: certs.clientCert, Key: certs.clientKey,
					User: user, Password: password, Database: database, Name: connName,
				}
				if transport == "tls" {
					c.Port = tlsPort
				}
				t.Run(fmt.Sprintf("%s/%s/resp%d", lib.name, transport, protocol), func(t *testing.T) {
					admin.MustDo(t, "FLUSHALL")
					admin.MustDo(t, "FUNCTION", "FLUSH")
					admin.MustDo(t, "SCRIPT", "FLUSH")
					got := lib.run(t, c)
					for _, s := range sections {
						if why := lib.absent(c, s.name); why != "" {
							if len(got[s.name]) > 0 {
								t.Errorf("%s: done, though it is said that %s", s.name, why)
							}
							continue
						}
						compare(t, c, s, got[s.name])
					}
				})
			}
		}
	}
}
