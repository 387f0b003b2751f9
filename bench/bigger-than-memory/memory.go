package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// memory is what a process has in RAM, by /proc/PID/status.
type memory struct {
	rss, anonymous, file int64
}

func (m memory) max(o memory) memory {
	return memory{max(m.rss, o.rss), max(m.anonymous, o.anonymous), max(m.file, o.file)}
}

func readMemory(pid int) memory {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memory{} // the process is gone, or the system has no /proc
	}
	var m memory
	for line := range strings.Lines(string(data)) {
		name, rest, _ := strings.Cut(line, ":")
		target := map[string]*int64{"VmRSS": &m.rss, "RssAnon": &m.anonymous, "RssFile": &m.file}[name]
		if target == nil {
			continue
		}
		kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		*target = kb << 10
	}
	return m
}

// sampleEvery is how often the memory is looked at.
const sampleEvery = 200 * time.Millisecond

// memoryWatch keeps the largest values seen.
type memoryWatch struct {
	mu       sync.Mutex
	latest   memory
	phaseMax memory
	wholeMax memory
	quit     chan struct{}
	done     chan struct{}
}

func (w *memoryWatch) watch(server *harness.Server) {
	w.quit, w.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(w.done)
		ticker := time.NewTicker(sampleEvery)
		defer ticker.Stop()
		for {
			select {
			case <-w.quit:
				return
			case <-ticker.C:
			}
			m := readMemory(server.Pid())
			w.mu.Lock()
			w.latest = m
			w.phaseMax, w.wholeMax = w.phaseMax.max(m), w.wholeMax.max(m)
			w.mu.Unlock()
		}
	}()
}

func (w *memoryWatch) stop() {
	close(w.quit)
	<-w.done
}

func (w *memoryWatch) now() memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest
}

// endPhase gives the largest values since the last call.
func (w *memoryWatch) endPhase() memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.phaseMax
	w.phaseMax = w.latest
	return m
}

func (b *bench) reportMemory() { b.addMemory(b.memory.endPhase()) }

func (b *bench) reportWholeMemory() {
	b.phase = "whole run"
	b.addMemory(b.memory.wholeMax)
}

func (b *bench) addMemory(m memory) {
	b.add("resident memory, max", float64(m.rss), "bytes", fmt.Sprintf("%s = %.2f × budget (anonymous %s, of files %s)",
		size(m.rss), float64(m.rss)/float64(b.budgetBytes), size(m.anonymous), size(m.file)))
}
