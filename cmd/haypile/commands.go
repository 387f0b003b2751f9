package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/haypile/haypile/internal/command"
)

func commandsCommand() *cobra.Command {
	markdown := false
	c := &cobra.Command{
		Use:   "commands",
		Short: "Print the names of all commands of the protocol",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if markdown {
				return command.WriteMarkdown(cmd.OutOrStdout())
			}
			for _, row := range command.NewTable(nil).Rows() {
				fmt.Fprintln(cmd.OutOrStdout(), row.Name)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "print the reference page instead")
	return c
}
