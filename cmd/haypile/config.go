package main

import (
	"github.com/spf13/cobra"

	"github.com/haypile/haypile/internal/config"
)

func configCommand() *cobra.Command {
	markdown := false
	c := &cobra.Command{
		Use:   "config",
		Short: "Print the default configuration file, with comments",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if markdown {
				return config.WriteMarkdown(cmd.OutOrStdout())
			}
			return config.PrintDefault(cmd.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "print the reference page instead")
	return c
}
