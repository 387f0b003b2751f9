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

	stringParam("tls-protocols", "", func(v *Values) *string { return &v.TLSProtocols }, mutable,
		"Protocols to speak, of TLSv1.2 and TLSv1.3, on connections to the master too. Empty is all from tls-min-version on.").
		check(checkProtocols).also(reloadTLS).example(`tls-protocols "TLSv1.2 TLSv1.3"`),

	stringParam("tls-ciphers", "", func(v *Values) *string { return &v.TLSCiphers }, mutable,
		"Ciphers of TLS 1.2, with OpenSSL's names and colons between them; DEFAULT and HIGH are all, !NAME and !SHA1 take away. "+
			"A name that cannot be had is refused. Empty is the library's choice.").
		check(checkCiphers).also(reloadTLS).example("tls-ciphers DEFAULT:!SHA1"),

	stringParam("tls-ciphersuites", "", func(v *Values) *string { return &v.TLSCipherSuites }, mutable,
		"Ciphers of TLS 1.3. There is no choice among them: only all three, or empty, are accepted.").check(checkSuites13),

	boolParam("tls-prefer-server-ciphers", false, func(v *Values) *bool { return &v.TLSServerCiphers }, mutable,
		"The server's order of ciphers always counts, whatever this says."),

	boolParam("tls-session-caching", true, func(v *Values) *bool { return &v.TLSSessionCaching }, mutable,
		"Whether a client may resume a session instead of a whole handshake.").also(reloadTLS),

	boolParam("tls-replication", false, func(v *Values) *bool { return &v.TLSReplication }, mutable,
		"Use TLS on the connection to the master.").also(reloadTLS),
}

func reloadTLS(v *Values) { v.TLSGeneration++ }
