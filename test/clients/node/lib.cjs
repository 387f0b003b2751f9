// What the programs of the JavaScript libraries share: see scenario.txt for what they do, and clients_test.go for who runs them.
"use strict";
const fs = require("fs");

const stepTimeout = 20; // seconds; like record_test.go

// The argument of the program: how to connect.
const how = JSON.parse(process.argv[2] || "{}");
if (how.transport === "tls") {
  how.tls = { ca: fs.readFileSync(how.ca), cert: fs.readFileSync(how.cert), key: fs.readFileSync(how.key) };
}

// add takes a value, a promise of one, or a function; an error is recorded as text that no scenario expects by chance.
class Recorder {
  got = [];
  async add(value, shape = (v) => v) {
    try {
      const v = shape(await (typeof value === "function" ? value() : value));
      this.got.push(v === undefined ? null : v);
    } catch (e) {
      this.got.push("error: " + e.message);
    }
  }
  async failed(promise) {
    this.got.push(await message(promise));
  }
}

const message = (promise) => promise.then(() => "no error", (e) => e.message);
const code = (text) => String(text).split(" ")[0];

// run does the sections and prints a line for each.
async function run(sections, flush) {
  for (const [name, section] of Object.entries(sections)) {
    await flush();
    const r = new Recorder();
    await section(r);
    process.stdout.write(JSON.stringify({ Section: name, Got: r.got }) + "\n");
  }
}

async function eventually(ask, right) {
  for (const end = Date.now() + stepTimeout * 1000; ; await new Promise((done) => setTimeout(done, 2))) {
    const v = await ask();
    if (right(v) || Date.now() > end) return v;
  }
}

const infoField = (info, name) => {
  const found = String(info).match(new RegExp("(?:^|[ \\r\\n])" + name + "[=:]([^ \\r\\n]*)"));
  return found ? found[1] : "";
};
const calls = (info, command) => Number(infoField(info, "cmdstat_" + command).match(/^calls=(\d+)/)?.[1] || 0);

const within = (n, lo, hi) => (lo <= n && n <= hi ? true : n);
const round = (x, places) => Math.round(Number(x) * 10 ** places) / 10 ** places;
const sorted = (list) => [...list].map(String).sort();
const pairs = (flat, value = (v) => v) => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], value(flat[2 * i + 1])]);
const allBytes = () => Buffer.alloc(3 << 20).map((_, i) => i + (i >> 8));
const range = (n) => Array.from({ length: n }, (_, i) => i);
const unique = () => process.hrtime.bigint().toString(36);

const library = `#!lua name=lib
redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}`;

module.exports = {
  how, stepTimeout, run, eventually, infoField, calls, within, round, sorted, pairs, allBytes, range, unique, message, code, library,
};
