package config

import (
	"crypto/tls"
	"strings"
	"testing"
)

// A parameter of TLS has its effect, or is refused.
func TestSecureTLS(t *testing.T) {
	for _, c := range []struct {
		name, value, refused string
		ok                   func(c *tls.Config) bool
	}{
		{"tls-min-version", "1.3", "", func(c *tls.Config) bool { return c.MinVersion == tls.VersionTLS13 && c.MaxVersion == 0 }},
		{"tls-protocols", "TLSv1.3", "", func(c *tls.Config) bool { return c.MinVersion == tls.VersionTLS13 && c.MaxVersion == tls.VersionTLS13 }},
		{"tls-protocols", "TLSv1.2", "", func(c *tls.Config) bool { return c.MinVersion == tls.VersionTLS12 && c.MaxVersion == tls.VersionTLS12 }},
		{"tls-protocols", "TLSv1.2 TLSv1.3", "", func(c *tls.Config) bool { return c.MinVersion == tls.VersionTLS12 && c.MaxVersion == tls.VersionTLS13 }},
		{"tls-protocols", "TLSv1.1 TLSv1.2", "only TLSv1.2 and TLSv1.3", nil},
		{"tls-ciphers", "", "", func(c *tls.Config) bool { return c.CipherSuites == nil }},
		{"tls-ciphers", "DEFAULT:!MEDIUM:!aNULL", "", func(c *tls.Config) bool { return c.CipherSuites == nil }},
		{"tls-ciphers", "HIGH:!SHA1", "", func(c *tls.Config) bool { return len(c.CipherSuites) == 6 }},
		{"tls-ciphers", "ECDHE-RSA-AES256-GCM-SHA384", "", func(c *tls.Config) bool {
			return len(c.CipherSuites) == 1 && c.CipherSuites[0] == tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
		}},
		{"tls-ciphers", "ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256", "cannot be had", nil},
		{"tls-ciphers", "!SHA1", "begin with DEFAULT", nil},
		{"tls-ciphers", "ECDHE-RSA-AES128-SHA:!SHA1", "leaves no cipher", nil},
		{"tls-ciphersuites", "tls_aes_256_gcm_sha384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256", "", func(*tls.Config) bool { return true }},
		{"tls-ciphersuites", "TLS_AES_256_GCM_SHA384", "all of", nil},
		{"tls-session-caching", "no", "", func(c *tls.Config) bool { return c.SessionTicketsDisabled }},
	} {
		cfg := New()
		err := cfg.Set([][2]string{{c.name, c.value}})
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s %q: %v, want a refusal with %q", c.name, c.value, err, c.refused)
			}
			continue
		}
		var got tls.Config
		cfg.Load().SecureTLS(&got)
		if err != nil || !c.ok(&got) {
			t.Errorf("%s %q: %v; %x to %x, ciphers %x", c.name, c.value, err, got.MinVersion, got.MaxVersion, got.CipherSuites)
		}
	}
	cfg := New()
	if err := cfg.Set([][2]string{{"tls-min-version", "1.3"}, {"tls-protocols", "TLSv1.2"}}); err == nil {
		t.Error("a contradiction is accepted")
	}
}
