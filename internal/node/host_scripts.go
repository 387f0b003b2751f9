package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/script"
)

// Scripts implements command.Scripting.
func (n *Node) Scripts() *script.Host { return n.scripts }

// MonitorScript implements command.Scripting.
func (n *Node) MonitorScript(db int, args [][]byte) {
	if n.srv.Monitors.Load() == 0 {
		return
	}
	n.tellMonitors(command.AppendMonitor(nil, time.Now().UnixNano(), db, "lua", args))
}

// logScript logs what a script gives to redis.log.
func (n *Node) logScript(level int, msg string) {
	levels := [...]slog.Level{script.LogDebug: slog.LevelDebug, script.LogVerbose: slog.LevelDebug, script.LogNotice: slog.LevelInfo, script.LogWarning: slog.LevelWarn}
	n.log.Log(context.Background(), levels[level], msg, "from", "script")
}
