// BullMQ's part of queues_test.go:
//
//	add N         puts N jobs in the queue "jobs"; see kindOf
//	work NAME     works at them until it is killed, noting in "begun:NAME" and "done" what it does
//	status        prints the numbers of jobs by state
//	priorities N  adds N jobs with priorities, works them off one by one, and prints the priorities in the order of work
"use strict";
const { Queue, Worker, FlowProducer } = require("bullmq");
const { Redis } = require("ioredis");

const [port, what, ...rest] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };

const kindOf = (i) => ["delayed", "retried", "priority", "bulk"][i % 8] || "plain";

const options = {
  delayed: (i) => ({ delay: 100 + (i % 10) * 50 }),
  retried: () => ({ attempts: 3, backoff: { type: "exponential", delay: 20 } }),
  priority: (i) => ({ priority: 1 + (i % 5) }),
};
const job = (i) => ({ name: kindOf(i), data: { i, text: "payload ".repeat(20) }, opts: { jobId: "job-" + i, ...options[kindOf(i)]?.(i) } });

async function add(n) {
  const queue = new Queue("jobs", { connection });
  const all = Array.from({ length: n }, (_, i) => job(i));
  await queue.addBulk(all.filter((j) => j.name === "bulk"));
  const single = all.filter((j) => j.name !== "bulk");
  for (let at = 0; at < single.length; at += 50) {
    await Promise.all(single.slice(at, at + 50).map((j) => queue.add(j.name, j.data, j.opts)));
  }
  // A job that is there already is not added again.
  await queue.add("plain", { i: 4 }, { jobId: "job-4" });
  // A parent that waits for its children.
  const flow = new FlowProducer({ connection });
  await flow.add({
    name: "parent", queueName: "jobs", data: { i: -1 }, opts: { jobId: "job-parent" },
    children: [0, 1, 2].map((k) => ({ name: "child", queueName: "jobs", data: { i: k }, opts: { jobId: "job-child-" + k } })),
  });
  await flow.close();
  await queue.close();
}

async function work(name) {
  const notes = new Redis(connection);
  const worker = new Worker(
    "jobs",
    async (j) => {
      await notes.sadd("begun:" + name, j.id);
      if (j.name === "retried" && j.attemptsMade < 2) throw new Error("not yet");
      if (j.name === "parent" && Object.keys(await j.getChildrenValues()).length !== 3) throw new Error("children missing");
      await new Promise((done) => setTimeout(done, 2));
      await notes.hincrby("done", j.id, 1);
      return j.data.i;
    },
    // The lock lasts longer than a busy machine makes a worker late, for then another does the job again, which is BullMQ's way.
    { connection, concurrency: 20, lockDuration: 10000, stalledInterval: 1000, maxStalledCount: 3 },
  );
  worker.on("error", (e) => console.error(name, e.message));
  await worker.waitUntilReady();
}

async function status() {
  const queue = new Queue("jobs", { connection });
  process.stdout.write(JSON.stringify(await queue.getJobCounts()) + "\n");
  await queue.close();
}

async function priorities(n) {
  const queue = new Queue("ordered", { connection });
  for (let i = 0; i < n; i++) await queue.add("x", { i }, { priority: 1 + ((i * 7) % 5) });
  const order = [];
  await new Promise((done, failed) => {
    const worker = new Worker(
      "ordered",
      async (j) => {
        order.push(j.opts.priority * 1000 + j.data.i);
        if (order.length === n) setImmediate(() => worker.close().then(done, failed));
      },
      { connection, concurrency: 1 },
    );
    worker.on("error", failed);
  });
  await queue.close();
  process.stdout.write(JSON.stringify(order) + "\n");
}

const commands = { add: (n) => add(Number(n)), work, status, priorities: (n) => priorities(Number(n)) };
commands[what](...rest).then(
  () => what === "work" || process.exit(0),
  (e) => {
    console.error(e);
    process.exit(1);
  },
);
