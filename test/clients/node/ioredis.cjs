// The scenario with ioredis.
"use strict";
const { Redis } = require("ioredis");
const lib = require("./lib.cjs");
const { how, sorted, pairs, within, round, range, code, message, eventually, infoField, calls, stepTimeout } = lib;

const connect = (more = {}) =>
  new Redis({
    ...(how.transport === "unix" ? { path: how.path } : { host: "127.0.0.1", port: how.port, tls: how.tls }),
    username: how.user, password: how.password, db: how.database, connectionName: how.name, protocol: how.protocol,
    retryStrategy: null, maxRetriesPerRequest: 0, ...more,
  });
const c = connect();
const other = connect();

const fields = (flat) => Object.fromEntries(pairs(flat));
const entries = (list) => list.map(([id, flat]) => [id, fields(flat)]);
const byStream = (reply) => reply && Object.fromEntries(reply.map(([name, list]) => [name, entries(list)]));
const scores = (flat) => (Array.isArray(flat[0]) ? flat.map(([m, s]) => [m, Number(s)]) : pairs(flat, Number));
// XINFO replies with names and values in turn, or with an object.
const named = (reply, ...names) => {
  const of = Array.isArray(reply) ? fields(reply) : reply;
  return names.map((n) => of[n]);
};
const collect = async (stream) => {
  const all = [];
  for await (const batch of stream) all.push(...batch);
  return all;
};
const everySecond = (list) => list.filter((_, i) => i % 2 === 0);
const count = (list) => new Set(list).size;

