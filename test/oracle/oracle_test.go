package oracle

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// Thresholds so low that most collections are kept in their expanded encodings. Redis 7.0 does not know the last two.
var (
	tiny = []string{
		"--hash-max-listpack-entries", "4", "--hash-max-listpack-value", "16", "--zset-max-listpack-entries", "4",
		"--zset-max-listpack-value", "16", "--set-max-intset-entries", "4", "--list-max-listpack-size", "4",
		"--stream-node-max-entries", "4", "--stream-node-max-bytes", "120",
	}
	tinySets = []string{"--set-max-listpack-entries", "4", "--set-max-listpack-value", "16"}
)

// TestSameReplies is the oracle: both protocols, both kinds of encodings.
func TestSameReplies(t *testing.T) {
	// New sequences are for those who look for differences; what guards every change must not depend on luck.
	seed := uint64(1)
	if !testing.Short() {
		seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	seed = envUint(t, "ORACLE_SEED", seed)
	t.Logf("seed %d (ORACLE_SEED=%d replays)", seed, seed)
	f := func(t *testing.T, resp3 bool, redisArgs, oursArgs []string) {
		p := startPair(t, resp3, redisArgs, oursArgs)
		commands := 20_000
		if testing.Short() {
			commands = 4_000
		}
		sum, err := run(p, config{
			seed:        seed,
			commands:    int(envUint(t, "ORACLE_COMMANDS", uint64(commands))),
			families:    chosenFamilies(t),
			failuresMax: int(envUint(t, "ORACLE_FAILURES", 10)),
		}, t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(sum.findings); n > 0 {
			t.Errorf("%d differences, see above (ORACLE_SEED=%d)", n, seed)
		}
		t.Logf("%d commands in %d sequences, %.0f a second, %d%% of them refused", sum.steps, sum.sequences,
			float64(sum.steps)/sum.took.Seconds(), 100*sum.errors/max(1, sum.steps))
	}
	t.Run("resp2/default", func(t *testing.T) { f(t, false, nil, nil) })
	t.Run("resp2/tiny", func(t *testing.T) { f(t, false, tiny, append(slices.Clone(tiny), tinySets...)) })
	t.Run("resp3/default", func(t *testing.T) { f(t, true, nil, nil) })
	t.Run("resp3/tiny", func(t *testing.T) { f(t, true, tiny, append(slices.Clone(tiny), tinySets...)) })
	for i, d := range differences {
		t.Logf("intended difference seen %d times: %s: %s", differencesSeen[i].Load(), d.commands, d.what)
	}
}

func startPair(t *testing.T, resp3 bool, redisArgs, oursArgs []string) *pair {
	ours := harness.Start(t, harness.Options{Flavor: harness.Haypile, Args: oursArgs})
	return pairWith(t, ours, resp3, redisArgs)
}

func pairWith(t *testing.T, ours *harness.Server, resp3 bool, redisArgs []string) *pair {
	// Redis looks at the time-outs of blocked clients as often as its clock ticks, by default ten times a second.
	// Payloads are checked by Haypile as Redis does when told to.
	redisArgs = append([]string{"--hz", "200", "--sanitize-dump-payload", "yes"}, redisArgs...)
	redis := harness.Start(t, harness.Options{Flavor: harness.Redis, Args: redisArgs})
	p := &pair{
		redis: &side{name: "redis-server", server: redis, resp3: resp3},
		ours:  &side{name: "haypile", server: ours, resp3: resp3},
	}
	t.Cleanup(func() { p.redis.hangUp(); p.ours.hangUp() })
	return p
}

// TestPlantedBugs makes Redis play both sides and tells one of them something else now and then: the oracle must
// notice, and shrink the sequence to the few commands that matter.
func TestPlantedBugs(t *testing.T) {
	// No database is swapped in these, which a shrunk sequence may need as well.
	data := slices.DeleteFunc(families(), func(f family) bool {
		return !slices.Contains([]string{"keys", "string", "list", "set", "zset"}, f.name)
	})
	f := func(name string, stepsMax int, distort func(args []string) []string) {
		t.Run(name, func(t *testing.T) {
			ours := harness.Start(t, harness.Options{Flavor: harness.Redis, Name: "bugged", Args: []string{"--hz", "200"}})
			p := pairWith(t, ours, false, nil)
			p.ours.distort = distort
			var steps []step
			var found *finding
			for seed := uint64(1); seed <= 20 && found == nil; seed++ { // not every sequence has the command
				var err error
				if _, steps, found, err = p.sequence(seed, data, sequenceSteps); err != nil {
					t.Fatal(err)
				}
			}
			if found == nil {
				t.Fatal("not noticed")
			}
			short, again := p.shrink(steps, found)
			if again == nil {
				t.Fatal("did not come again in a replay")
			}
			if len(short) > stepsMax {
				t.Errorf("%d commands left, want at most %d", len(short), stepsMax)
			}
			t.Logf("%s", report(short, again, found.at+1))
		})
	}
	replace := func(from, to string) func(args []string) []string {
		return func(args []string) []string {
			if strings.EqualFold(args[0], from) {
				args = slices.Clone(args)
				args[0] = to
			}
			return args
		}
	}
	f("ZREVRANK counts from the wrong end", 3, replace("ZREVRANK", "ZRANK"))
	f("LPUSHX pushes right", 6, replace("LPUSHX", "RPUSHX"))
	f("PERSIST does nothing", 4, replace("PERSIST", "EXISTS"))
	f("SINTERSTORE unites", 4, replace("SINTERSTORE", "SUNIONSTORE"))
}

// TestDifferencesDocument keeps docs/differences.md as the table has it.
func TestDifferencesDocument(t *testing.T) {
	root, err := harness.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "docs", "differences.md")
	if os.Getenv("ORACLE_WRITE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(DifferencesDocument()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skip("docs/differences.md is not written yet: ORACLE_WRITE_DOCS=1")
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != DifferencesDocument() {
		t.Error("docs/differences.md is not what test/oracle/differences.go says: ORACLE_WRITE_DOCS=1 go test ./test/oracle -run TestDifferencesDocument")
	}
}

func chosenFamilies(t *testing.T) []family {
	names := os.Getenv("ORACLE_FAMILIES")
	if names == "" {
		return families()
	}
	var chosen []family
	for _, f := range families() {
		if slices.Contains(strings.Split(names, ","), f.name) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		t.Fatalf("ORACLE_FAMILIES=%s names no family", names)
	}
	return chosen
}

func envUint(t *testing.T, name string, otherwise uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s=%s: want a number", name, s)
	}
	return n
}
