package transfer

import (
	"bytes"
	"fmt"
)

// pipe sends commands without waiting for each reply. The buffers of commands that are under way are
// kept, so that an error can name its command.
type pipe struct {
	c       *conn
	count   int // commands in c.w
	sent    chan batch
	free    chan []byte
	drained chan struct{}
	ended   chan struct{}
	failed  error // why the reader has ended, or nil
	stats   *Stats
}

type batch struct {
	buf   []byte
	count int
	drain bool // tells drained when all before have their replies
}

const (
	batchBytes    = 64 << 10
	batchesAhead  = 32
	errorsShown   = 10
	commandsAhead = 1000 // in one batch
)

func newPipe(c *conn, stats *Stats) *pipe {
	p := &pipe{c: c, stats: stats, sent: make(chan batch, batchesAhead), free: make(chan []byte, batchesAhead+2),
		drained: make(chan struct{}), ended: make(chan struct{})}
	go p.read()
	return p
}

// add ends a command that was written to c.w.
func (p *pipe) add() error {
	p.count++
	if len(p.c.w.Buf) < batchBytes && p.count < commandsAhead {
		return nil
	}
	return p.flush(false)
}

func (p *pipe) flush(drain bool) error {
	b := batch{p.c.w.Buf, p.count, drain}
	p.count = 0
	select {
	case p.sent <- b:
	case <-p.ended:
		return p.failed
	}
	if _, err := p.c.nc.Write(b.buf); err != nil {
		<-p.ended
		return p.failed
	}
	select {
	case p.c.w.Buf = <-p.free:
	default:
		p.c.w.Buf = make([]byte, 0, batchBytes+batchBytes/4)
	}
	return nil
}

// wait sends what is left and waits for all replies.
func (p *pipe) wait() error {
	if err := p.flush(true); err != nil {
		return err
	}
	select {
	case <-p.drained:
		return nil
	case <-p.ended:
		return p.failed
	}
}

// command adds a command.
func (p *pipe) command(args ...string) error {
	p.c.command(args...)
	return p.add()
}

// close ends the reader. What has not been waited for is lost.
func (p *pipe) close() {
	close(p.sent)
	p.c.nc.Close()
	<-p.ended
}

func (p *pipe) read() {
	defer close(p.ended)
	for b := range p.sent {
		for i := range b.count {
			r, err := p.c.reply()
			if err != nil {
				p.failed = err
				p.c.nc.Close() // whoever writes must not wait for ever
				return
			}
			for _, e := range append(r.elems, r) { // those of EXEC too
				if e.kind == '-' {
					p.stats.refused(b.buf, i, e.text)
				}
			}
		}
		if b.drain {
			p.drained <- struct{}{}
		}
		select {
		case p.free <- b.buf[:0]:
		default:
		}
	}
}

// describe names the nth command of a buffer by its first two words.
func describe(buf []byte, n int) string {
	var words []string
	for at := -1; len(buf) > 0 && at <= n; {
		line, rest, _ := bytes.Cut(buf, []byte("\r\n"))
		if len(line) > 0 && line[0] == '*' {
			at++
			buf = rest
			continue
		}
		size := 0
		_, _ = fmt.Sscanf(string(line), "$%d", &size)
		if at == n && len(words) < 2 {
			words = append(words, shorten(rest[:min(size, len(rest))]))
		}
		buf = rest[min(size+2, len(rest)):]
	}
	if len(words) == 2 {
		return words[0] + " " + words[1]
	}
	return "a command"
}

func shorten(b []byte) string {
	const most = 60
	if len(b) > most {
		return fmt.Sprintf("%q…", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
