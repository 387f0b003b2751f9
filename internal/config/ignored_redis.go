package config

// ignoredRedis are names that a redis.conf may hold, that no client sets while
// running, and that would promise something if they were shown. A file with them
// loads with a warning.
var ignoredRedis = map[string]string{
	"loadmodule":               "there are no modules; the commands of the module will be unknown",
	"sentinel":                 "Sentinel is a program of its own; run redis-sentinel with a file of its own",
	"lua-replicate-commands":   "scripts always replicate what they changed",
	"list-max-ziplist-entries": "list-max-listpack-size replaces it, as in Redis since 3.2",
	"list-max-ziplist-value":   "list-max-listpack-size replaces it, as in Redis since 3.2",
	"gopher-enabled":           "the Gopher protocol is not spoken",
	"vm-enabled":               "data lives on disk; memory-budget bounds the memory",
	"glueoutputbuf":            "replies are always gathered",

	"tls-cluster":              "this version has no cluster mode",
	"tls-ca-cert-dir":          "put the certificates into one file and name it in tls-ca-cert-file",
	"tls-client-cert-file":     "the server's own certificate (tls-cert-file) is shown to the master as well",
	"tls-client-key-file":      "the server's own key (tls-key-file) is used towards the master as well",
	"tls-key-file-pass":        "the key file must not have a passphrase; protect it with file permissions",
	"tls-client-key-file-pass": "the key file must not have a passphrase; protect it with file permissions",

	"cluster-config-file":                 noCluster,
	"cluster-node-timeout":                noCluster,
	"cluster-port":                        noCluster,
	"cluster-announce-ip":                 noCluster,
	"cluster-announce-port":               noCluster,
	"cluster-announce-tls-port":           noCluster,
	"cluster-announce-bus-port":           noCluster,
	"cluster-announce-hostname":           noCluster,
	"cluster-announce-human-nodename":     noCluster,
	"cluster-preferred-endpoint-type":     noCluster,
	"cluster-replica-validity-factor":     noCluster,
	"cluster-slave-validity-factor":       noCluster,
	"cluster-migration-barrier":           noCluster,
	"cluster-allow-replica-migration":     noCluster,
	"cluster-require-full-coverage":       noCluster,
	"cluster-replica-no-failover":         noCluster,
	"cluster-slave-no-failover":           noCluster,
	"cluster-allow-reads-when-down":       noCluster,
	"cluster-allow-pubsubshard-when-down": noCluster,
	"cluster-link-sendbuf-limit":          noCluster,
	"cluster-compatibility-sample-ratio":  noCluster,
	"cluster-databases":                   noCluster,
	"cluster-manual-failover-timeout":     noCluster,
	"cluster-slot-stats-enabled":          noCluster,
}

const noCluster = "this version has no cluster mode"
