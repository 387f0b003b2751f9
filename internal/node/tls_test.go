package node_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// tlsArgs are the parameters of a server with TLS at a port, beside the plain one.
func tlsArgs(t testing.TB) (addr string, args []string) {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), []string{"--tls-port", strconv.Itoa(port), "--tls-auth-clients", "no",
		"--tls-cert-file", write("cert.pem", "CERTIFICATE", cert), "--tls-key-file", write("key.pem", "PRIVATE KEY", der)}
}

func dialTLS(t testing.TB, addr string) *harness.Client {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is the test's own
	if err != nil {
		t.Fatal(err)
	}
	c := harness.NewClient(conn)
	c.Timeout = 5 * time.Second
	t.Cleanup(func() { c.Close() })
	return c
}

func TestTLSParametersHaveTheirEffect(t *testing.T) {
	secure, args := tlsArgs(t)
	c := dial(t, startForTest(t, append(args, "--tls-protocols", "TLSv1.3")...))
	speaks := func(want bool, client *tls.Config) {
		t.Helper()
		client.InsecureSkipVerify = true
		conn, err := tls.Dial("tcp", secure, client)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != want {
			t.Errorf("a handshake of %x, %x: %v, want it to succeed: %v", client.MaxVersion, client.CipherSuites, err, want)
		}
	}
	speaks(false, &tls.Config{MaxVersion: tls.VersionTLS12})
	speaks(true, &tls.Config{})
	c.MustDo(t, "CONFIG", "SET", "tls-protocols", "TLSv1.2")
	speaks(false, &tls.Config{MinVersion: tls.VersionTLS13})
	speaks(true, &tls.Config{})
	c.MustDo(t, "CONFIG", "SET", "tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384")
	speaks(false, &tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}})
	speaks(true, &tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}})
	for _, refused := range [][2]string{{"tls-protocols", "TLSv1"}, {"tls-ciphers", "RC4-MD5"}, {"tls-ciphersuites", "TLS_AES_128_GCM_SHA256"}} {
		if r, err := c.Do("CONFIG", "SET", refused[0], refused[1]); err != nil || !r.IsError() {
			t.Errorf("%v: %v %v", refused, r, err)
		}
	}
	speaks(true, &tls.Config{})
}
