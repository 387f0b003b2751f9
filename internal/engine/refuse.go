package engine

import (
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/resp"
)

// ErrDamaged is the reply when a read meets a damaged block.
const ErrDamaged resp.Err = "ERR this data is damaged on disk and cannot be read. The server's log names the file; a replica heals itself with a full copy, " +
	"for a master `haypile doctor` says what can be done"

// Refuses is why a command that writes is not accepted now, or nil. What only gives space back is always accepted.
func (e *Engine) Refuses(row *command.Row) error {
	if row.Is(command.Frees) {
		return nil
	}
	return e.writeErr()
}

func (e *Engine) writeErr() error {
	if e.WriteErr == nil {
		return nil
	}
	return e.WriteErr()
}
