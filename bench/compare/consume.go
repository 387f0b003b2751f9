package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// prepareGroup makes a stream with as many entries as are to be consumed, and a group that begins at its start.
func prepareGroup(o *options, requests int, send func(args ...string) error) error {
	if err := send("XGROUP", "CREATE", "mystream", "mygroup", "0", "MKSTREAM"); err != nil {
		return err
	}
	value := o.value()
	for range requests {
		if err := send("XADD", "mystream", "*", "field", value); err != nil {
			return err
		}
	}
	return nil
}

// consume reads entries through the group and acknowledges them, which redis-benchmark cannot do, as XACK needs the IDs that
// XREADGROUP has given. An entry read and acknowledged is one request; its latency is that of both round trips.
func consume(c *contender, o *options, pipeline, requests int) (result, error) {
	share := max(1, requests/o.clients)
	latencies := make([][]time.Duration, o.clients)
	failed := make([]error, o.clients)
	var all sync.WaitGroup
	began := time.Now()
	for i := range o.clients {
		all.Add(1)
		go func() {
			defer all.Done()
			latencies[i], failed[i] = consumer(c.server.Addr(), fmt.Sprint("consumer-", i), pipeline, share)
		}()
	}
	all.Wait()
	took := time.Since(began)
	if err := errors.Join(failed...); err != nil {
		return result{}, err
	}
	list := slices.Concat(latencies...)
	if len(list) == 0 {
		return result{}, errors.New("nothing was consumed: fewer requests than clients")
	}
	slices.Sort(list)
	ms := func(share float64) float64 {
		return float64(list[int(share*float64(len(list)-1))]) / float64(time.Millisecond)
	}
	return result{PerSecond: float64(len(list)) / took.Seconds(), P50ms: ms(0.50), P99ms: ms(0.99)}, nil
}

// consumer is one connection. It returns the latency of each entry.
func consumer(addr, name string, pipeline, entries int) ([]time.Duration, error) {
	client, err := harness.Dial(addr)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var latencies []time.Duration
	read := []string{"XREADGROUP", "GROUP", "mygroup", name, "COUNT", "1", "STREAMS", "mystream", ">"}
	for len(latencies) < entries {
		began := time.Now()
		n := min(pipeline, entries-len(latencies))
		replies, err := client.Pipeline(slices.Repeat([][]string{read}, n))
		if err != nil {
			return nil, err
		}
		var acks [][]string
		for _, r := range replies {
			if err := r.Err(); err != nil {
				return nil, err
			}
			if r.Null {
				return latencies, nil // the others had more than their share
			}
			id := r.Elems[0].Elems[1].Elems[0].Elems[0].Str
			acks = append(acks, []string{"XACK", "mystream", "mygroup", id})
		}
		if replies, err = client.Pipeline(acks); err != nil {
			return nil, err
		}
		for _, r := range replies {
			if r.Int != 1 {
				return nil, fmt.Errorf("XACK: %s", r)
			}
			latencies = append(latencies, time.Since(began))
		}
	}
	return latencies, nil
}
