package node

import "time"

// StandStill implements command.Debugger.
func (n *Node) StandStill(d time.Duration) { n.srv.StandStill(d) }

// SetActiveExpire implements command.Debugger.
func (n *Node) SetActiveExpire(on bool) { n.eng.SetActiveExpire(on) }

// ShiftClock implements command.Debugger.
func (n *Node) ShiftClock(ms int64) { n.eng.ShiftClock(ms) }

// DatabaseOpen implements command.Debugger.
func (n *Node) DatabaseOpen(i int) bool { return n.eng.Opened(i) != nil }

// RewriteWholeConfig implements command.Debugger.
func (n *Node) RewriteWholeConfig() error { return n.cfg.RewriteAll() }

// Reload implements command.Debugger.
func (n *Node) Reload() error { return n.eng.DropCaches() }
