package metric

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	maxErrorCodes  = 128 // scripts may make up codes
	maxErrorCode   = 32
	otherErrorCode = "ERR"
)

// Errors counts error replies, all and by their code, which is the first word.
type Errors struct {
	total  atomic.Int64
	mu     sync.Mutex
	byCode map[string]int64
}

// Add counts an error by its text.
func (e *Errors) Add(text string) {
	code, _, ok := strings.Cut(text, " ")
	if !ok || len(code) > maxErrorCode {
		code = otherErrorCode
	}
	e.total.Add(1)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byCode == nil {
		e.byCode = map[string]int64{}
	}
	if _, known := e.byCode[code]; known || len(e.byCode) < maxErrorCodes {
		e.byCode[code]++
	}
}

// Total is the number of all errors.
func (e *Errors) Total() int64 { return e.total.Load() }

// Each visits the codes in order.
func (e *Errors) Each(visit func(code string, n int64)) {
	e.mu.Lock()
	byCode := maps.Clone(e.byCode)
	e.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		visit(code, byCode[code])
	}
}

// Reset sets everything to zero.
func (e *Errors) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.total.Store(0)
	e.byCode = nil
}
