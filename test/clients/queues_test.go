package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/haypile/haypile/test/harness"
)

// jobsOf is how many jobs each queue is given.
func jobsOf(t *testing.T) int {
	text := os.Getenv("CLIENTS_JOBS")
	if text == "" {
		return 300
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("CLIENTS_JOBS: %v", err)
	}
	return n
}

// checkDone compares how often each job was done with once. Those in excused may have been done twice: their worker was killed.
func checkDone(t *testing.T, done map[string]string, jobs int, excused map[string]bool) {
	t.Helper()
	if len(done) != jobs {
		t.Errorf("%d of %d jobs were done", len(done), jobs)
	}
	twice := 0
	for id, times := range done {
		switch {
		case times == "1":
		case times == "2" && excused[id]:
			twice++
		default:
			t.Errorf("%s was done %s times", id, times)
		}
	}
	t.Logf("%d jobs; %d of the killed worker were done twice", len(done), twice)
}

// TestBullMQ has three workers do delayed, failing, prioritised and plain jobs; one of the workers is killed.
func TestBullMQ(t *testing.T) {
	n := jobsOf(t)
	server := harness.Start(t, harness.Options{})
	admin := server.Client(t)
	script, port := filepath.Join("node", "bullmq.cjs"), strconv.Itoa(server.Port)
	harness.Node(t, script, port, "add", strconv.Itoa(n))
	jobs := n + 4 // a parent and its children

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute+time.Duration(n)*20*time.Millisecond)
	defer cancel()
	began := time.Now()
	var said [3]bytes.Buffer
	var stop [3]func()
	for i := range said {
		life, kill := context.WithCancel(ctx)
		cmd := harness.NodeCommand(life, t, script, port, "work", fmt.Sprint("w", i))
		cmd.Stderr = &said[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop[i] = func() { kill(); _ = cmd.Wait() }
	}
	defer func() {
		for i, kill := range stop {
			kill()
			if text := said[i].String(); t.Failed() && text != "" {
				t.Logf("worker %d: %s", i, text)
			}
		}
	}()
	number := func(args ...any) int64 {
		r, err := admin.Do(args...)
		if err != nil {
			t.Fatal(err)
		}
		return r.Int
	}
	waitFor := func(what string, ask func() bool) {
		for !ask() {
			select {
			case <-ctx.Done():
				t.Fatalf("%s: not within the time; %d of %d done; %s", what, number("HLEN", "done"), jobs, harness.Node(t, script, port, "status"))
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	// The first worker dies as soon as it has begun enough.
	waitFor("the first worker begins", func() bool { return number("SCARD", "begun:w0") >= int64(n)/10 })
	stop[0]()
	excused := map[string]bool{}
	for _, id := range admin.MustDo(t, "SMEMBERS", "begun:w0").Elems {
		excused[id.Str] = true
	}
	waitFor("all jobs complete", func() bool { return number("ZCARD", "bull:jobs:completed") >= int64(jobs) })
	took := time.Since(began)

	done := map[string]string{}
	list := admin.MustDo(t, "HGETALL", "done").Elems
	for i := 0; i+1 < len(list); i += 2 {
		done[list[i].Str] = list[i+1].Str
	}
	checkDone(t, done, jobs, excused)
	var counts map[string]int
	if err := json.Unmarshal([]byte(harness.Node(t, script, port, "status")), &counts); err != nil {
		t.Fatal(err)
	}
	for state, count := range counts {
		if want := map[string]int{"completed": jobs}[state]; count != want {
			t.Errorf("%d jobs are %s, want %d", count, state, want)
		}
	}
	for i := 1; i < n; i += 8 { // the retried ones
		if made := admin.MustDo(t, "HGET", fmt.Sprint("bull:jobs:job-", i), "atm").Str; made != "3" && !excused[fmt.Sprint("job-", i)] {
			t.Errorf("job-%d took %s attempts, want 3", i, made)
		}
	}
	t.Logf("%d jobs in %v (%.0f/s)", jobs, took.Round(time.Millisecond), float64(jobs)/took.Seconds())
}

func TestBullMQPriorities(t *testing.T) {
	server := harness.Start(t, harness.Options{})
	var order []int
	out := harness.Node(t, filepath.Join("node", "bullmq.cjs"), strconv.Itoa(server.Port), "priorities", "100")
	if err := json.Unmarshal([]byte(out), &order); err != nil {
		t.Fatal(err)
	}
	if len(order) != 100 || !slices.IsSorted(order) {
		t.Errorf("worked off in the order %v", order)
	}
}

// asynqWorker, when set in the environment, makes the test binary a worker at that address instead: one that can be killed.
const asynqWorker = "CLIENTS_ASYNQ_WORKER"

func TestMain(m *testing.M) {
	if addr := os.Getenv(asynqWorker); addr != "" {
		startAsynq(addr, "killed")
		select {}
	}
	os.Exit(m.Run())
}

func startAsynq(addr, name string) *asynq.Server {
	notes := redis.NewClient(&redis.Options{Addr: addr, DB: 1})
	server := asynq.NewServer(asynq.RedisClientOpt{Addr: addr}, asynq.Config{
		Concurrency: 20, Queues: map[string]int{"critical": 6, "default": 3, "low": 1}, LogLevel: asynq.FatalLevel,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 20 * time.Millisecond },
		DelayedTaskCheckInterval: 100 * time.Millisecond, TaskCheckInterval: 20 * time.Millisecond, ShutdownTimeout: 5 * time.Second,
	})
	handle := func(ctx context.Context, task *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		if err := notes.SAdd(ctx, "begun:"+name, id).Err(); err != nil {
			return err
		}
		if tried, _ := asynq.GetRetryCount(ctx); task.Type() == "retried" && tried < 2 {
			return fmt.Errorf("not yet")
		}
		time.Sleep(2 * time.Millisecond) // the work
		return notes.HIncrBy(ctx, "done", id, 1).Err()
	}
	if err := server.Start(asynq.HandlerFunc(handle)); err != nil {
		panic(err)
	}
	return server
}

// TestAsynq has several servers work at three queues. In the full form one of them is killed, which asynq notices after 30 seconds.
func TestAsynq(t *testing.T) {
	n := jobsOf(t)
	server := harness.Start(t, harness.Options{})
	opt := asynq.RedisClientOpt{Addr: server.Addr()}
	notes := redis.NewClient(&redis.Options{Addr: server.Addr(), DB: 1})
	defer notes.Close()
	client := asynq.NewClient(opt)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute+time.Duration(n)*20*time.Millisecond)
	defer cancel()
	for i := range n {
		kind, options := "plain", []asynq.Option{asynq.TaskID(fmt.Sprint("task-", i)), asynq.Retention(time.Hour)}
		switch i % 8 {
		case 0:
			options = append(options, asynq.ProcessIn(time.Duration(i%10)*100*time.Millisecond))
		case 1:
			kind, options = "retried", append(options, asynq.MaxRetry(5))
		case 2:
			options = append(options, asynq.Queue("critical"))
		case 3:
			options = append(options, asynq.Queue("low"))
		}
		if _, err := client.EnqueueContext(ctx, asynq.NewTask(kind, []byte("payload")), options...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Enqueue(asynq.NewTask("plain", nil), asynq.TaskID("task-5")); !errors.Is(err, asynq.ErrTaskIDConflict) {
		t.Errorf("a task that is there already: %v", err)
	}
	began := time.Now()
	excused := map[string]bool{}
	if !testing.Short() {
		life, kill := context.WithCancel(ctx)
		worker := harness.Process(life, os.Args[0])
		worker.Env = append(os.Environ(), asynqWorker+"="+server.Addr())
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(func() int64 { return notes.SCard(ctx, "begun:killed").Val() }, func(begun int64) bool { return begun >= int64(n)/10 })
		kill()
		_ = worker.Wait()
		for _, id := range notes.SMembers(ctx, "begun:killed").Val() {
			excused[id] = true
		}
		if len(excused) == 0 {
			t.Error("the worker to be killed did nothing")
		}
	}
	for i := range 2 {
		defer startAsynq(server.Addr(), fmt.Sprint("s", i)).Shutdown()
	}
	inspector := asynq.NewInspector(opt)
	defer inspector.Close()
	completed := func() (sum int) {
		for _, queue := range []string{"critical", "default", "low"} {
			if info, err := inspector.GetQueueInfo(queue); err == nil {
				sum += info.Completed
			}
		}
		return sum
	}
	for completed() < n {
		select {
		case <-ctx.Done():
			t.Fatalf("only %d of %d tasks were completed in time", completed(), n)
		case <-time.After(20 * time.Millisecond):
		}
	}
	took := time.Since(began)
	checkDone(t, notes.HGetAll(ctx, "done").Val(), n, excused)
	for _, queue := range []string{"critical", "default", "low"} {
		info, err := inspector.GetQueueInfo(queue)
		if err != nil || info.Active+info.Pending+info.Scheduled+info.Retry+info.Archived != 0 {
			t.Errorf("left in the queue %s: %+v, %v", queue, info, err)
		}
	}
	t.Logf("%d tasks in %v (%.0f/s)", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
}
