package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/transfer"
)

func importCommand() *cobra.Command {
	var to transfer.Target
	quiet := false
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Send an RDB or AOF file of Redis to a running server",
		Long: "Send what a file of Redis holds to a running server: an RDB file (up to Redis 7.4), an AOF file, or the\n" +
			"directory or *.manifest of an AOF of several files. Keys of an RDB file replace keys of the server; the\n" +
			"commands of an AOF are run as they are.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			begin := time.Now()
			stats, err := transfer.Import(args[0], withPassword(to), progressOn(cmd.ErrOrStderr(), quiet))
			return report(cmd.OutOrStdout(), cmd.ErrOrStderr(), stats, begin, err)
		},
	}
	c.Flags().StringVar(&to.Addr, "to", ownAddress(), "`host:port` or socket of the server")
	addTargetFlags(c, &to, &quiet)
	return c
}

// ownAddress is where a Haypile with default parameters listens: a Redis on the same machine is not written to unless
// it is named.
func ownAddress() string {
	return net.JoinHostPort("127.0.0.1", strconv.FormatInt(config.New().Load().Port, 10))
}

func addTargetFlags(c *cobra.Command, t *transfer.Target, quiet *bool) {
	c.Flags().StringVar(&t.User, "user", "", "`name` of the user to be")
	c.Flags().StringVar(&t.Password, "password", "", "the `password`; better in the environment as HAYPILE_PASSWORD")
	c.Flags().BoolVar(quiet, "quiet", false, "do not report progress")
}

func withPassword(t transfer.Target) transfer.Target {
	if t.Password == "" {
		t.Password = os.Getenv("HAYPILE_PASSWORD")
	}
	return t
}

func progressOn(out io.Writer, quiet bool) transfer.Progress {
	p := transfer.Progress{Out: out, Quiet: quiet}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.Terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// report says how it went.
func report(out, errs io.Writer, stats *transfer.Stats, begin time.Time, err error) error {
	for _, text := range stats.Complaints() {
		fmt.Fprintln(errs, text)
	}
	if err == nil {
		fmt.Fprintln(out, stats.Summary(time.Since(begin)))
	}
	return err
}
