package config

var tlsRows = []Param{
	intParam("tls-port", 0, 0, 65535, func(v *Values) *int64 { return &v.TLSPort }, mutable,
		"TCP port for TLS clients. 0 is off.").also(reloadTLS).example("tls-port 9222"),

	stringParam("tls-cert-file", "", func(v *Values) *string { return &v.TLSCertFile }, mutable,
		"Certificate chain of the server, PEM. Set it again, even to the same name, to read a renewed file.").
		also(reloadTLS).example("tls-cert-file /etc/haypile/server.crt"),

	stringParam("tls-key-file", "", func(v *Values) *string { return &v.TLSKeyFile }, mutable,
		"Private key of the server, PEM, without a passphrase.").also(reloadTLS).example("tls-key-file /etc/haypile/server.key"),

	stringParam("tls-ca-cert-file", "", func(v *Values) *string { return &v.TLSCACertFile }, mutable,
		"Certificates of the authorities that sign client certificates, PEM.").also(reloadTLS).
		example("tls-ca-cert-file /etc/haypile/ca.crt"),

	enumParam("tls-auth-clients", TLSAuthYes, tlsAuthNames, func(v *Values) *TLSAuth { return &v.TLSAuthClients }, mutable,
		"Whether a client must show a certificate, need not, or may (optional).").also(reloadTLS),

	enumParam("tls-min-version", TLS12, tlsVersionNames, func(v *Values) *TLSVersion { return &v.TLSMinVersion }, mutable,
		"Oldest TLS version to speak.").also(reloadTLS),

	boolParam("tls-replication", false, func(v *Values) *bool { return &v.TLSReplication }, mutable,
		"Use TLS on the connection to the master.").also(reloadTLS),
}

func reloadTLS(v *Values) { v.TLSGeneration++ }
