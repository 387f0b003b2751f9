package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// latency is what clients have seen.
type latency struct {
	p50, p99 float64 // ms
	requests int
}

func (l latency) String() string { return fmt.Sprintf("%.2f / %.2f ms", l.p50, l.p99) }

// places are where clients are measured.
type places struct {
	shared, other chan clientsEnd
	stops         []io.Closer
}

type clientsEnd struct {
	latency
	err error
}

// startClients runs the load of --clients and --rate on each of the links, in the namespaces there, until stop.
func startClients(self string, o *options) (*places, error) {
	p := &places{make(chan clientsEnd, 1), make(chan clientsEnd, 1), nil}
	for _, at := range []struct {
		ns, addr string
		to       chan clientsEnd
	}{{nsReplica, masterAddr, p.shared}, {nsClient, masterForClients, p.other}} {
		cmd := inside(at.ns, self, "clients", at.addr+":"+port, strconv.Itoa(o.clients), strconv.Itoa(o.rate))
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		p.stops = append(p.stops, in)
		go func() {
			out, err := cmd.CombinedOutput()
			var end clientsEnd
			if _, scan := fmt.Sscan(string(out), &end.p50, &end.p99, &end.requests); scan != nil {
				end.err = fmt.Errorf("clients in %s: %v: %s", at.ns, err, out)
			}
			at.to <- end
		}()
	}
	return p, nil
}

// stop ends the load; the first time counts.
func (p *places) stop() {
	for _, in := range p.stops {
		in.Close()
	}
}

func (p *places) results() (shared, other latency, err error) {
	a, b := <-p.shared, <-p.other
	if a.err != nil {
		return a.latency, b.latency, a.err
	}
	return a.latency, b.latency, b.err
}

// measureClients is the load for a fixed time.
func measureClients(self string, o *options, d time.Duration) (shared, other latency, err error) {
	p, err := startClients(self, o)
	if err != nil {
		return shared, other, err
	}
	time.Sleep(d)
	p.stop()
	return p.results()
}

// clients is the process that startClients runs: connections that together send a fixed number of commands a second, half of them
// GET and half SET of 100 bytes, until the standard input ends.
func clients(addr, clients, rate string) error {
	n, err := strconv.Atoi(clients)
	if err != nil {
		return err
	}
	perSecond, err := strconv.Atoi(rate)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(stop)
	}()
	every := time.Duration(n) * time.Second / time.Duration(perSecond)
	begin := time.Now()
	took, errs := make([][]time.Duration, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Add(1)
		go func() {
			defer all.Done()
			took[i], errs[i] = oneClient(addr, i, begin.Add(every*time.Duration(i)/time.Duration(n)), every, stop)
		}()
	}
	all.Wait()
	list := slices.Concat(took...)
	if len(list) == 0 {
		return fmt.Errorf("no command was answered: %v", errs[0])
	}
	slices.Sort(list)
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	fmt.Println(ms(list[len(list)/2]), ms(list[len(list)*99/100]), len(list))
	return nil
}

// oneClient keeps to its times. A command that had to wait for the reply to the one before counts from the time at which it was to be
// sent, so that a stall is not counted once only.
func oneClient(addr string, i int, next time.Time, every time.Duration, stop chan struct{}) (took []time.Duration, err error) {
	c, err := harness.Dial(addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.Timeout = 10 * time.Minute
	go func() {
		<-stop
		time.Sleep(time.Second) // what is on its way
		c.Close()
	}()
	value := strings.Repeat("v", 100)
	for n := 0; ; n++ {
		from := next
		if wait := time.Until(next); wait > 0 {
			select {
			case <-stop:
				return took, nil
			case <-time.After(wait):
			}
			from = time.Now() // the timer's lateness is not the server's
		}
		select {
		case <-stop:
			return took, nil
		default:
		}
		key := "client:" + strconv.Itoa(i*1000+n%1000)
		if n%2 == 0 {
			_, err = c.Do("SET", key, value)
		} else {
			_, err = c.Do("GET", key)
		}
		if err != nil {
			return took, err
		}
		took = append(took, time.Since(from))
		next = next.Add(every)
	}
}
