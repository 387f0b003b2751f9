package command

import "github.com/haypile/haypile/internal/resp"

const errNoCluster resp.Err = "ERR This instance has cluster support disabled"

// noCluster answers what clients ask to find out whether they talk to a cluster, as redis-server does that is none.
func noCluster(*Ctx) error { return errNoCluster }

var clusterRows = []Row{
	{Name: "asking", Arity: 1, Flags: Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Signals that a cluster client is following an -ASK redirect.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "readonly", Arity: 1, Flags: Loading | Stale | Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Enables read-only queries for a connection to a Redis Cluster replica node.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "readwrite", Arity: 1, Flags: Loading | Stale | Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Enables read-write queries for a connection to a Redis Cluster replica node.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "cluster", Arity: -2, Group: "cluster", Since: "3.0.0", Summary: "A container for Redis Cluster commands.", Sub: []Row{
		{Name: "addslots", Arity: -3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Assigns new hash slots to a node.",
			Syntax: "slot...", Complexity: "O(N) for N slots"},
		{Name: "addslotsrange", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "7.0.0", Summary: "Assigns new hash slot ranges to a node.",
			Syntax: "(range: start-slot:integer end-slot:integer)...", Complexity: "O(N) for N slots in the ranges"},
		{Name: "bumpepoch", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Advances the cluster config epoch.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "count-failure-reports", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Returns the number of active failure reports active for a node.",
			Syntax: "node-id", Complexity: "O(N) for N failure reports"},
		{Name: "countkeysinslot", Arity: 3, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the number of keys in a hash slot.",
			Syntax: "slot", Complexity: "O(1)"},
		{Name: "delslots", Arity: -3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Sets hash slots as unbound for a node.",
			Syntax: "slot...", Complexity: "O(N) for N slots"},
		{Name: "delslotsrange", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "7.0.0", Summary: "Sets hash slot ranges as unbound for a node.",
			Syntax: "(range: start-slot:integer end-slot:integer)...", Complexity: "O(N) for N slots in the ranges"},
		{Name: "failover", Arity: -2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Forces a replica to perform a manual failover of its master.",
			Syntax: "[options: FORCE | TAKEOVER]", Complexity: "O(1)"},
		{Name: "flushslots", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Deletes all slots information from a node.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "forget", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Removes a node from the nodes table.",
			Syntax: "node-id", Complexity: "O(1)"},
		{Name: "getkeysinslot", Arity: 4, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Returns the key names in a hash slot.",
			Syntax: "slot count", Complexity: "O(N) for N keys asked for"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: noCluster, Since: "5.0.0", Summary: "Returns helpful text about the different subcommands.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "info", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Returns information about the state of a node.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "keyslot", Arity: 3, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the hash slot for a key.",
			Syntax: "key:string", Complexity: "O(N) for N bytes of the key"},
		{Name: "links", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "7.0.0", Summary: "Returns a list of all TCP links to and from peer nodes.",
			Syntax: "()", Complexity: "O(N) for N nodes"},
		{Name: "meet", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Forces a node to handshake with another node.",
			Syntax: "ip port [cluster-bus-port:integer]@4.0.0", Complexity: "O(1)"},
		{Name: "myid", Arity: 2, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the ID of a node.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "nodes", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Returns the cluster configuration for a node.",
			Syntax: "()", Complexity: "O(N) for N nodes"},
		{Name: "replicas", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "5.0.0", Summary: "Lists the replica nodes of a master node.",
			Syntax: "node-id", Complexity: "O(N) for N replicas"},
		{Name: "replicate", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Configure a node as replica of a master node.",
			Syntax: "node-id", Complexity: "O(1)"},
		{Name: "reset", Arity: -2, Flags: NoScript | Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Resets a node.",
			Syntax: "[reset-type: HARD | SOFT]", Complexity: "O(N) for N nodes"},
		{Name: "saveconfig", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Forces a node to save the cluster configuration to disk.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "set-config-epoch", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Sets the configuration epoch for a new node.",
			Syntax: "config-epoch:integer", Complexity: "O(1)"},
		{Name: "setslot", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Binds a hash slot to a node.",
			Syntax: "slot (subcommand: (importing: IMPORTING node-id) | (migrating: MIGRATING node-id) | (node: NODE node-id) | STABLE)", Complexity: "O(1)"},
		{Name: "shards", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "7.0.0", Summary: "Returns the mapping of cluster slots to shards.",
			Syntax: "()", Complexity: "O(N) for N nodes"},
		{Name: "slaves", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Lists the replica nodes of a master node.",
			Syntax: "node-id", Complexity: "O(N) for N replicas", DeprecatedSince: "5.0.0", ReplacedBy: "`CLUSTER REPLICAS`"},
		{Name: "slots", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Returns the mapping of cluster slots to nodes.",
			Syntax: "()", Complexity: "O(N) for N nodes", DeprecatedSince: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`"},
	}},
	{Name: "module", Arity: -2, Group: "server", Since: "4.0.0", Summary: "A container for module commands.", Sub: []Row{
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: moduleHelp, Since: "5.0.0", Summary: "Returns helpful text about the different subcommands.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "list", Arity: 2, Flags: Admin | NoScript, Handler: moduleList, Tips: "nondeterministic_output_order", Since: "4.0.0", Summary: "Returns all loaded modules.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "load", Arity: -3, Flags: Admin | NoScript, Handler: noModules, Since: "4.0.0", Summary: "Loads a module.",
			Syntax: "path [arg...]", Complexity: "O(1)"},
		{Name: "loadex", Arity: -3, Flags: Admin | NoScript, Handler: noModules, Since: "7.0.0", Summary: "Loads a module using extended parameters.",
			Syntax: "path [configs: CONFIG (name value)]... [args: ARGS arg...]", Complexity: "O(1)"},
		{Name: "unload", Arity: 3, Flags: Admin | NoScript, Handler: noModules, Since: "4.0.0", Summary: "Unloads a module.",
			Syntax: "name", Complexity: "O(1)"},
	}},
}

// noModules is what Redis replies where modules are not allowed, as they are not by default.
func noModules(*Ctx) error {
	return resp.Err("ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run it from a " +
		"local connection, otherwise you need to set this option in the configuration file, and then restart the server.")
}

// moduleList: no module can be loaded.
func moduleList(c *Ctx) error {
	c.W.Array(0)
	return nil
}

func moduleHelp(c *Ctx) error {
	return help(c, "MODULE", "LIST", "    Return a list of loaded modules: none, Haypile loads no modules.")
}
