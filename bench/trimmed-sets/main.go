// Command trimmed-sets runs what rate limiters and boards do, a sorted set that is trimmed at each change, against
// redis-server and Haypile in turn, and prints rounds per second slice by slice: they must not fall.
//
//	go run ./bench/trimmed-sets                    four slices of ten seconds for each server and form
//	go run ./bench/trimmed-sets --slices 60        ten minutes each
//
// A round of "score" is ZREMRANGEBYSCORE z -inf old, ZADD z now member, ZCARD z; of "rank" ZADD, ZREMRANGEBYRANK z 0 -301,
// ZRANGE z 0 0 and ZREVRANGE z 0 9. One connection, so many rounds in one packet as --pipeline says.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/haypile/haypile/test/harness"
)

const kept = 300

// forms are what a round consists of.
var forms = []struct {
	name  string
	round func(i int) [][]string
}{
	{"score", func(i int) [][]string {
		return [][]string{
			{"ZREMRANGEBYSCORE", "z", "-inf", strconv.Itoa(i - kept)},
			{"ZADD", "z", strconv.Itoa(i), "call:" + strconv.Itoa(i)},
			{"ZCARD", "z"},
		}
	}},
	{"rank", func(i int) [][]string {
		return [][]string{
			{"ZADD", "z", strconv.Itoa(i), "player:" + strconv.Itoa(i)},
			{"ZREMRANGEBYRANK", "z", "0", strconv.Itoa(-kept - 1)},
			{"ZRANGE", "z", "0", "0"},
			{"ZREVRANGE", "z", "0", "9"},
		}
	}},
}

func main() {
	slices := flag.Int("slices", 4, "of each server and form")
	length := flag.Duration("slice", 10*time.Second, "how long one is")
	pipeline := flag.Int("pipeline", 16, "rounds in one packet")
	flag.Parse()
	if flag.NArg() > 0 || *slices < 1 || *pipeline < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*slices, *length, *pipeline); err != nil {
		fmt.Fprintln(os.Stderr, "trimmed-sets:", err)
		os.Exit(1)
	}
}

func run(slices int, length time.Duration, pipeline int) error {
	for _, form := range forms {
		servers, clients, at := [2]*harness.Server{}, [2]*harness.Client{}, [2]int{}
		for i, flavor := range []harness.Flavor{harness.Redis, harness.Haypile} {
			s, err := harness.Launch(harness.Options{Flavor: flavor})
			if err != nil {
				return err
			}
			defer s.Stop()
			servers[i] = s
			if clients[i], err = harness.Dial(s.Addr()); err != nil {
				return err
			}
			clients[i].Timeout = time.Minute
		}
		fmt.Printf("%s: thousand rounds per second\n%8s %8s %8s %8s\n", form.name, "slice", "redis", "haypile", "ratio")
		for slice := range slices {
			var rate [2]float64
			for i, c := range clients {
				done, began := 0, time.Now()
				for time.Since(began) < length {
					var batch [][]string
					for range pipeline {
						batch = append(batch, form.round(at[i])...)
						at[i]++
					}
					replies, err := c.Pipeline(batch)
					if err != nil {
						return err
					}
					if err := replies[0].Err(); err != nil {
						return err
					}
					done += pipeline
				}
				rate[i] = float64(done) / time.Since(began).Seconds() / 1000
			}
			fmt.Printf("%8d %8.1f %8.1f %8.2f\n", slice+1, rate[0], rate[1], rate[1]/rate[0])
		}
		for _, s := range servers {
			if err := s.Remove(); err != nil {
				return err
			}
		}
	}
	return nil
}
