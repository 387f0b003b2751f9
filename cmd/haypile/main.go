// Command haypile is the whole of Haypile in one binary.
package main

import (
	"fmt"
	"log/slog"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/node"
)

func main() {
	cfg := config.New()
	if err := cfg.ApplyArgs(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if p := os.Getenv("PPROF"); p != "" {
		go http.ListenAndServe(p, nil)
	}
	n, err := node.Start(node.Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), FS: vfs.Default})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGINT)
	<-ch
	if err := n.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
