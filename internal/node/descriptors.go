package node

import (
	"fmt"
	"syscall"

	"github.com/haypile/haypile/internal/config"
)

// descriptors divides the file descriptors that the process may have: some for the server itself, a share for the
// tables of all databases, the rest for clients. Whoever takes more than there are takes them from the others, and
// a table that cannot be opened is a read that fails.
type descriptors struct {
	limit int64 // 0: unknown
	files int64 // tables of Pebble that may be open at once
}

const (
	ownDescriptors = 96   // logs, listeners, event loops, copies, files being written
	fewestFiles    = 32   // of tables
	mostFiles      = 8192 // more pay nothing
)

// openDescriptors raises the limit as far as maxclients needs it and the system allows, and lowers maxclients to what
// it leaves.
func (n *Node) openDescriptors() error {
	v := n.cfg.Load()
	limit, err := raiseLimit(v.MaxClients + mostFiles + ownDescriptors)
	if err != nil {
		n.log.Warn("the limit of open files is unknown: maxclients is not checked against it", "err", err)
		n.files.files = mostFiles
		return nil
	}
	n.files = descriptors{limit: limit, files: min(max(limit/4, fewestFiles), mostFiles)}
	most := n.files.clients()
	switch {
	case most >= v.MaxClients:
		return nil
	case most < 1:
		return fmt.Errorf("the process may open %d files, and needs %d at least: raise the limit (ulimit -n, LimitNOFILE of systemd)",
			limit, ownDescriptors+fewestFiles+1)
	}
	n.log.Warn("maxclients is lowered: the limit of open files leaves no more; raise the limit (ulimit -n, LimitNOFILE of systemd)",
		"maxclients", v.MaxClients, "lowered_to", most, "open_files", limit, "needed", v.MaxClients+n.files.files+ownDescriptors)
	return n.cfg.Update(func(v *config.Values) { v.MaxClients = most })
}

// clients is how many there may be.
func (d descriptors) clients() int64 { return d.limit - d.files - ownDescriptors }

// checkMaxClients is the gate of CONFIG SET maxclients, which may find a limit that can be raised.
func (n *Node) checkMaxClients(old, next *config.Values) error {
	if next.MaxClients <= old.MaxClients || n.files.limit == 0 {
		return nil
	}
	d := n.files
	if limit, err := raiseLimit(next.MaxClients + d.files + ownDescriptors); err == nil {
		d.limit = limit
	}
	if next.MaxClients > d.clients() {
		return &config.ParamError{Name: "maxclients",
			Err: fmt.Errorf("The operating system is not able to handle the specified number of clients, try with %d", d.clients())}
	}
	return nil
}

// raiseLimit raises the limit of open files to want if the system allows it, and returns what it is.
func raiseLimit(want int64) (int64, error) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, err
	}
	if have := int64(r.Cur); have < 0 || have >= want {
		return want, nil
	}
	for _, hard := range []uint64{max(r.Max, uint64(want)), r.Max} { // root may raise the hard limit too
		next := syscall.Rlimit{Cur: min(uint64(want), hard), Max: hard}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &next) == nil {
			return int64(next.Cur), nil
		}
	}
	return int64(r.Cur), nil
}
