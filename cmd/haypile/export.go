package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/haypile/haypile/internal/transfer"
)

func exportCommand() *cobra.Command {
	var from transfer.Target
	quiet := false
	c := &cobra.Command{
		Use:   "export FILE",
		Short: "Write what a running server holds to an RDB file",
		Long: "Write all keys and functions of a running Haypile server to an RDB file that Redis 7.0 and later read. The\n" +
			"server goes on serving: each key is as it was at some moment while the export ran.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			begin := time.Now()
			stats, err := transfer.Export(args[0], withPassword(from), progressOn(cmd.ErrOrStderr(), quiet))
			return report(cmd.OutOrStdout(), cmd.ErrOrStderr(), stats, begin, err)
		},
	}
	c.Flags().StringVar(&from.Addr, "from", ownAddress(), "`host:port` or socket of the server")
	addTargetFlags(c, &from, &quiet)
	return c
}
