package store

import (
	"fmt"
	"log/slog"
)

// pebbleLogger gives Pebble's chatter to the debug level: what an operator must
// know comes through the event listener.
type pebbleLogger struct {
	l     *slog.Logger
	fatal func(cause string)
}

func (p pebbleLogger) Infof(format string, args ...any) {
	p.l.Debug("pebble", "msg", lazy{format, args})
}

func (p pebbleLogger) Errorf(format string, args ...any) {
	p.l.Warn("pebble", "msg", lazy{format, args})
}

// Fatalf is called when Pebble cannot go on, for example when its manifest can
// not be written. Stopping here keeps what is on disk as it is; the log still
// holds everything acknowledged.
func (p pebbleLogger) Fatalf(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	p.l.Error("store: cannot go on; the server stops. What was acknowledged is in the binlog, and the next start replays it", "cause", msg)
	if p.fatal != nil {
		p.fatal(msg)
	}
	panic("store: " + msg)
}

type lazy struct {
	format string
	args   []any
}

func (z lazy) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf(z.format, z.args...)) }
