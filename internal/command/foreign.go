package command

import (
	"strings"

	"github.com/haypile/haypile/internal/acl"
)

// foreign are commands of Redis that rules of an existing ACL file may name, whether Haypile
// has them or not: to forbid what is not there is no error. They are in no category.
var foreign = []string{
	"asking", "bgrewriteaof", "cluster addslots addslotsrange bumpepoch count-failure-reports countkeysinslot delslots delslotsrange " +
		"failover flushslots forget getkeysinslot help info keyslot links meet myid myshardid nodes replicas replicate reset " +
		"saveconfig set-config-epoch setslot shards slaves slots",
	"dump", "eval", "eval_ro", "evalsha", "evalsha_ro", "failover", "fcall", "fcall_ro",
	"function delete dump flush help kill list load restore stats", "migrate", "module help list load loadex unload",
	"pfdebug", "pfselftest", "psync", "readonly", "readwrite", "replconf", "replicaof", "restore", "restore-asking",
	"script debug exists flush help kill load", "sentinel", "slaveof", "sync", "wait", "waitaof",
	"xack", "xadd", "xautoclaim", "xclaim", "xdel", "xgroup create createconsumer delconsumer destroy help setid",
	"xinfo consumers groups help stream", "xlen", "xpending", "xrange", "xread", "xreadgroup", "xrevrange", "xsetid", "xtrim",
}

// addForeign adds those that the table does not have.
func addForeign(names *acl.Commands) {
	for _, line := range foreign {
		words := strings.Fields(line)
		cmd := names.Find(words[0])
		if cmd == nil {
			cmd = names.Add(words[0], nil, nil)
		}
		for _, sub := range words[1:] {
			if full := words[0] + "|" + sub; names.Find(full) == nil {
				names.Add(full, cmd, nil)
			}
		}
	}
}
