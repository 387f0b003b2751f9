// Command haypile is the whole of Haypile in one binary; each subcommand has a
// file of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = "0.1.0-dev"

func main() {
	redis.SetLogger(silence{}) // what its connections suffer is in the errors, too
	if err := rootCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "haypile:", err)
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "haypile",
		Short:         "A Redis-compatible database that keeps its data on disk",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       strings.TrimSpace(version + " " + revision()),
	}
	root.SetVersionTemplate("haypile {{.Version}}\n")
	root.AddCommand(serverCommand(), configCommand(), commandsCommand(), doctorCommand(), replicationCommand(), importCommand(), exportCommand(), versionCommand())
	return root
}

// silence keeps a library from writing between the lines of a command.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintln(cmd.OutOrStdout(), "haypile", cmd.Root().Version)
		},
	}
}

// revision is the commit that the binary was built from, where Go knows it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return ""
}
