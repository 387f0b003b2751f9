package command

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// fewPairs is how many pairs a command may look at that says O(1), for each key that it names and each operation.
const fewPairs = 20

// A row that says O(1) looks at few pairs, however much there is.
func TestConstantEffort(t *testing.T) {
	const size = 400
	many := func(command, words string) string {
		var b strings.Builder
		b.WriteString(command)
		for i := range size {
			b.WriteString(" " + strings.ReplaceAll(words, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	contents := map[string][]string{
		"a string":     {"set k " + strings.Repeat("x", 1_000_000)},
		"a list":       {many("rpush k", "#")},
		"a hash":       {many("hset k", "# 1")},
		"a set":        {many("sadd k", "#")},
		"a sorted set": {many("zadd k", "# #")},
	}
	for i := range size {
		contents["a stream"] = append(contents["a stream"], fmt.Sprintf("xadd k %d-1 f v", i+1))
	}
	for _, row := range stageTable.Executable() {
		list := formsOf(row)
		if !strings.HasPrefix(row.Complexity, "O(1)") || strings.Contains(row.Complexity, "O(N)") || !usesKeys(row, list) {
			continue
		}
		for typ, setUp := range contents {
			s := lapsedStage(t, true, setUp...)
			for _, args := range list {
				s.x.Looked = 0
				s.attempt(args)
				if n := s.x.Looked; n > fewPairs {
					t.Errorf("%s, k is %s: %d pairs, and the row says %s", bytes.Join(args, []byte(" ")), typ, n, row.Complexity)
				}
			}
		}
	}
}
