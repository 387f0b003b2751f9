package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// test is one line of the table.
//
// What redis-benchmark sends for the names given to -t: set and get take key:<12 digits>, incr counter:<12 digits>, mset ten
// pairs of key:<12 digits>; the digits are random below -r. All others work on one key: mylist, and with random
// members and fields element:<12 digits> myset, myhash, myzset. A pop from an empty collection costs a server next to nothing, so these
// find as many elements as there are requests. The built-in lrange tests first push as many elements as there are
// requests and report this as a test of its own; here lrange_100 is sent as a command, to a list that was prepared.
type test struct {
	name string
	// cost is how much longer a request takes than a SET, roughly; fewer requests are sent then.
	cost int
	// command is sent in place of -t name, if set. {value} stands for data of the size that was asked for, {middle} for
	// half the number of keys, __rand_int__ for a number of 12 digits.
	command []string
	// random is the number of different __rand_int__, if it is not that of keys.
	random func(o *options) int
	// load is used in place of redis-benchmark, if set.
	load func(c *contender, o *options, pipeline, requests int) (result, error)
	// prepare makes what the test must find, as commands handed to send.
	prepare func(o *options, requests int, send func(args ...string) error) error
}

var tests = append([]test{
	{name: "set", cost: 1},
	{name: "get", cost: 1, prepare: prepareKeys},
	{name: "incr", cost: 1},
	{name: "lpush", cost: 1},
	{name: "rpush", cost: 1},
	{name: "lpop", cost: 1, prepare: prepareList},
	{name: "rpop", cost: 1, prepare: prepareList},
	{name: "sadd", cost: 1},
	{name: "hset", cost: 1},
	{name: "spop", cost: 1, prepare: func(_ *options, requests int, send func(args ...string) error) error {
		return inBatches(requests, send, []string{"SADD", "myset"}, func(i int) []string { return []string{element(i)} })
	}},
	{name: "zadd", cost: 1},
	{name: "zpopmin", cost: 1, prepare: func(_ *options, requests int, send func(args ...string) error) error {
		return inBatches(requests, send, []string{"ZADD", "myzset"}, func(i int) []string { return []string{strconv.Itoa(i), element(i)} })
	}},
	{name: "mset", cost: 6},
	{name: "lrange_100", cost: 5, command: []string{"LRANGE", "mylist", "0", "99"}, prepare: func(o *options, _ int, send func(args ...string) error) error {
		return prepareList(o, 1000, send)
	}},
	{name: "xadd", cost: 1, command: []string{"XADD", "mystream", "*", "field", "{value}"}},
	{name: "xreadgroup_xack", cost: 4, prepare: prepareGroup, load: consume},
	{name: "eval", cost: 2, command: []string{"EVAL", "return redis.call('INCR', KEYS[1])", "1", "counter:__rand_int__"}},
}, formTests()...)

// Requests per run of a test of cost 1: some 3 seconds on a machine that does 300,000 of them a second without pipelining and a
// million with.
const (
	requestsPlain     = 1_000_000
	requestsPipelined = 3_000_000
)

func (t test) requests(o *options, pipeline int) int {
	if o.requests > 0 {
		return o.requests
	}
	n := requestsPlain
	if pipeline > 1 {
		n = requestsPipelined
	}
	if o.fsyncAlways {
		n /= 20
	}
	return n / t.cost
}

func prepareKeys(o *options, _ int, send func(args ...string) error) error {
	value := o.value()
	return inBatches(o.keyspace, send, []string{"MSET"}, func(i int) []string { return []string{fmt.Sprintf("key:%012d", i), value} })
}

func prepareList(o *options, requests int, send func(args ...string) error) error {
	value := o.value()
	return inBatches(requests, send, []string{"RPUSH", "mylist"}, func(int) []string { return []string{value} })
}

// value is data of the size that was asked for.
func (o *options) value() string { return strings.Repeat("x", o.dataBytes) }

func element(i int) string { return fmt.Sprintf("element:%012d", i) }

// batchItems is how many items one preparing command carries.
const batchItems = 100

func inBatches(items int, send func(args ...string) error, command []string, item func(i int) []string) error {
	for i := 0; i < items; {
		args := slices.Clone(command)
		for end := min(i+batchItems, items); i < end; i++ {
			args = append(args, item(i)...)
		}
		if err := send(args...); err != nil {
			return err
		}
	}
	return nil
}

func testNames() []string {
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = t.name
	}
	return names
}

func chooseTests(list string) ([]test, error) {
	if list == "" {
		return tests, nil
	}
	var chosen []test
	for _, name := range strings.Split(list, ",") {
		i := slices.IndexFunc(tests, func(t test) bool { return t.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("no test %q; there are %s", name, strings.Join(testNames(), " "))
		}
		chosen = append(chosen, tests[i])
	}
	return chosen, nil
}
