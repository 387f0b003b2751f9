package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/haypile/haypile/internal/node"
)

func doctorCommand() *cobra.Command {
	var user, password string
	x := node.Examination{FS: vfs.Default}
	c := &cobra.Command{
		Use:   "doctor DIR | HOST:PORT",
		Short: "Examine a data directory or a backup, or the ports of a running master",
		Long: "Examine the data directory of a server that is stopped, or a backup: would a start succeed, and can everything be\n" +
			"read? The exit status is 0 exactly then. Every table and every log file is read, which takes as long as reading the\n" +
			"directory does; --quick leaves the tables out. Nothing is changed, unless --cut-log is given: then a log that a start\n" +
			"refuses is ended before the damage; what lies behind is kept in files named *.damaged, and lost to the database.\n" +
			"Make a copy of the directory first.\n\n" +
			"Given host and port, say which ports of that master a replica on this machine could reach.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil && strings.Contains(args[0], ":") {
				return examinePorts(cmd.Context(), cmd.OutOrStdout(), args[0], user, password)
			}
			x.Dir = args[0]
			return examine(cmd.OutOrStdout(), cmd.ErrOrStderr(), x)
		},
	}
	c.Flags().BoolVar(&x.CutLog, "cut-log", false, "end a log that a start refuses before the damage")
	c.Flags().BoolVar(&x.Quick, "quick", false, "do not read the tables")
	c.Flags().StringVar(&x.BinlogPath, "binlog-path", "", "where the logs are, if the server has this parameter")
	c.Flags().StringVar(&user, "user", "", "ACL user, for HOST:PORT")
	c.Flags().StringVar(&password, "password", "", "password, for HOST:PORT")
	return c
}

// examine reports on a data directory, and tells on messages how far it has come.
func examine(out, messages io.Writer, x node.Examination) error {
	said := time.Now()
	x.Say = func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	x.Progress = func(db string, done, total int64) {
		if time.Since(said) > 2*time.Second && total > 0 {
			said = time.Now()
			fmt.Fprintf(messages, "%s: %d of %d MB of tables read\n", db, done>>20, total>>20)
		}
	}
	if err := node.Examine(x); err != nil {
		return err
	}
	if x.Quick {
		fmt.Fprintln(out, "no damage found; the tables were not read")
	} else {
		fmt.Fprintln(out, "no damage found")
	}
	return nil
}
