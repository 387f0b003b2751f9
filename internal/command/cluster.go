package command

import "github.com/haypile/haypile/internal/resp"

const errNoCluster resp.Err = "ERR This instance has cluster support disabled"

// noCluster answers what clients ask to find out whether they talk to a cluster, as redis-server does that is none.
func noCluster(*Ctx) error { return errNoCluster }

var clusterRows = []Row{
	{Name: "asking", Arity: 1, Flags: Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Signals that a cluster client is following an -ASK redirect."},
	{Name: "readonly", Arity: 1, Flags: Loading | Stale | Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Enables read-only queries for a connection to a Redis Cluster replica node."},
	{Name: "readwrite", Arity: 1, Flags: Loading | Stale | Fast, Handler: noCluster, Group: "cluster", Cats: "connection", Since: "3.0.0", Summary: "Enables read-write queries for a connection to a Redis Cluster replica node."},
	{Name: "cluster", Arity: -2, Group: "cluster", Since: "3.0.0", Summary: "A container for Redis Cluster commands.", Sub: []Row{
		{Name: "addslots", Arity: -3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Assigns new hash slots to a node."},
		{Name: "addslotsrange", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "7.0.0", Summary: "Assigns new hash slot ranges to a node."},
		{Name: "bumpepoch", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Advances the cluster config epoch."},
		{Name: "count-failure-reports", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the number of active failure reports active for a node."},
		{Name: "countkeysinslot", Arity: 3, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the number of keys in a hash slot."},
		{Name: "delslots", Arity: -3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Sets hash slots as unbound for a node."},
		{Name: "delslotsrange", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "7.0.0", Summary: "Sets hash slot ranges as unbound for a node."},
		{Name: "failover", Arity: -2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Forces a replica to perform a manual failover of its master."},
		{Name: "flushslots", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Deletes all slots information from a node."},
		{Name: "forget", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Removes a node from the nodes table."},
		{Name: "getkeysinslot", Arity: 4, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the key names in a hash slot."},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: noCluster, Since: "5.0.0", Summary: "Returns helpful text about the different subcommands."},
		{Name: "info", Arity: 2, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns information about the state of a node."},
		{Name: "keyslot", Arity: 3, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the hash slot for a key."},
		{Name: "links", Arity: 2, Flags: Stale, Handler: noCluster, Since: "7.0.0", Summary: "Returns a list of all TCP links to and from peer nodes."},
		{Name: "meet", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Forces a node to handshake with another node."},
		{Name: "myid", Arity: 2, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the ID of a node."},
		{Name: "nodes", Arity: 2, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the cluster configuration for a node."},
		{Name: "replicas", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "5.0.0", Summary: "Lists the replica nodes of a master node."},
		{Name: "replicate", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Configure a node as replica of a master node."},
		{Name: "reset", Arity: -2, Flags: NoScript | Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Resets a node."},
		{Name: "saveconfig", Arity: 2, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Forces a node to save the cluster configuration to disk."},
		{Name: "set-config-epoch", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Sets the configuration epoch for a new node."},
		{Name: "setslot", Arity: -4, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Binds a hash slot to a node."},
		{Name: "shards", Arity: 2, Flags: Stale, Handler: noCluster, Since: "7.0.0", Summary: "Returns the mapping of cluster slots to shards."},
		{Name: "slaves", Arity: 3, Flags: Admin | Stale, Handler: noCluster, Since: "3.0.0", Summary: "Lists the replica nodes of a master node."},
		{Name: "slots", Arity: 2, Flags: Stale, Handler: noCluster, Since: "3.0.0", Summary: "Returns the mapping of cluster slots to nodes."},
	}},
	{Name: "module", Arity: -2, Group: "server", Since: "4.0.0", Summary: "A container for module commands.", Sub: []Row{
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: moduleHelp, Since: "5.0.0", Summary: "Returns helpful text about the different subcommands."},
		{Name: "list", Arity: 2, Flags: Admin | NoScript, Handler: moduleList, Since: "4.0.0", Summary: "Returns all loaded modules."},
	}},
}

// moduleList: no module can be loaded.
func moduleList(c *Ctx) error {
	c.W.Array(0)
	return nil
}

func moduleHelp(c *Ctx) error {
	return help(c, "MODULE", "LIST", "    Return a list of loaded modules: none, Haypile loads no modules.")
}
