package clients

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// stepTimeout bounds everything that waits for the server: long on a busy machine, shorter than any test's limit.
const stepTimeout = 20 * time.Second

// recorder gathers what the steps of one section gave.
type recorder struct{ got []any }

// add takes the two results of a library's call. No value is null; an error is its text, which no scenario expects by chance.
func (r *recorder) add(v any, err error) {
	switch {
	case err == nil:
		r.got = append(r.got, v)
	case isNil(err):
		r.got = append(r.got, nil)
	default:
		r.got = append(r.got, "error: "+err.Error())
	}
}

// sorted is for replies whose order means nothing.
func (r *recorder) sorted(v []string, err error) {
	slices.Sort(v)
	r.add(v, err)
}

// failed takes the text of an error that is wanted.
func (r *recorder) failed(err error) {
	if err == nil {
		err = errors.New("no error")
	}
	r.got = append(r.got, err.Error())
}

func isNil(err error) bool { return errors.Is(err, redis.Nil) || rueidis.IsRedisNil(err) }

// code is the first word of an error, or "OK".
func code(err error) string {
	if err == nil {
		return "OK"
	}
	word, _, _ := strings.Cut(err.Error(), " ")
	return word
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func round(x float64, places int) float64 {
	scale := math.Pow(10, float64(places))
	return math.Round(x*scale) / scale
}

// within tells whether a number is at most hi and at least lo, and otherwise which it is.
func within(n, lo, hi int64) any {
	if lo <= n && n <= hi {
		return true
	}
	return n
}

// allBytes is 3 MiB in which every byte occurs, CR and LF too.
func allBytes() string {
	b := make([]byte, 3<<20)
	for i := range b {
		b[i] = byte(i + i>>8)
	}
	return string(b)
}

func same(a, b string) any {
	if sha256.Sum256([]byte(a)) == sha256.Sum256([]byte(b)) {
		return true
	}
	return fmt.Sprintf("%d bytes, not the same", len(a))
}

// eventually asks until the answer is right or the time is over, and returns the last answer.
func eventually[T any](ask func() T, right func(T) bool) T {
	for end := time.Now().Add(stepTimeout); ; time.Sleep(2 * time.Millisecond) {
		if v := ask(); right(v) || time.Now().After(end) {
			return v
		}
	}
}

// infoField reads one field of INFO or CLIENT INFO.
func infoField(info, name string) string {
	for _, word := range strings.FieldsFunc(info, func(r rune) bool { return r == ' ' || r == '\r' || r == '\n' }) {
		if v, ok := strings.CutPrefix(word, name); ok && len(v) > 0 && (v[0] == '=' || v[0] == ':') {
			return v[1:]
		}
	}
	return ""
}

// calls reads how often a command has run from INFO commandstats.
func calls(info, command string) string {
	stat := infoField(info, "cmdstat_"+command)
	stat, _, _ = strings.Cut(strings.TrimPrefix(stat, "calls="), ",")
	if stat == "" {
		return "0"
	}
	return stat
}

// contextFor bounds a whole program.
func contextFor(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
