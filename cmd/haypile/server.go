package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/node"
)

func serverCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "server [FILE] [--name value …]",
		Short: "Run the server",
		Long: "Run the server. FILE is a redis.conf (key value) or pika.conf (key : value); every parameter may\n" +
			"also be given as --name value. `haypile config` prints all parameters with their meaning.",
		DisableFlagParsing: true, // parameters are the configuration's business
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
				return config.WriteHelp(cmd.OutOrStdout())
			}
			return runServer(cmd.Context(), cmd.ErrOrStderr(), args)
		},
	}
	c.SetHelpFunc(func(cmd *cobra.Command, _ []string) { _ = config.WriteHelp(cmd.OutOrStdout()) }) // of haypile help server
	return c
}

func runServer(ctx context.Context, out io.Writer, args []string) error {
	if ctx == nil {
		ctx = context.Background()
	}
	cfg := config.New()
	if len(args) > 0 && !strings.HasPrefix(args[0], "--") {
		if err := cfg.LoadFile(args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	if err := cfg.ApplyArgs(args); err != nil {
		return err
	}
	v := cfg.Load()
	if err := config.Validate(v); err != nil {
		return err
	}
	useHugePages(node.MemoryBudget(v))
	logger, closeLog, err := openLog(cfg, out)
	if err != nil {
		return err
	}
	defer closeLog()
	for _, w := range cfg.Warnings() {
		logger.Warn(w)
	}
	if v.PidFile != "" {
		if err := os.WriteFile(v.PidFile, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644); err != nil {
			return fmt.Errorf("pidfile: %w", err)
		}
		defer os.Remove(v.PidFile)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	n, err := node.Start(node.Options{Config: cfg, Logger: logger, FS: vfs.Default, Version: version,
		Fatal: func(string) { os.Exit(1) }})
	if err != nil {
		return err
	}
	for _, line := range n.Describe() {
		fmt.Fprintln(out, " ", line)
	}
	logger.Info("Ready to accept connections") // the words of Redis, for which tools wait
	select {
	case <-ctx.Done():
		logger.Info("stopping: a signal has arrived")
	case <-n.Done():
		logger.Info("stopping: a client has asked for it")
	}
	if err := n.Close(); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	logger.Info("stopped; everything is on disk")
	return nil
}

// openLog makes the logger that loglevel, logfile and log-format describe.
func openLog(cfg *config.Config, out io.Writer) (*slog.Logger, func(), error) {
	v := cfg.Load()
	closeLog := func() {}
	if v.LogFile != "" {
		f, err := os.OpenFile(v.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, nil, fmt.Errorf("logfile: %w", err)
		}
		out, closeLog = f, func() { f.Close() }
	}
	level := new(slog.LevelVar)
	level.Set(slogLevel(v.LogLevel))
	cfg.OnChange(func(_, next *config.Values) error {
		level.Set(slogLevel(next.LogLevel))
		return nil
	})
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: plainError}
	if v.LogFormat == config.LogJSON {
		return slog.New(slog.NewJSONHandler(out, o)), closeLog, nil
	}
	return slog.New(slog.NewTextHandler(out, o)), closeLog, nil
}

// plainError writes an error as its text: Pebble's, printed with everything they know, have stack traces.
func plainError(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok && a.Value.Kind() == slog.KindAny {
		return slog.String(a.Key, err.Error())
	}
	return a
}

// slogLevel maps Redis's levels: debug and verbose show everything, notice the
// usual, warning only what needs someone.
func slogLevel(l config.LogLevel) slog.Level {
	switch l {
	case config.LogDebug, config.LogVerbose:
		return slog.LevelDebug
	case config.LogWarning:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
