package main

import (
	"fmt"
	"strconv"
)

// Collections have two forms in both servers: small ones lie in one piece (packed), large ones in a structure of their own (expanded).
// The tests below do the same to many packed collections of packedItems elements as to one expanded collection of as many
// elements as there are keys. The packed ones have the random key, the expanded one random fields and members. (A place in a list cannot be
// random, as __rand_int__ has leading zeros, which no server takes for a number.)
const packedItems = 20

// packed is how many small collections there are.
func packed(o *options) int { return max(1, o.keyspace/packedItems) }

// formTests are the lines "…_packed" and "…_expanded".
func formTests() []test {
	const random = "__rand_int__"
	var all []test
	// both adds two lines: a command whose {key} is the collection's and whose {item} names an element.
	both := func(name string, fill collection, packedItem string, command ...string) {
		all = append(all,
			test{name: name + "_packed", cost: 1, random: packed, command: substitute(command, "{key}", "small:"+random, "{item}", packedItem),
				prepare: func(o *options, _ int, send func(args ...string) error) error {
					for i := range packed(o) {
						if err := inBatches(packedItems, send, []string{fill.command, fmt.Sprintf("small:%012d", i)}, fill.item); err != nil {
							return err
						}
					}
					return nil
				}},
			test{name: name + "_expanded", cost: 1, command: substitute(command, "{key}", "large", "{item}", fill.randomItem),
				prepare: func(o *options, _ int, send func(args ...string) error) error {
					return inBatches(o.keyspace, send, []string{fill.command, "large"}, fill.item)
				}})
	}
	seventh := element(7) // one that each packed collection has
	hash := collection{"HSET", func(i int) []string { return []string{element(i), "value"} }, "element:" + random}
	both("hget", hash, seventh, "HGET", "{key}", "{item}")
	both("hset", hash, seventh, "HSET", "{key}", "{item}", "{value}")
	list := collection{"RPUSH", func(i int) []string { return []string{element(i)} }, "{middle}"}
	both("lindex", list, "7", "LINDEX", "{key}", "{item}")
	both("lmove", list, "", "LMOVE", "{key}", "{key}", "LEFT", "RIGHT")
	set := collection{"SADD", func(i int) []string { return []string{element(i)} }, "element:" + random}
	both("sismember", set, seventh, "SISMEMBER", "{key}", "{item}")
	both("sadd", set, "other:"+random, "SADD", "{key}", "{item}")
	zset := collection{"ZADD", func(i int) []string { return []string{strconv.Itoa(i), element(i)} }, "element:" + random}
	both("zscore", zset, seventh, "ZSCORE", "{key}", "{item}")
	both("zincrby", zset, seventh, "ZINCRBY", "{key}", "1", "{item}")
	return all
}

// collection says how one is filled, and what names a random element of a large one.
type collection struct {
	command    string
	item       func(i int) []string
	randomItem string
}

// substitute replaces whole arguments.
func substitute(command []string, pairs ...string) []string {
	out := make([]string, len(command))
	for i, arg := range command {
		out[i] = arg
		for at := 0; at < len(pairs); at += 2 {
			if arg == pairs[at] {
				out[i] = pairs[at+1]
			}
		}
	}
	return out
}