const sections = {
  async session(r) {
    const info = await c.client("INFO");
    await r.add(infoField(info, "user"));
    await r.add(Number(infoField(info, "db")));
    await r.add(infoField(info, "name"));
    await r.add(Number(infoField(info, "resp")));
    await r.add(infoField(info, "lib-name").startsWith("ioredis"));
    await r.add(c.ping());
    await r.add(c.echo("héllo\r\n"));
  },
  async strings(r) {
    await r.add(c.set("s", "hello"));
    await r.add(c.get("s"));
    await r.add(c.get("nosuch"));
    await r.add(c.set("s", "other", "NX"));
    await r.add(c.set("s", "world", "GET"));
    await r.add(c.set("t", "v", "EX", 100));
    await r.add(c.ttl("t"), (n) => within(n, 90, 100));
    await r.add(c.append("s", "!"));
    await r.add(c.strlen("s"));
    await r.add(c.getrange("s", 1, 3));
    await r.add(c.setrange("s", 5, "?"));
    await r.add(c.getdel("s"));
    await r.add(c.incr("n"));
    await r.add(c.incrby("n", 41));
    await r.add(c.decr("n"));
    await r.add(c.incrbyfloat("f", 1.5), Number);
    await r.add(c.mset({ a: 1, b: 2 }));
    await r.add(c.mget("a", "nosuch", "b"));
    await r.add(c.msetnx("a", 1, "c", 3));
    await r.add(c.getex("t", "PERSIST"));
    await r.add(c.ttl("t"));
    const big = lib.allBytes();
    await c.set("big\r\n\0", big);
    await r.add(c.getBuffer("big\r\n\0"), (b) => b.equals(big));
  },
  async bitmaps(r) {
    await r.add(c.setbit("b", 7, 1));
    await r.add(c.getbit("b", 7));
    await r.add(c.bitcount("b"));
    await r.add(c.bitpos("b", 1));
    await r.add(c.bitop("NOT", "d", "b"));
    await r.add(c.bitcount("d", 0, -1));
    await r.add(c.bitfield("b", "SET", "u8", 8, 200, "GET", "u4", 8, "INCRBY", "i5", 100, 1));
  },
  async hashes(r) {
    await r.add(c.hset("h", { f1: "v1", f2: "v2", n: 1 }));
    await r.add(c.hget("h", "f1"));
    await r.add(c.hget("h", "nosuch"));
    await r.add(c.hgetall("h"));
    await r.add(c.hgetall("nosuch"));
    await r.add(c.hmget("h", "f1", "nosuch", "n"));
    await r.add(c.hincrby("h", "n", 4));
    await r.add(c.hincrbyfloat("h", "n", 0.5), Number);
    await r.add(c.hdel("h", "f2", "nosuch"));
    await r.add(c.hkeys("h"), sorted);
    await r.add(c.hvals("h"), sorted);
    await r.add(c.hlen("h"));
    await r.add(c.hexists("h", "f1"));
    await r.add(c.hrandfield("h", 5, "WITHVALUES"), (v) => Object.fromEntries(Array.isArray(v[0]) ? v : pairs(v)));
    await c.hset("big", Object.fromEntries(range(1000).map((i) => ["field:" + i, i])));
    await r.add(collect(c.hscanStream("big", { match: "field:*", count: 50 })), (all) => count(everySecond(all)));
  },
  async fieldttl(r) {
    await r.add(c.hset("e", { a: 1, b: 2, c: 3 }));
    await r.add(c.call("HEXPIRE", "e", 100, "FIELDS", 2, "a", "nosuch"));
    await r.add(c.call("HTTL", "e", "FIELDS", 2, "a", "b"), ([a, b]) => [within(a, 90, 100), b]);
    await r.add(c.call("HPERSIST", "e", "FIELDS", 1, "a"));
    await r.add(c.call("HEXPIREAT", "e", 4102444800, "FIELDS", 1, "b"));
    await r.add(c.call("HEXPIRETIME", "e", "FIELDS", 2, "b", "c"));
    await r.add(c.call("HGETEX", "e", "EX", 100, "FIELDS", 2, "a", "nosuch"));
    await r.add(c.call("HSETEX", "e", "EX", 100, "FIELDS", 1, "d", 4));
    await r.add(c.call("HGETDEL", "e", "FIELDS", 1, "d"));
    await r.add(c.call("HPEXPIRE", "e", 1, "FIELDS", 1, "c"));
    await r.add(eventually(() => c.hget("e", "c"), (v) => v === null));
    await r.add(c.hgetall("e"));
  },
  async lists(r) {
    await r.add(c.rpush("l", "a", "b", "c", "d"));
    await r.add(c.lpush("l", "z"));
    await r.add(c.lrange("l", 0, -1));
    await r.add(c.lindex("l", 1));
    await r.add(c.lindex("l", 100));
    await r.add(c.linsert("l", "BEFORE", "c", "x"));
    await r.add(c.lset("l", 0, "y"));
    await r.add(c.lrem("l", 1, "x"));
    await r.add(c.lpos("l", "c"));
    await r.add(c.lpos("l", "c", "COUNT", 0));
    await r.add(c.lmove("l", "m", "LEFT", "RIGHT"));
    await r.add(c.lmpop(2, "nosuch", "l", "LEFT", "COUNT", 2));
    await r.add(c.rpop("l", 5));
    await r.add(c.lpop("l"));
    await r.add(c.llen("l"));
    await c.rpush("big", ...range(2000));
    await c.ltrim("big", 10, -11);
    await r.add(c.llen("big"));
  },
  async sets(r) {
    await r.add(c.sadd("s", "a", "b", "c"));
    await r.add(c.sadd("s2", "b", "c", "d"));
    await r.add(c.smembers("s"), sorted);
    await r.add(c.sismember("s", "a"));
    await r.add(c.smismember("s", "a", "x"));
    await r.add(c.sinter("s", "s2"), sorted);
    await r.add(c.sunion("s", "s2"), sorted);
    await r.add(c.sdiff("s", "s2"), sorted);
    await r.add(c.sintercard(2, "s", "s2", "LIMIT", 1));
    await r.add(c.sinterstore("d", "s", "s2"));
    await r.add(c.smove("s", "s2", "a"));
    await r.add(c.srem("s2", "a", "nosuch"));
    await r.add(c.srandmember("s2", -5), (list) => list.length);
    await r.add(c.spop("s", 10), sorted);
    await r.add(c.scard("s"));
    await c.sadd("big", ...range(1000).map((i) => "member:" + i));
    await r.add(collect(c.sscanStream("big", { count: 50 })), count);
  },
  async zsets(r) {
    await r.add(c.zadd("z", 1, "a", 2.5, "b", 3, "c"));
    await r.add(c.zadd("z", "GT", "CH", 2, "a", 1, "b"));
    await r.add(c.zadd("z", "INCR", 1, "a"), Number);
    await r.add(c.zscore("z", "b"), Number);
    await r.add(c.zscore("z", "nosuch"));
    await r.add(c.zmscore("z", "a", "b"), (l) => l.map(Number));
    await r.add(c.zrange("z", 0, -1, "WITHSCORES"), scores);
    await r.add(c.zrange("z", "+inf", "(2.5", "BYSCORE", "REV", "LIMIT", 0, 1));
    await r.add(c.zrange("z", "-", "+", "BYLEX", "LIMIT", 1, 1));
    await r.add(c.zincrby("z", 0.25, "b"), Number);
    await r.add(c.zrank("z", "c"));
    await r.add(c.zrank("z", "c", "WITHSCORE"), ([n, s]) => [n, Number(s)]);
    await r.add(c.zrevrank("z", "c"));
    await r.add(c.zrank("z", "nosuch"));
    await r.add(c.zcount("z", "-inf", 3));
    await r.add(c.zcard("z"));
    await r.add(c.zpopmin("z"), scores);
    await r.add(c.zmpop(1, "z", "MAX", "COUNT", 1), ([k, list]) => [k, scores(list)]);
    await r.add(c.zadd("y", 10, "a", 20, "q"));
    await r.add(c.zunion(2, "z", "y", "WEIGHTS", 2, 1, "WITHSCORES"), scores);
    await r.add(c.zinterstore("d", 2, "z", "y"));
    await r.add(c.zdiff(2, "y", "z"));
    await r.add(c.zremrangebyscore("y", 15, 25));
    await r.add(c.zrem("y", "a"));
    await c.zadd("big", ...range(1000).flatMap((i) => [i, "member:" + i]));
    await r.add(collect(c.zscanStream("big", { count: 50 })), (all) => Object.values(fields(all)).reduce((sum, s) => sum + Number(s), 0));
  },
  async geo(r) {
    await r.add(c.geoadd("g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"));
    await r.add(c.geodist("g", "Palermo", "Catania", "km"), (d) => round(d, 2));
    await r.add(c.geohash("g", "Palermo", "Catania"));
    await r.add(c.geopos("g", "Palermo", "nosuch"), (l) => l.map((p) => p && p.map((x) => round(x, 3))));
    await r.add(c.geosearch("g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC"));
    await r.add(c.geosearch("g", "FROMMEMBER", "Palermo", "BYBOX", 10, 10, "km", "WITHDIST"), (l) => l.map(([n, d]) => [n, round(d, 2)]));
    await r.add(c.geosearchstore("d", "g", "FROMLONLAT", 15, 37, "BYRADIUS", 100, "km"));
  },
  async hyperloglog(r) {
    await r.add(c.pfadd("p", "a", "b", "c"));
    await r.add(c.pfadd("p", "a"));
    await r.add(c.pfcount("p"));
    await r.add(c.pfadd("q", "c", "d"));
    await r.add(c.pfmerge("r", "p", "q"));
    await r.add(c.pfcount("r"));
  },
  async streams(r) {
    await r.add(c.xadd("x", "1-1", "a", 1, "b", 2));
    await r.add(c.xadd("x", "2-*", "c", 3));
    await r.add(c.xadd("nosuch", "NOMKSTREAM", "*", "a", 1));
    await r.add(c.xlen("x"));
    await r.add(c.xrange("x", "-", "+"), entries);
    await r.add(c.xrevrange("x", "+", "-", "COUNT", 1), entries);
    await r.add(c.xread("COUNT", 10, "STREAMS", "x", "y", "1-1", "0"), byStream);
    await r.add(c.xread("STREAMS", "x", "2-0"), byStream);
    await r.add(c.xdel("x", "1-1"));
    await r.add(c.xtrim("x", "MAXLEN", 0));
    await Promise.all(range(1000).map(() => c.xadd("big", "MAXLEN", "=", 100, "*", "f", "v")));
    await r.add(c.xlen("big"));
  },
  async groups(r) {
    await r.add(c.xgroup("CREATE", "x", "g", "$", "MKSTREAM"));
    await r.add(Promise.all(["1", "2", "3"].map((n) => c.xadd("x", n + "-0", "f", n))));
    await r.add(c.xreadgroup("GROUP", "g", "alice", "COUNT", 2, "STREAMS", "x", ">"), byStream);
    await r.add(c.xreadgroup("GROUP", "g", "bob", "STREAMS", "x", ">"), byStream);
    await r.add(c.xpending("x", "g"), ([n, lo, hi, by]) => [n, lo, hi, Object.fromEntries(by.map(([name, k]) => [name, Number(k)]))]);
    await r.add(c.xack("x", "g", "1-0"));
    await r.add(c.xpending("x", "g", "-", "+", 10), (l) => l.map(([id, consumer, , n]) => [id, consumer, n]));
    await r.add(c.xclaim("x", "g", "carol", 0, "2-0"), entries);
    await r.add(c.xautoclaim("x", "g", "carol", 0, "0", "COUNT", 10), ([next, list]) => [next, entries(list)]);
    await r.add(c.xinfo("STREAM", "x"), (v) => named(v, "length", "last-generated-id"));
    await r.add(c.xinfo("GROUPS", "x"), (l) => l.map((v) => named(v, "name", "consumers", "pending", "last-delivered-id")));
    await r.add(c.xinfo("CONSUMERS", "x", "g"), (l) => l.map((v) => named(v, "name", "pending")));
    await r.add(c.xgroup("DELCONSUMER", "x", "g", "carol"));
    await r.add(c.xgroup("DESTROY", "x", "g"));
  },
  async keys(r) {
    await r.add(c.set("k", "v"));
    await r.add(c.exists("k", "k", "nosuch"));
    await r.add(c.type("k"));
    await r.add(c.object("ENCODING", "k"));
    await r.add(c.rename("k", "k2"));
    await r.add(c.copy("k2", "k3"));
    await r.add(c.expire("k3", 100));
    await r.add(c.pttl("k3"), (n) => within(n, 90000, 100000));
    await r.add(c.persist("k3"));
    await r.add(async () => {
      await c.restore("k4", 0, await c.dumpBuffer("k2"));
      return c.get("k4");
    });
    await c.rpush("sorted", 3, 1, 2);
    await r.add(c.sort("sorted", "DESC"));
    await r.add(c.touch("k2", "k3"));
    await r.add(c.unlink("k2", "k3", "nosuch"));
    await r.add(c.dbsize());
    await Promise.all(range(1000).map((i) => c.set("many:" + i, i)));
    await r.add(collect(c.scanStream({ match: "many:*", count: 50 })), count);
  },
  async pipeline(r) {
    const p = c.pipeline();
    for (const i of range(1000)) p.set("p:" + i, i).get("p:" + i);
    await r.add(p.exec(), (all) => all.filter(([err, v], i) => i % 2 === 1 && !err && v === String((i - 1) / 2)).length);
    await r.add(c.pipeline().set("n", 0).lpush("l", "x").incr("l").incrby("n", 2).exec(), (all) => all.map(([err, v]) => (err ? code(err.message) : v)));
  },
  async transaction(r) {
    const values = (all) => all && all.map(([err, v]) => (err ? code(err.message) : v));
    await r.add(c.multi().set("t", 1).incr("t").get("t").exec(), values);
    await r.add(c.multi().set("t", "a").incr("t").set("u", 1).exec(), values);
    await c.watch("t");
    await other.set("t", "another's");
    await r.add(c.multi().set("t", "mine").exec(), values);
    await r.add(c.get("t"));
    await c.watch("t");
    await r.add(c.multi().set("t", "mine").exec(), values);
    await r.add(c.get("t"));
  },
  async scripts(r) {
    const lua = "return {KEYS[1], ARGV[1]} -- " + lib.unique();
    c.defineCommand("mine", { numberOfKeys: 1, lua });
    const evals = async () => calls(await other.info("commandstats"), "eval");
    await r.add(c.mine("k", "a"));
    const before = await evals();
    const again = await c.mine("k", "a");
    await r.add([again, (await evals()) - before]);
    await r.add(async () => c.script("EXISTS", await c.script("LOAD", lua)));
    await r.add(c.eval('return {1, "two", {3, false}, 4.9}', 0));
    await r.add(c.eval('return redis.call("SET", KEYS[1], ARGV[1])', 1, "k", "text"));
    await r.add(message(c.eval('return redis.error_reply("MINE it is")', 0)), code);
    await message(c.eval('return redis.call("INCR", KEYS[1])', 1, "k"));
    await r.add(c.get("k"));
    await r.add(c.eval_ro('return redis.call("GET", KEYS[1])', 1, "k"));
    await c.del("k");
    await r.add(c.function("LOAD", "REPLACE", lib.library));
    await r.add(async () => [await c.fcall("add", 1, "k", 5), await c.fcall("add", 1, "k", 6)]);
    await r.add(c.fcall_ro("peek", 1, "k"));
    await r.add(c.function("DELETE", "lib"));
  },
  async pubsub(r) {
    const sub = connect();
    const next = (event) => new Promise((done) => sub.once(event, (...args) => done(args)));
    await sub.subscribe("ch");
    let came = next("message");
    await r.add(other.publish("ch", "hello"));
    await r.add(came);
    await sub.psubscribe("n?ws.*");
    came = next("pmessage");
    await r.add(other.publish("news.it", "ciao"));
    await r.add(came);
    await sub.ssubscribe("sh");
    came = next("smessage");
    await r.add(other.spublish("sh", "there"));
    await r.add(came);
    await r.add(other.pubsub("NUMSUB", "ch"), (v) => (Array.isArray(v) ? v[1] : v.ch));
    await sub.unsubscribe("ch");
    await r.add(other.publish("ch", "hello"));
    sub.disconnect();
  },
  async blocking(r) {
    const whileBlocked = async (what, act, shape) => {
      const waits = r.add(what(), shape);
      await eventually(() => other.info("clients"), (info) => infoField(info, "blocked_clients") !== "0");
      await act();
      await waits;
    };
    await whileBlocked(() => c.blpop("q", stepTimeout), () => other.rpush("q", "a"));
    await r.add(c.blpop("q", 0.05));
    await whileBlocked(() => c.blmove("q", "r", "LEFT", "RIGHT", stepTimeout), () => other.rpush("q", "b"));
    await whileBlocked(() => c.bzpopmin("z", stepTimeout), () => other.zadd("z", 1.5, "m"), ([k, m, s]) => [k, m, Number(s)]);
    await c.xgroup("CREATE", "x", "g", "$", "MKSTREAM");
    await whileBlocked(() => c.xread("BLOCK", stepTimeout * 1000, "STREAMS", "x", "$"), () => other.xadd("x", "5-0", "f", "v"), byStream);
    await c.xgroup("SETID", "x", "g", "$");
    await whileBlocked(
      () => c.xreadgroup("GROUP", "g", "c", "BLOCK", stepTimeout * 1000, "STREAMS", "x", ">"), () => other.xadd("x", "6-0", "f", "w"), byStream);
  },
  async errors(r) {
    await c.set("s", "9223372036854775807");
    await r.failed(c.hget("s", "f"));
    await r.failed(c.call("NOSUCH", "arg"));
    await r.failed(c.evalsha("0".repeat(40), 0));
    await r.failed(c.call("SET", "s", "v", "WRONG"));
    await r.failed(c.incr("s"));
    const stranger = connect({ password: "wrong" });
    const refused = new Promise((done) => stranger.on("error", (e) => done(e.message)));
    message(stranger.ping());
    await r.add(refused, code);
    stranger.disconnect();
  },
  // ioredis has no cache of its own: this is the one that its users write, with CLIENT TRACKING and a second connection.
  async cache(r) {
    const notices = connect({ protocol: 2 });
    const id = await notices.client("ID");
    await notices.subscribe("__redis__:invalidate");
    const copies = new Map();
    // The message is a list of keys, which ioredis hands over as it is.
    notices.on("message", (_, keys) => String(keys).split(",").forEach((k) => copies.delete(k)));
    const mine = connect();
    await mine.client("TRACKING", "ON", "REDIRECT", id);
    const get = async (key) => {
      if (!copies.has(key)) copies.set(key, await mine.get(key));
      return copies.get(key);
    };
    const gets = async () => calls(await other.info("commandstats"), "get");
    await r.add(other.set("ck", 1));
    const before = await gets();
    await r.add(async () => [await get("ck"), await get("ck")]);
    await r.add((await gets()) - before);
    await other.set("ck", 2);
    await r.add(eventually(() => get("ck"), (v) => v !== "1"));
    await other.del("ck");
    await r.add(eventually(() => get("ck"), (v) => v === null));
    notices.disconnect();
    mine.disconnect();
  },
};

lib.run(sections, () => other.flushdb()).then(
  () => process.exit(0),
  (e) => {
    console.error(e);
    process.exit(1);
  },
);
