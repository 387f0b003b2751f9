package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SecureTLS applies what the parameters say of protocols and ciphers, to either end of a connection.
func (v *Values) SecureTLS(c *tls.Config) {
	c.MinVersion, c.MaxVersion = tls.VersionTLS12, 0
	if v.TLSMinVersion == TLS13 {
		c.MinVersion = tls.VersionTLS13
	}
	if has := protocols(v.TLSProtocols); len(has) > 0 {
		c.MinVersion, c.MaxVersion = slices.Min(has), slices.Max(has)
	}
	c.CipherSuites, _ = cipherSuites(v.TLSCiphers)
	c.SessionTicketsDisabled = !v.TLSSessionCaching
}

var tlsProtocols = map[string]uint16{"tlsv1.2": tls.VersionTLS12, "tlsv1.3": tls.VersionTLS13}

func protocols(text string) (has []uint16) {
	for _, word := range strings.Fields(strings.ToLower(text)) {
		has = append(has, tlsProtocols[word])
	}
	return has
}

// checkProtocols refuses what is not spoken: an operator who names a protocol must get it, and no other.
func checkProtocols(v *Values) error {
	if slices.Contains(protocols(v.TLSProtocols), 0) {
		return errors.New("only TLSv1.2 and TLSv1.3 are spoken; older protocols are not secure")
	}
	return nil
}

// openSSL are the names that redis.conf has for the ciphers of TLS 1.2 which can be had.
var openSSL = map[string]uint16{
	"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-RSA-AES128-GCM-SHA256":   tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-ECDSA-AES256-GCM-SHA384": tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-RSA-AES256-GCM-SHA384":   tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-ECDSA-CHACHA20-POLY1305": tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-RSA-CHACHA20-POLY1305":   tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-ECDSA-AES128-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	"ECDHE-RSA-AES128-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	"ECDHE-ECDSA-AES256-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	"ECDHE-RSA-AES256-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
}

// neverOffered are classes of ciphers that none of openSSL belongs to, so that leaving them out is done already.
var neverOffered = strings.Fields("ANULL ENULL NULL EXPORT EXP LOW MEDIUM MD5 RC4 RC2 DES 3DES PSK SRP DSS IDEA SEED CAMELLIA ARIA ADH AECDH KRSA")

// cipherSuites reads tls-ciphers: names of ciphers, or DEFAULT or HIGH, which stand for all; !CLASS takes away. nil is the
// library's choice.
func cipherSuites(text string) (ids []uint16, err error) {
	all, some := false, false
	taken := map[uint16]bool{}
	for _, word := range strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return r == ':' || r == ',' || r == ' ' }) {
		id, known := openSSL[word]
		class, minus := strings.CutPrefix(word, "!")
		switch {
		case known:
			ids, some = append(ids, id), true
		case word == "DEFAULT" || word == "HIGH":
			all = true
		case minus && (class == "SHA1" || class == "SHA"):
			for name, id := range openSSL {
				taken[id] = taken[id] || strings.HasSuffix(name, "-SHA")
			}
		case minus && openSSL[class] != 0:
			taken[openSSL[class]] = true
		case minus && slices.Contains(neverOffered, class):
		default:
			return nil, fmt.Errorf("%q cannot be had; choose from DEFAULT, HIGH and %s, and take away with !SHA1 or !NAME",
				word, strings.Join(slices.Sorted(maps.Keys(openSSL)), ", "))
		}
	}
	if !some {
		if len(taken) == 0 {
			return nil, nil
		}
		if !all {
			return nil, errors.New("it takes ciphers away and names none; begin with DEFAULT")
		}
	}
	if all {
		ids = slices.Sorted(maps.Values(openSSL))
	}
	if ids = slices.DeleteFunc(ids, func(id uint16) bool { return taken[id] }); len(ids) == 0 {
		return nil, errors.New("it leaves no cipher")
	}
	return ids, nil
}

func checkCiphers(v *Values) error {
	_, err := cipherSuites(v.TLSCiphers)
	return err
}

// suites13 are the ciphers of TLS 1.3, among which Go allows no choice.
var suites13 = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}

func checkSuites13(v *Values) error {
	names := strings.Split(strings.ToUpper(v.TLSCipherSuites), ":")
	slices.Sort(names)
	if v.TLSCipherSuites != "" && !slices.Equal(names, suites13) {
		return fmt.Errorf("TLS 1.3 is spoken with all of %s or not at all: leave it empty, or set tls-protocols TLSv1.2",
			strings.Join(suites13, ":"))
	}
	return nil
}
