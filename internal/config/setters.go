package config

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Setters and conditions of rows whose value is more than a scalar.

func refuseDaemonize(v *Values) error {
	if v.Daemonize {
		return errors.New("the server stays in the foreground; let systemd keep it in the background " +
			"(Type=simple, ExecStart=… server /path/haypile.conf) or start it in a container")
	}
	return nil
}

func dirGiven(v *Values) error {
	if v.Dir == "" {
		return errors.New("a directory is needed; use . for the working directory")
	}
	return nil
}

// MinMemoryBudget is what caches and write buffers of a few databases need to work
// at all.
const MinMemoryBudget = 16 << 20

func budgetLargeEnough(v *Values) error {
	if v.MemoryBudget != 0 && v.MemoryBudget < MinMemoryBudget {
		return errors.New("argument must be 0 (choose by the machine) or at least " + formatBytes(MinMemoryBudget))
	}
	return nil
}

// checkSourceAddr takes addresses only: what a name stands for may change while nobody looks.
func checkSourceAddr(v *Values) error {
	if _, err := netip.ParseAddr(v.BindSourceAddr); err != nil && v.BindSourceAddr != "" {
		return errors.New("it must be an IP address of this machine")
	}
	return nil
}

func refuseCluster(v *Values) error {
	if v.compat["cluster-enabled"] == "yes" {
		return errors.New("this version has no cluster mode; serve one group of master and replicas")
	}
	return nil
}

func addUser(v *Values, args []string, _ origin) error {
	if args[0] == "" {
		return errors.New("a user needs a name")
	}
	v.Users = append(slices.Clip(v.Users), slices.Clone(args))
	return nil
}

func addRename(v *Values, args []string, _ origin) error {
	if len(args) != 2 || args[0] == "" {
		return errArgCount
	}
	v.RenameCommands = append(slices.Clip(v.RenameCommands), Rename{From: args[0], To: args[1]})
	return nil
}

// setReplicaOf accepts Redis's "host port", Pika's "host:port", and "no one".
func setReplicaOf(v *Values, args []string, _ origin) error {
	if len(args) == 1 && args[0] == "" || len(args) == 2 && strings.EqualFold(strings.Join(args, " "), "no one") {
		v.ReplicaOf = Address{}
		return nil
	}
	if len(args) == 1 {
		host, port, err := net.SplitHostPort(args[0])
		if err != nil {
			return errArgCount
		}
		args = []string{host, port}
	}
	if len(args) != 2 || args[0] == "" {
		return errArgCount
	}
	port, err := parseRanged(args[1], 1, 65535)
	v.ReplicaOf = Address{Host: args[0], Port: port}
	return err
}

func (a Address) words() []string {
	if a.IsZero() {
		return nil
	}
	return []string{a.Host, formatInt(a.Port)}
}

func renameLines(v *Values) [][]string {
	var lines [][]string
	for _, r := range v.RenameCommands {
		lines = append(lines, []string{r.From, r.To})
	}
	return lines
}

// joinLines is a text that differs when any word of any line does.
func joinLines(lines [][]string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(quoteArgs(line) + "\n")
	}
	return b.String()
}
