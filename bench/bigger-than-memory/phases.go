package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// Loading, deleting and expiring are pipelined; how many commands at once and over how many connections.
const (
	bulkPipeline    = 64
	bulkConnections = 8
)

// bulk sends one command for each key number that is wanted.
func (b *bench) bulk(what string, total int, wanted func(i int) bool, command func(i int, rnd *rand.Rand) []string, check func(harness.Reply) error) error {
	started := time.Now()
	err := b.inParallel(bulkConnections, what, total, func(worker int, c *harness.Client, done *atomic.Int64) error {
		rnd := rand.New(rand.NewPCG(b.seed, uint64(worker)))
		var batch [][]string
		flush := func() error {
			replies, err := c.Pipeline(batch)
			if err != nil {
				return err
			}
			for _, r := range replies {
				if err := check(r); err != nil {
					return err
				}
			}
			done.Add(int64(len(batch)))
			batch = batch[:0]
			return nil
		}
		for i := worker; i < b.keys; i += bulkConnections {
			if !wanted(i) {
				continue
			}
			if batch = append(batch, command(i, rnd)); len(batch) == bulkPipeline {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return flush()
	})
	took := time.Since(started)
	if err == nil {
		b.add(what, float64(total)/took.Seconds(), "per second", fmt.Sprintf("%d in %.1f s, %.0f/s", total, took.Seconds(), float64(total)/took.Seconds()))
	}
	return err
}

func want(text string) func(harness.Reply) error {
	return func(r harness.Reply) error {
		if r.Text() != text {
			return fmt.Errorf("got %v, want %s", r, text)
		}
		return nil
	}
}

func (b *bench) load() error {
	all := func(int) bool { return true }
	set := func(i int, rnd *rand.Rand) []string { return []string{"SET", key(i), b.value(i, rnd)} }
	if err := b.bulk("SET", b.keys, all, set, want("OK")); err != nil {
		return err
	}
	return b.checkCount()
}

// checkCount compares DBSIZE with what must be there.
func (b *bench) checkCount() error {
	c, err := b.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := c.Do("DBSIZE")
	if err != nil {
		return err
	}
	if r.Int != int64(b.liveKeys()) {
		return fmt.Errorf("DBSIZE says %v, %d keys are alive", r, b.liveKeys())
	}
	return nil
}

// closedLoop has connections send one request after the other until a time, or until stop is closed, and reports rate and latencies.
func (b *bench) closedLoop(what string, connections int, stop <-chan struct{}, request func(c *harness.Client, rnd *rand.Rand) error) error {
	histograms := make([]histogram, connections)
	started := time.Now()
	end := started.Add(b.options.phase)
	err := b.inParallel(connections, what, 0, func(worker int, c *harness.Client, done *atomic.Int64) error {
		rnd := rand.New(rand.NewPCG(b.seed, uint64(1000+worker)))
		h := &histograms[worker]
		for {
			select {
			case <-stop:
				return nil
			default:
			}
			before := time.Now()
			if stop == nil && before.After(end) {
				return nil
			}
			if err := request(c, rnd); err != nil {
				return err
			}
			h.add(time.Since(before))
			done.Add(1)
		}
	})
	if err != nil {
		return err
	}
	var all histogram
	for i := range histograms {
		all.merge(&histograms[i])
	}
	rate := float64(all.total) / time.Since(started).Seconds()
	b.add(what, rate, "per second", fmt.Sprintf("%.0f/s, %d connections, %v", rate, connections, &all))
	return nil
}

func (b *bench) get(i int) func(c *harness.Client) error {
	return func(c *harness.Client) error {
		r, err := c.Do("GET", key(i))
		if err != nil {
			return err
		}
		return b.checkValue(i, r)
	}
}

func (b *bench) getRandom(c *harness.Client, rnd *rand.Rand) error { return b.get(rnd.IntN(b.keys))(c) }

func (b *bench) random() error {
	if err := b.closedLoop("GET, random", b.connections, nil, b.getRandom); err != nil {
		return err
	}
	return b.closedLoop("SET, random, overwriting", b.connections, nil, func(c *harness.Client, rnd *rand.Rand) error {
		i := rnd.IntN(b.keys)
		r, err := c.Do("SET", key(i), b.value(i, rnd))
		if err != nil {
			return err
		}
		return r.Err()
	})
}

// hotKeysMax bounds the hot set, so that it fits in any cache.
const hotKeysMax = 20_000

// coldConnections read beside the hot ones.
const coldConnections = 8

func (b *bench) hot() error {
	// Spread over the whole key space, so that no block of the store holds several.
	count := min(hotKeysMax, b.keys/50)
	stride := b.keys / count
	hot := func(c *harness.Client, rnd *rand.Rand) error { return b.get(rnd.IntN(count) * stride)(c) }
	warm, err := b.dial()
	if err != nil {
		return err
	}
	defer warm.Close()
	for n := range count {
		if err := b.get(n * stride)(warm); err != nil {
			return err
		}
	}
	if err := b.closedLoop(fmt.Sprintf("GET, hot set of %d, alone", count), b.connections, nil, hot); err != nil {
		return err
	}
	stop := make(chan struct{})
	beside := make(chan error, 2)
	go func() { beside <- b.closedLoop("GET, random, beside", coldConnections, stop, b.getRandom) }()
	go func() { beside <- b.scanUntil(stop) }()
	err = b.closedLoop("GET, hot set, beside random GET and SCAN", b.connections, nil, hot)
	close(stop)
	for range 2 {
		if besideErr := <-beside; err == nil {
			err = besideErr
		}
	}
	return err
}

// scanUntil iterates the key space again and again.
func (b *bench) scanUntil(stop <-chan struct{}) error {
	c, err := b.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	started, keys, rounds := time.Now(), 0, 0
	for cursor := "0"; ; {
		select {
		case <-stop:
			took := time.Since(started).Seconds()
			b.add("SCAN COUNT 1000, beside", float64(keys)/took, "keys per second", fmt.Sprintf("%.0f keys/s, %d complete iterations", float64(keys)/took, rounds))
			return nil
		default:
		}
		r, err := c.Do("SCAN", cursor, "COUNT", 1000)
		if err != nil {
			return err
		}
		if len(r.Elems) != 2 {
			return fmt.Errorf("SCAN: %v", r)
		}
		keys += len(r.Elems[1].Elems)
		if cursor = r.Elems[0].Str; cursor == "0" {
			rounds++
		}
	}
}

func (b *bench) deleteHalf() error {
	even := func(i int) bool { return i%2 == 0 }
	del := func(i int, _ *rand.Rand) []string { return []string{"DEL", key(i)} }
	if err := b.bulk("DEL of every other key", (b.keys+1)/2, even, del, want("1")); err != nil {
		return err
	}
	since := time.Now()
	b.alive[0], b.alive[2] = false, false
	b.reportDisk("right after")
	b.settleDisk(since)
	return b.checkCount()
}

func (b *bench) expireQuarter() error {
	total := (b.keys - 1 + 3) / 4
	// All at one instant, late enough that every command comes before it.
	at := time.Now().Add(10*time.Second + time.Duration(total/20_000)*time.Second)
	atMillis := strconv.FormatInt(at.UnixMilli(), 10)
	rest1 := func(i int) bool { return i%4 == 1 }
	expire := func(i int, _ *rand.Rand) []string { return []string{"PEXPIREAT", key(i), atMillis} }
	if !b.alive[1] || b.alive[0] {
		return fmt.Errorf("needs the phase delete before it")
	}
	if err := b.bulk("PEXPIREAT of a quarter", total, rest1, expire, want("1")); err != nil {
		return err
	}
	b.progress("waiting until they expire, at %s", at.Format("15:04:05"))
	time.Sleep(time.Until(at))
	b.alive[1] = false
	if err := b.awaitCount(at); err != nil {
		return err
	}
	b.settleDisk(at)
	b.reportDisk("at the end")
	return nil
}

// awaitCount waits until the server has removed what expired.
func (b *bench) awaitCount(since time.Time) error {
	for {
		err := b.checkCount()
		took := time.Since(since)
		if err == nil {
			b.add("expired keys no longer counted", took.Seconds(), "seconds", fmt.Sprintf("after %.1f s", took.Seconds()))
			return nil
		}
		if took > b.settle {
			return err
		}
		time.Sleep(200 * time.Millisecond) // removal is not announced
	}
}

const (
	// restartLimit bounds the start after kill -9.
	restartLimit = 10 * time.Minute
	// restartSample is how many keys are looked up after it.
	restartSample = 5000
)

func (b *bench) restart() error {
	if err := b.server.Kill(); err != nil {
		return err
	}
	started := time.Now()
	if err := b.server.Start(); err != nil {
		return err
	}
	took := time.Since(started)
	b.add("kill -9 until PING", took.Seconds(), "seconds", fmt.Sprintf("%.2f s", took.Seconds()))
	c, err := b.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	rnd := rand.New(rand.NewPCG(b.seed, 7))
	if err := b.getRandom(c, rnd); err != nil {
		return err
	}
	took = time.Since(started)
	b.add("kill -9 until GET", took.Seconds(), "seconds", fmt.Sprintf("%.2f s", took.Seconds()))
	m := readMemory(b.server.Pid())
	b.add("resident memory then", float64(m.rss), "bytes", fmt.Sprintf("%s (anonymous %s, of files %s)", size(m.rss), size(m.anonymous), size(m.file)))
	for range restartSample {
		if err := b.getRandom(c, rnd); err != nil {
			return err
		}
	}
	b.add("keys looked up after it", restartSample, "keys", fmt.Sprintf("%d, all as they must be", restartSample))
	return b.checkCount()
}
