package command

import "github.com/haypile/haypile/internal/resp"

const errNoCluster resp.Err = "ERR This instance has cluster support disabled"

// noCluster answers what clients ask to find out whether they talk to a cluster, as redis-server does that is none.
func noCluster(*Ctx) error { return errNoCluster }

var clusterRows = []Row{
	{Name: "asking", Arity: 1, Flags: Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Allows the next command to use a slot that is still being imported.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "readonly", Arity: 1, Flags: Loading | Stale | Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Allows the connection to read from a replica of the cluster.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "readwrite", Arity: 1, Flags: Loading | Stale | Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Takes back READONLY, so that a replica redirects reads to its master again.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "cluster", Arity: -2, Group: "cluster", Since: "3.0.0", Summary: "Groups the commands about the cluster and its nodes.", Sub: []Row{
		{Name: "addslots", Arity: -3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Makes the node responsible for the given slots.",
			Syntax: "slot...", Complexity: "O(N) for N slots"},
		{Name: "addslotsrange", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "7.0.0", Summary: "Makes the node responsible for the given ranges of slots.",
			Syntax: "(range: start-slot:integer end-slot:integer)...", Complexity: "O(N) for N slots in the ranges"},
		{Name: "bumpepoch", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Moves the node on to a new, higher config epoch.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "count-failure-reports", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Counts the nodes that currently report the given node as failing.",
			Syntax: "node-id", Complexity: "O(N) for N failure reports"},
		{Name: "countkeysinslot", Arity: 3, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Counts the keys that the node holds in a slot.",
			Syntax: "slot", Complexity: "O(1)"},
		{Name: "delslots", Arity: -3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Makes the node forget who is responsible for the given slots.",
			Syntax: "slot...", Complexity: "O(N) for N slots"},
		{Name: "delslotsrange", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "7.0.0", Summary: "Makes the node forget who is responsible for the given ranges of slots.",
			Syntax: "(range: start-slot:integer end-slot:integer)...", Complexity: "O(N) for N slots in the ranges"},
		{Name: "failover", Arity: -2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Makes a replica take over from its master on request.",
			Syntax: "[options: FORCE | TAKEOVER]", Complexity: "O(1)"},
		{Name: "flushslots", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Makes the node forget who is responsible for any slot.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "forget", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Drops a node from the list of nodes this one knows.",
			Syntax: "node-id", Complexity: "O(1)"},
		{Name: "getkeysinslot", Arity: 4, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Lists up to a given number of the keys in a slot.",
			Syntax: "slot count", Complexity: "O(N) for N keys asked for"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: noCluster, Since: "5.0.0", Summary: "Lists the subcommands of CLUSTER with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "info", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Reports how the cluster is doing, as the node sees it.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "keyslot", Arity: 3, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Computes which slot a key belongs to.",
			Syntax: "key:string", Complexity: "O(N) for N bytes of the key"},
		{Name: "links", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "7.0.0", Summary: "Describes the node's open connections to its peers.",
			Syntax: "()", Complexity: "O(N) for N nodes"},
		{Name: "meet", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Introduces another node to this one, joining their clusters.",
			Syntax: "ip port [cluster-bus-port:integer]@4.0.0", Complexity: "O(1)"},
		{Name: "myid", Arity: 2, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Tells the ID of the node that answers.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "nodes", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Describes every known node, one per line, with its role and slots.",
			Syntax: "()", Complexity: "O(N) for N nodes"},
		{Name: "replicas", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "5.0.0", Summary: "Describes the nodes that follow the given master.",
			Syntax: "node-id", Complexity: "O(N) for N replicas"},
		{Name: "replicate", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Turns the node into a replica of the given master.",
			Syntax: "node-id", Complexity: "O(1)"},
		{Name: "reset", Arity: -2, Flags: NoScript | Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Makes the node leave its cluster and forget the other nodes.",
			Syntax: "[reset-type: HARD | SOFT]", Complexity: "O(N) for N nodes"},
		{Name: "saveconfig", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Writes the node's view of the cluster to its file at once.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "set-config-epoch", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Gives a fresh node its first config epoch.",
			Syntax: "config-epoch:integer", Complexity: "O(1)"},
		{Name: "setslot", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Assigns a slot to a node, or marks it as migrating, importing or stable.",
			Syntax: "slot (subcommand: (importing: IMPORTING node-id) | (migrating: MIGRATING node-id) | (node: NODE node-id) | STABLE)", Complexity: "O(1)"},
		{Name: "shards", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "7.0.0", Summary: "Lists the shards with their slots, masters and replicas.",
			Syntax: "()", Complexity: "O(N) for N nodes"},
		{Name: "slaves", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Describes the nodes that follow a master; the older name of CLUSTER REPLICAS.",
			Syntax: "node-id", Complexity: "O(N) for N replicas", DeprecatedSince: "5.0.0", ReplacedBy: "`CLUSTER REPLICAS`"},
		{Name: "slots", Arity: 2, Flags: Stale, Handler: noCluster, Tips: "nondeterministic_output", Since: "3.0.0", Summary: "Lists the ranges of slots with the nodes that serve each.",
			Syntax: "()", Complexity: "O(N) for N nodes", DeprecatedSince: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`"},
	}},
	{Name: "module", Arity: -2, Group: "server", Since: "4.0.0", Summary: "Groups the commands about loadable modules.", Sub: []Row{
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: moduleHelp, Since: "5.0.0", Summary: "Lists the subcommands of MODULE with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "list", Arity: 2, Flags: Admin | NoScript, Handler: moduleList, Tips: "nondeterministic_output_order", Since: "4.0.0", Summary: "Names the modules now loaded, with their versions.",
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
