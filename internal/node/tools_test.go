package node_test

import (
	"bufio"
	"regexp"
	"strings"
	"testing"
)

// infoLines are the fields of a section in their order.
func infoLines(text, section string) (lines []string) {
	in := false
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		line := strings.TrimSuffix(s.Text(), "\r")
		switch {
		case strings.HasPrefix(line, "# "):
			in = line == "# "+section
		case in && line != "":
			lines = append(lines, line)
		}
	}
	return lines
}

// Tools read INFO in ways of their own: one takes the first line with a word in it, another makes a metric of each name.
func TestInfoAsToolsReadIt(t *testing.T) {
	c := dial(t, startForTest(t))
	c.MustDo(t, "SET", "k", "v")
	c.MustDo(t, "SELECT", "3")
	c.MustDo(t, "SET", "k", "v")
	text := c.MustDo(t, "INFO", "everything").Str
	if first := infoLines(text, "Memory")[0]; !strings.HasPrefix(first, "used_memory:") {
		t.Errorf("the first line about memory is %s", first)
	}
	for _, name := range []string{"mem_fragmentation_ratio", "mem_fragmentation_bytes", "allocator_allocated", "allocator_active",
		"allocator_resident", "allocator_frag_ratio", "allocator_frag_bytes", "allocator_rss_ratio", "allocator_rss_bytes",
		"rss_overhead_ratio", "rss_overhead_bytes", "total_system_memory", "used_memory_peak_perc"} {
		if infoField(text, name) == "" {
			t.Errorf("INFO has no %s", name)
		}
	}
	// A name with the number of a database in it becomes a metric per database, without a label.
	perDatabase := regexp.MustCompile(`db[0-9]`)
	for _, line := range strings.Split(text, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if perDatabase.MatchString(name) && !strings.HasPrefix(value, "keys=") && !strings.HasPrefix(value, "binlog_offset=") {
			t.Errorf("a database in a name: %s", line)
		}
	}
	for name, want := range map[string]string{
		"db3":                             `^binlog_offset=0 [1-9][0-9]*,safety_purge=none$`, // stands ahead of the keyspace
		"binlog_database_3":               `^db=db3,start=0,end=[1-9]`,
		"store_database_0":                `^db=db0,pending_bytes=`,
		"is_eligible_for_master_election": `^true$`, "ReplicationID": `^[0-9a-f]{40}$`,
	} {
		if got := infoField(text, name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s:%s", name, got)
		}
	}
	c.MustDo(t, "REPLICAOF", "127.0.0.1", "1", "-f") // as Codis says it
	if got := infoField(c.MustDo(t, "INFO", "replication").Str, "is_eligible_for_master_election"); got != "false" && got != "true" {
		t.Errorf("is_eligible_for_master_election:%s", got)
	}
}

// A foreign replica learns from its first word that it is not served, and not after it has given its data up for a copy.
func TestForeignReplicasAreRefusedAtOnce(t *testing.T) {
	c := dial(t, startForTest(t))
	for _, args := range [][]any{{"REPLCONF", "listening-port", "6379"}, {"REPLCONF", "capa", "eof", "capa", "psync2"},
		{"REPLCONF", "ip-address", "10.0.0.1"}, {"REPLCONF", "rdb-only", "1"}, {"PSYNC", "?", "-1"}, {"SYNC"}} {
		says(t, c, "does not serve Redis's PSYNC", args...)
	}
	says(t, c, "ERR Unrecognized REPLCONF option: nosuch", "REPLCONF", "nosuch", "1")
	says(t, c, "OK", "REPLCONF")
}
