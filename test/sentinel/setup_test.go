package sentinel

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/haypile/haypile/test/group"
	"github.com/haypile/haypile/test/harness"
)

// The least rights that a Sentinel and a replica need: docs/operate/sentinel.md says the same.
const (
	sentinelRights = "+ping +info +subscribe +publish +slaveof +config|rewrite +client|setname +client|kill +multi +exec +script|kill &__sentinel__:hello"
	replicaRights  = "+replstream"
)

// certificate makes one for localhost that is its own authority.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return certFile, keyFile, pool
}

// TestStrictSetUp: a group whose links are all TLS with certificates of clients, whose nodes are known by host name, where
// Sentinels and replicas have users with the least rights and the default user is off, and where CONFIG has another name, fails over, and the old
// master comes back as a replica.
func TestStrictSetUp(t *testing.T) {
	t.Parallel()
	bin := harness.Need(t, "redis-sentinel")
	cert, key, pool := certificate(t)
	secure := fmt.Sprintf("tls-cert-file %s\ntls-key-file %s\ntls-ca-cert-file %s\ntls-replication yes\n", cert, key, cert)
	users := filepath.Join(t.TempDir(), "users.acl")
	if err := os.WriteFile(users, []byte("user default off\nuser admin on >a ~* &* +@all\nuser watcher on >w resetchannels "+sentinelRights+"\nuser copier on >c "+replicaRights+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var nodes []*harness.Server
	var ports []int
	for i := range 3 {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("# node %d\n%stls-port %d\nreplica-announce-ip localhost\nreplica-announce-port %d\naclfile %s\nmasteruser copier\nmasterauth c\n"+
			"rename-command CONFIG settings\nreplication-transport single\nmemory-budget 128mb\nrepl-timeout 10\n", i, secure, port, port, users)
		if i > 0 {
			text += fmt.Sprintf("replicaof localhost %d\n", ports[0])
		}
		nodes, ports = append(nodes, harness.Start(t, harness.Options{Config: text})), append(ports, port)
	}
	tlsConfig := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	tlsConfig.Certificates = []tls.Certificate{pair}
	var sentinels []string
	for range 3 {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "sentinel.conf")
		text := fmt.Sprintf("port 0\ntls-port %d\n%sdir %s\nlogfile %s/log\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n"+
			"sentinel monitor main localhost %d 2\nsentinel down-after-milliseconds main 2000\nsentinel failover-timeout main 6000\n"+
			"sentinel auth-user main watcher\nsentinel auth-pass main w\nsentinel rename-command main CONFIG settings\n", port, secure, dir, dir, ports[0])
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(bin, path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			if log, err := os.ReadFile(filepath.Join(dir, "log")); err == nil && t.Failed() {
				t.Logf("%s", log)
			}
		})
		sentinels = append(sentinels, "localhost:"+strconv.Itoa(port))
	}
	ask := redis.NewSentinelClient(&redis.Options{Addr: sentinels[0], TLSConfig: tlsConfig})
	defer ask.Close()
	within := func(limit time.Duration, what string, holds func() bool) {
		t.Helper()
		for begin := time.Now(); !holds(); time.Sleep(50 * time.Millisecond) {
			if time.Since(begin) > limit {
				t.Fatalf("not within %s: %s", limit, what)
			}
		}
	}
	within(60*time.Second, "a sentinel knows everybody", func() bool {
		m, err := ask.Master(group.Background, "main").Result()
		return err == nil && m["num-slaves"] == "2" && m["num-other-sentinels"] == "2" && m["flags"] == "master"
	})
	var replicas []map[string]string
	within(30*time.Second, "the sentinel has asked both replicas and found their links up", func() bool {
		replicas, err = ask.Replicas(group.Background, "main").Result()
		return err == nil && len(replicas) == 2 && linked(replicas[0]) && linked(replicas[1])
	})
	if replicas[0]["ip"] != "localhost" || replicas[1]["ip"] != "localhost" {
		t.Errorf("the replicas as the sentinel sees them: %v", replicas)
	}
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "main", SentinelAddrs: sentinels, Username: "admin", Password: "a", TLSConfig: tlsConfig})
	defer client.Close()
	set := func() bool { return client.Set(group.Background, "k", "v", 0).Err() == nil }
	within(10*time.Second, "a write", set)
	if err := nodes[0].Kill(); err != nil {
		t.Fatal(err)
	}
	within(60*time.Second, "the sentinels name another master", func() bool {
		addr, err := ask.GetMasterAddrByName(group.Background, "main").Result()
		return err == nil && addr[0] == "localhost" && addr[1] != strconv.Itoa(ports[0])
	})
	within(30*time.Second, "a write after the failover", set)
	if err := nodes[0].StartOnly(); err != nil {
		t.Fatal(err)
	}
	within(60*time.Second, "the old master follows, and its file says so", func() bool {
		old := redis.NewClient(&redis.Options{Addr: "localhost:" + strconv.Itoa(ports[0]), Username: "admin", Password: "a", TLSConfig: tlsConfig, MaxRetries: -1})
		defer old.Close()
		text, err := old.Info(group.Background, "replication").Result()
		if err != nil || !strings.Contains(text, "master_link_status:up") || !strings.Contains(text, "master_host:localhost") {
			return false
		}
		file, err := os.ReadFile(nodes[0].ConfigPath())
		return err == nil && strings.HasPrefix(string(file), "# node 0\n") && strings.Contains(string(file), "\nreplicaof localhost ")
	})
}

// linked says that a sentinel has a replica's own word that it follows. One that it has only heard of, from the master, has nothing to
// tell yet.
func linked(replica map[string]string) bool {
	return replica["info-refresh"] != "0" && replica["master-link-status"] == "ok"
}
