package command

import (
	"strings"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// Pika's own commands on the server.
var pikaServerRows = []Row{
	{Name: "compact", Arity: -1, Flags: Admin | NoScript | Once | Worker, Handler: compact, Group: "server", Since: "1.0.0", Summary: "Compacts databases in the background (Pika).",
		Syntax: "[target: dbs | ALL]", Complexity: "O(1) for the client; the work in the background is O(N) for N bytes of data"},
	{Name: "compactrange", Arity: 4, Flags: Admin | NoScript | Once | Worker, Handler: compactRange, Group: "server", Since: "1.0.0", Summary: "Compacts a range of keys in the background (Pika).",
		Syntax: "dbs start end", Complexity: "O(1) for the client; the work in the background is O(N) for N bytes in the range"},
	{Name: "delbackup", Arity: 1, Flags: Admin | NoScript | Once | Worker, Handler: delBackup, Group: "server", Since: "1.0.0", Summary: "Deletes all backups (Pika).",
		Syntax: "()", Complexity: "O(N) for N files of backups"},
}

func compact(c *Ctx) error {
	if len(c.Args) > 2 {
		return resp.ErrSyntax
	}
	list := []byte("all")
	if len(c.Args) == 2 {
		list = c.Args[1]
	}
	return startCompaction(c, list, datatype.KeyRange{})
}

func compactRange(c *Ctx) error {
	within := datatype.KeyRange{Start: c.Args[2], End: c.Args[3]}
	if within.Empty() {
		return resp.Err("ERR error in given range")
	}
	return startCompaction(c, c.Args[1], within)
}

func startCompaction(c *Ctx, list []byte, within datatype.KeyRange) error {
	dbs, err := databaseList(c, list)
	if err != nil {
		return err
	}
	if err := c.Host.Compact(dbs, within); err != nil {
		return err
	}
	return c.ok()
}

// databaseList reads db0,db1 or all. A number alone is understood too.
func databaseList(c *Ctx, list []byte) (dbs []int, err error) {
	if equalFold(list, "all") {
		for i := range c.Host.Databases() {
			dbs = append(dbs, i)
		}
		return dbs, nil
	}
	for _, name := range strings.Split(string(list), ",") {
		i, err := databaseArg(c, []byte(strings.TrimPrefix(strings.ToLower(name), "db")), "ERR invalid database list")
		if err != nil {
			return nil, err
		}
		dbs = append(dbs, i)
	}
	return dbs, nil
}

func delBackup(c *Ctx) error {
	if err := c.Host.DeleteBackups(); err != nil {
		return backupError(err)
	}
	return c.ok()
}
