package config

import (
	"crypto/tls"
	"errors"
	"slices"
)

// RelationError says which parameters contradict each other.
type RelationError struct {
	Names []string
	Text  string // a sentence for the operator
}

func (e *RelationError) Error() string { return e.Text }

// relation is a condition on several parameters.
type relation struct {
	names  []string
	broken func(v *Values) bool
	text   string
}

var relations = []relation{
	{
		[]string{"port", "tls-port", "unixsocket"},
		func(v *Values) bool { return v.Port == 0 && v.TLSPort == 0 && v.UnixSocket == "" },
		"nobody could connect: set port, tls-port or unixsocket",
	}, {
		[]string{"tls-port", "port"},
		func(v *Values) bool { return v.TLSPort != 0 && v.TLSPort == v.Port },
		"tls-port and port are the same; give TLS a port of its own, or set port to 0",
	}, {
		[]string{"tls-protocols", "tls-min-version"},
		func(v *Values) bool {
			return v.TLSMinVersion == TLS13 && slices.Contains(protocols(v.TLSProtocols), tls.VersionTLS12)
		},
		"tls-protocols names TLSv1.2, and tls-min-version is 1.3; take one of them back",
	}, {
		[]string{"metrics-port", "port", "tls-port"},
		func(v *Values) bool {
			return v.MetricsPort != 0 && (v.MetricsPort == v.Port || v.MetricsPort == v.TLSPort)
		},
		"metrics-port is already used for clients; choose another",
	}, {
		[]string{"tls-port", "tls-cert-file", "tls-key-file"},
		func(v *Values) bool { return v.TLSPort != 0 && (v.TLSCertFile == "" || v.TLSKeyFile == "") },
		"tls-port is set, so tls-cert-file and tls-key-file must name the server's certificate and key",
	}, {
		[]string{"tls-cert-file", "tls-key-file"},
		func(v *Values) bool { return (v.TLSCertFile == "") != (v.TLSKeyFile == "") },
		"tls-cert-file and tls-key-file belong together; set both or none",
	}, {
		[]string{"tls-auth-clients", "tls-ca-cert-file", "tls-port"},
		func(v *Values) bool { return v.TLSPort != 0 && v.TLSAuthClients != TLSAuthNo && v.TLSCACertFile == "" },
		"tls-auth-clients asks clients for certificates, so tls-ca-cert-file must name the authorities that sign them; " +
			"or set tls-auth-clients to no",
	}, {
		[]string{"tls-replication", "tls-ca-cert-file"},
		func(v *Values) bool { return v.TLSReplication && v.TLSCACertFile == "" },
		"tls-replication needs tls-ca-cert-file, to know the master by",
	}, {
		[]string{"disk-stop-writes-free", "disk-resume-writes-free"},
		func(v *Values) bool { return v.DiskStopWritesFree > v.DiskResumeWritesFree },
		"disk-stop-writes-free is above disk-resume-writes-free: writes would be refused and accepted at the same time; " +
			"resume must ask for at least as much free space as stop",
	}, {
		[]string{"value-cache-percent", "block-cache-percent"},
		func(v *Values) bool { return v.ValueCachePercent+v.BlockCachePercent > 90 },
		"value-cache-percent and block-cache-percent together leave less than 10 percent of memory-budget for write buffers",
	}, {
		[]string{"aclfile", "user"},
		func(v *Values) bool { return v.ACLFile != "" && len(v.Users) > 0 },
		"ACL users are given both in aclfile and in user lines; keep one of them",
	},
}

// Validate checks the relations between parameters. All that is wrong is reported,
// a sentence each.
func Validate(v *Values) error {
	var errs []error
	for _, r := range relations {
		if r.broken(v) {
			errs = append(errs, &RelationError{slices.Clone(r.names), r.text})
		}
	}
	return errors.Join(errs...)
}
