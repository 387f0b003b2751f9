// The scenario with node-redis.
"use strict";
const { createClient, BasicClientSideCache, RESP_TYPES } = require("redis");
const lib = require("./lib.cjs");
const { how, sorted, within, round, range, code, message, eventually, infoField, calls, stepTimeout } = lib;

const make = (more = {}) => {
  const c = createClient({
    socket: {
      ...(how.transport === "unix" ? { path: how.path } : { host: "127.0.0.1", port: how.port }), ...(how.tls ? { tls: true, ...how.tls } : {}),
      reconnectStrategy: false,
    },
    username: how.user, password: how.password, database: how.database, name: how.name, RESP: how.protocol, ...more,
  });
  c.on("error", () => {}); // reported by the commands that fail
  return c;
};

let c, other;
const entries = (list) => list.map((e) => [e.id, { ...e.message }]);
const byStream = (reply) => reply && Object.fromEntries(reply.map((s) => [s.name, entries(s.messages)]));
const scores = (list) => list.map((z) => [z.value, z.score]);
const collect = async (iterator) => {
  const all = [];
  for await (const batch of iterator) all.push(...batch);
  return all;
};
const count = (list) => new Set(list).size;
const plain = (reply) => ({ ...reply });

const sections = {
  async session(r) {
    const info = await c.clientInfo();
    await r.add(info.user);
    await r.add(info.db);
    await r.add(info.name);
    await r.add(info.resp);
    await r.add(info.libName?.startsWith("node-redis"));
    await r.add(c.ping());
    await r.add(c.echo("héllo\r\n"));
  },
  async strings(r) {
    await r.add(c.set("s", "hello"));
    await r.add(c.get("s"));
    await r.add(c.get("nosuch"));
    await r.add(c.set("s", "other", { condition: "NX" }));
    await r.add(c.set("s", "world", { GET: true }));
    await r.add(c.set("t", "v", { expiration: { type: "EX", value: 100 } }));
    await r.add(c.ttl("t"), (n) => within(n, 90, 100));
    await r.add(c.append("s", "!"));
    await r.add(c.strLen("s"));
    await r.add(c.getRange("s", 1, 3));
    await r.add(c.setRange("s", 5, "?"));
    await r.add(c.getDel("s"));
    await r.add(c.incr("n"));
    await r.add(c.incrBy("n", 41));
    await r.add(c.decr("n"));
    await r.add(c.incrByFloat("f", 1.5), Number);
    await r.add(c.mSet({ a: "1", b: "2" }));
    await r.add(c.mGet(["a", "nosuch", "b"]));
    await r.add(c.mSetNX({ a: "1", c: "3" }), Number);
    await r.add(c.getEx("t", { type: "PERSIST" }));
    await r.add(c.ttl("t"));
    const big = lib.allBytes();
    await c.set("big\r\n\0", big);
    await r.add(c.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get("big\r\n\0"), (b) => b.equals(big));
  },
  async bitmaps(r) {
    await r.add(c.setBit("b", 7, 1));
    await r.add(c.getBit("b", 7));
    await r.add(c.bitCount("b"));
    await r.add(c.bitPos("b", 1));
    await r.add(c.bitOp("NOT", "d", "b"));
    await r.add(c.bitCount("d", { start: 0, end: -1 }));
    await r.add(c.bitField("b", [
      { operation: "SET", encoding: "u8", offset: 8, value: 200 }, { operation: "GET", encoding: "u4", offset: 8 },
      { operation: "INCRBY", encoding: "i5", offset: 100, increment: 1 },
    ]));
  },
  async hashes(r) {
    await r.add(c.hSet("h", { f1: "v1", f2: "v2", n: 1 }));
    await r.add(c.hGet("h", "f1"));
    await r.add(c.hGet("h", "nosuch"));
    await r.add(c.hGetAll("h"), plain);
    await r.add(c.hGetAll("nosuch"), plain);
    await r.add(c.hmGet("h", ["f1", "nosuch", "n"]));
    await r.add(c.hIncrBy("h", "n", 4));
    await r.add(c.hIncrByFloat("h", "n", 0.5), Number);
    await r.add(c.hDel("h", ["f2", "nosuch"]));
    await r.add(c.hKeys("h"), sorted);
    await r.add(c.hVals("h"), sorted);
    await r.add(c.hLen("h"));
    await r.add(c.hExists("h", "f1"));
    await r.add(c.hRandFieldCountWithValues("h", 5), (l) => Object.fromEntries(l.map((e) => [e.field, e.value])));
    await c.hSet("big", Object.fromEntries(range(1000).map((i) => ["field:" + i, String(i)])));
    await r.add(collect(c.hScanIterator("big", { MATCH: "field:*", COUNT: 50 })), (all) => count(all.map((e) => e.field)));
  },
  async fieldttl(r) {
    await r.add(c.hSet("e", { a: "1", b: "2", c: "3" }));
    await r.add(c.hExpire("e", ["a", "nosuch"], 100));
    await r.add(c.hTTL("e", ["a", "b"]), ([a, b]) => [within(a, 90, 100), b]);
    await r.add(c.hPersist("e", "a"));
    await r.add(c.hExpireAt("e", "b", 4102444800));
    await r.add(c.hExpireTime("e", ["b", "c"]));
    await r.add(c.hGetEx("e", ["a", "nosuch"], { expiration: { type: "EX", value: 100 } }));
    await r.add(c.hSetEx("e", { d: "4" }, { expiration: { type: "EX", value: 100 } }));
    await r.add(c.hGetDel("e", "d"));
    await r.add(c.hpExpire("e", "c", 1));
    await r.add(eventually(() => c.hGet("e", "c"), (v) => v === null));
    await r.add(c.hGetAll("e"), plain);
  },
  async lists(r) {
    await r.add(c.rPush("l", ["a", "b", "c", "d"]));
    await r.add(c.lPush("l", "z"));
    await r.add(c.lRange("l", 0, -1));
    await r.add(c.lIndex("l", 1));
    await r.add(c.lIndex("l", 100));
    await r.add(c.lInsert("l", "BEFORE", "c", "x"));
    await r.add(c.lSet("l", 0, "y"));
    await r.add(c.lRem("l", 1, "x"));
    await r.add(c.lPos("l", "c"));
    await r.add(c.lPosCount("l", "c", 0));
    await r.add(c.lMove("l", "m", "LEFT", "RIGHT"));
    await r.add(c.lmPop(["nosuch", "l"], "LEFT", { COUNT: 2 }));
    await r.add(c.rPopCount("l", 5));
    await r.add(c.lPop("l"));
    await r.add(c.lLen("l"));
    await c.rPush("big", range(2000).map(String));
    await c.lTrim("big", 10, -11);
    await r.add(c.lLen("big"));
  },
  async sets(r) {
    await r.add(c.sAdd("s", ["a", "b", "c"]));
    await r.add(c.sAdd("s2", ["b", "c", "d"]));
    await r.add(c.sMembers("s"), sorted);
    await r.add(c.sIsMember("s", "a"), Number);
    await r.add(c.smIsMember("s", ["a", "x"]), (l) => l.map(Number));
    await r.add(c.sInter(["s", "s2"]), sorted);
    await r.add(c.sUnion(["s", "s2"]), sorted);
    await r.add(c.sDiff(["s", "s2"]), sorted);
    await r.add(c.sInterCard(["s", "s2"], 1));
    await r.add(c.sInterStore("d", ["s", "s2"]));
    await r.add(c.sMove("s", "s2", "a"), Number);
    await r.add(c.sRem("s2", ["a", "nosuch"]));
    await r.add(c.sRandMemberCount("s2", -5), (list) => list.length);
    await r.add(c.sPopCount("s", 10), sorted);
    await r.add(c.sCard("s"));
    await c.sAdd("big", range(1000).map((i) => "member:" + i));
    await r.add(collect(c.sScanIterator("big", { COUNT: 50 })), count);
  },
  async zsets(r) {
    await r.add(c.zAdd("z", [{ score: 1, value: "a" }, { score: 2.5, value: "b" }, { score: 3, value: "c" }]));
    await r.add(c.zAdd("z", [{ score: 2, value: "a" }, { score: 1, value: "b" }], { comparison: "GT", CH: true }));
    await r.add(c.zAddIncr("z", { score: 1, value: "a" }));
    await r.add(c.zScore("z", "b"));
    await r.add(c.zScore("z", "nosuch"));
    await r.add(c.zmScore("z", ["a", "b"]));
    await r.add(c.zRangeWithScores("z", 0, -1), scores);
    await r.add(c.zRange("z", "+inf", "(2.5", { BY: "SCORE", REV: true, LIMIT: { offset: 0, count: 1 } }));
    await r.add(c.zRange("z", "-", "+", { BY: "LEX", LIMIT: { offset: 1, count: 1 } }));
    await r.add(c.zIncrBy("z", 0.25, "b"));
    await r.add(c.zRank("z", "c"));
    await r.add(c.zRankWithScore("z", "c"), (v) => [v.rank, v.score]);
    await r.add(c.zRevRank("z", "c"));
    await r.add(c.zRank("z", "nosuch"));
    await r.add(c.zCount("z", "-inf", 3));
    await r.add(c.zCard("z"));
    await r.add(c.zPopMin("z"), (z) => scores([z]));
    await r.add(c.zmPop("z", "MAX", { COUNT: 1 }), (v) => [v.key, scores(v.members)]);
    await r.add(c.zAdd("y", [{ score: 10, value: "a" }, { score: 20, value: "q" }]));
    await r.add(c.zUnionWithScores([{ key: "z", weight: 2 }, { key: "y", weight: 1 }]), scores);
    await r.add(c.zInterStore("d", ["z", "y"]));
    await r.add(c.zDiff(["y", "z"]));
    await r.add(c.zRemRangeByScore("y", 15, 25));
    await r.add(c.zRem("y", "a"));
    await c.zAdd("big", range(1000).map((i) => ({ score: i, value: "member:" + i })));
    await r.add(collect(c.zScanIterator("big", { COUNT: 50 })), (all) =>
      Object.values(Object.fromEntries(all.map((z) => [z.value, z.score]))).reduce((sum, s) => sum + s, 0));
  },
  async geo(r) {
    await r.add(c.geoAdd("g", [
      { longitude: 13.361389, latitude: 38.115556, member: "Palermo" }, { longitude: 15.087269, latitude: 37.502669, member: "Catania" },
    ]));
    await r.add(c.geoDist("g", "Palermo", "Catania", "km"), (d) => round(d, 2));
    await r.add(c.geoHash("g", ["Palermo", "Catania"]));
    await r.add(c.geoPos("g", ["Palermo", "nosuch"]), (l) => l.map((p) => p && [round(p.longitude, 3), round(p.latitude, 3)]));
    await r.add(c.geoSearch("g", { longitude: 15, latitude: 37 }, { radius: 200, unit: "km" }, { SORT: "ASC" }));
    await r.add(c.geoSearchWith("g", "Palermo", { width: 10, height: 10, unit: "km" }, ["WITHDIST"]), (l) => l.map((p) => [p.member, round(p.distance, 2)]));
    await r.add(c.geoSearchStore("d", "g", { longitude: 15, latitude: 37 }, { radius: 100, unit: "km" }));
  },
  async hyperloglog(r) {
    await r.add(c.pfAdd("p", ["a", "b", "c"]));
    await r.add(c.pfAdd("p", "a"));
    await r.add(c.pfCount("p"));
    await r.add(c.pfAdd("q", ["c", "d"]));
    await r.add(c.pfMerge("r", ["p", "q"]));
    await r.add(c.pfCount("r"));
  },
  async streams(r) {
    await r.add(c.xAdd("x", "1-1", { a: "1", b: "2" }));
    await r.add(c.xAdd("x", "2-*", { c: "3" }));
    await r.add(c.xAddNoMkStream("nosuch", "*", { a: "1" }));
    await r.add(c.xLen("x"));
    await r.add(c.xRange("x", "-", "+"), entries);
    await r.add(c.xRevRange("x", "+", "-", { COUNT: 1 }), entries);
    await r.add(c.xRead([{ key: "x", id: "1-1" }, { key: "y", id: "0" }], { COUNT: 10 }), byStream);
    await r.add(c.xRead({ key: "x", id: "2-0" }), byStream);
    await r.add(c.xDel("x", "1-1"));
    await r.add(c.xTrim("x", "MAXLEN", 0));
    await Promise.all(range(1000).map(() => c.xAdd("big", "*", { f: "v" }, { TRIM: { strategy: "MAXLEN", strategyModifier: "=", threshold: 100 } })));
    await r.add(c.xLen("big"));
  },
  async groups(r) {
    await r.add(c.xGroupCreate("x", "g", "$", { MKSTREAM: true }));
    await r.add(Promise.all(["1", "2", "3"].map((n) => c.xAdd("x", n + "-0", { f: n }))));
    await r.add(c.xReadGroup("g", "alice", { key: "x", id: ">" }, { COUNT: 2 }), byStream);
    await r.add(c.xReadGroup("g", "bob", { key: "x", id: ">" }), byStream);
    await r.add(c.xPending("x", "g"), (p) =>
      [p.pending, p.firstId, p.lastId, Object.fromEntries(p.consumers.map((by) => [by.name, by.deliveriesCounter]))]);
    await r.add(c.xAck("x", "g", "1-0"));
    await r.add(c.xPendingRange("x", "g", "-", "+", 10), (l) => l.map((p) => [p.id, p.consumer, p.deliveriesCounter]));
    await r.add(c.xClaim("x", "g", "carol", 0, "2-0"), entries);
    await r.add(c.xAutoClaim("x", "g", "carol", 0, "0", { COUNT: 10 }), (v) => [v.nextId, entries(v.messages)]);
    await r.add(c.xInfoStream("x"), (v) => [v.length, v["last-generated-id"]]);
    await r.add(c.xInfoGroups("x"), (l) => l.map((v) => [v.name, v.consumers, v.pending, v["last-delivered-id"]]));
    await r.add(c.xInfoConsumers("x", "g"), (l) => l.map((v) => [v.name, v.pending]));
    await r.add(c.xGroupDelConsumer("x", "g", "carol"));
    await r.add(c.xGroupDestroy("x", "g"));
  },
  async keys(r) {
    await r.add(c.set("k", "v"));
    await r.add(c.exists(["k", "k", "nosuch"]));
    await r.add(c.type("k"));
    await r.add(c.objectEncoding("k"));
    await r.add(c.rename("k", "k2"));
    await r.add(c.copy("k2", "k3"));
    await r.add(c.expire("k3", 100));
    await r.add(c.pTTL("k3"), (n) => within(n, 90000, 100000));
    await r.add(c.persist("k3"));
    await r.add(async () => {
      await c.restore("k4", 0, await c.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).dump("k2"));
      return c.get("k4");
    });
    await c.rPush("sorted", ["3", "1", "2"]);
    await r.add(c.sort("sorted", { DIRECTION: "DESC" }));
    await r.add(c.touch(["k2", "k3"]));
    await r.add(c.unlink(["k2", "k3", "nosuch"]));
    await r.add(c.dbSize());
    await Promise.all(range(1000).map((i) => c.set("many:" + i, i)));
    await r.add(collect(c.scanIterator({ MATCH: "many:*", COUNT: 50 })), count);
  },
  async pipeline(r) {
    const all = range(1000).flatMap((i) => [c.set("p:" + i, i), c.get("p:" + i)]); // what is not awaited shares a pipeline
    await r.add(Promise.all(all), (got) => got.filter((v, i) => i % 2 === 1 && v === String((i - 1) / 2)).length);
    const mixed = [c.set("n", 0), c.lPush("l", "x"), c.incr("l"), c.incrBy("n", 2)];
    await r.add(Promise.allSettled(mixed), (got) => got.map((p) => (p.status === "fulfilled" ? p.value : code(p.reason.message))));
  },
  async transaction(r) {
    const values = (all) => all.map((v) => (v instanceof Error ? code(v.message) : v));
    await r.add(c.multi().set("t", 1).incr("t").get("t").exec(), values);
    await r.add(c.multi().set("t", "a").incr("t").set("u", 1).exec().catch((e) => e.replies), values);
    const alone = await make().connect();
    await alone.watch("t");
    await other.set("t", "another's");
    await r.add(alone.multi().set("t", "mine").exec().catch((e) => (e.constructor.name === "WatchError" ? null : e.message)));
    await r.add(c.get("t"));
    await alone.watch("t");
    await r.add(alone.multi().set("t", "mine").exec(), values);
    await r.add(c.get("t"));
    alone.destroy();
  },
  async scripts(r) {
    const lua = "return {KEYS[1], ARGV[1]} -- " + lib.unique();
    const { defineScript } = require("redis");
    const mine = defineScript({
      SCRIPT: lua, NUMBER_OF_KEYS: 1,
      parseCommand(parser, key, arg) {
        parser.pushKey(key);
        parser.push(arg);
      },
      transformReply: (v) => v,
    });
    const scripted = await make({ scripts: { mine } }).connect();
    const evals = async () => calls(await other.info("commandstats"), "eval");
    await r.add(scripted.mine("k", "a"));
    const before = await evals();
    const again = await scripted.mine("k", "a");
    await r.add([again, (await evals()) - before]);
    scripted.destroy();
    await r.add(async () => c.scriptExists(await c.scriptLoad(lua)));
    await r.add(c.eval('return {1, "two", {3, false}, 4.9}'));
    await r.add(c.eval('return redis.call("SET", KEYS[1], ARGV[1])', { keys: ["k"], arguments: ["text"] }));
    await r.add(message(c.eval('return redis.error_reply("MINE it is")')), code);
    await message(c.eval('return redis.call("INCR", KEYS[1])', { keys: ["k"] }));
    await r.add(c.get("k"));
    await r.add(c.evalRo('return redis.call("GET", KEYS[1])', { keys: ["k"] }));
    await c.del("k");
    await r.add(c.functionLoad(lib.library, { REPLACE: true }));
    const add = (n) => c.fCall("add", { keys: ["k"], arguments: [n] });
    await r.add(async () => [await add("5"), await add("6")]);
    await r.add(c.fCallRo("peek", { keys: ["k"] }));
    await r.add(c.functionDelete("lib"));
  },
  async pubsub(r) {
    const sub = await make().connect();
    let arrived;
    const listener = (text, channel) => arrived([channel, text]);
    const next = () => new Promise((done) => (arrived = done));
    await sub.subscribe("ch", listener);
    let came = next();
    await r.add(other.publish("ch", "hello"));
    await r.add(came);
    await sub.pSubscribe("n?ws.*", listener); // node-redis does not tell by which pattern
    came = next();
    await r.add(other.publish("news.it", "ciao"));
    await r.add(came, (v) => ["n?ws.*", ...v]);
    await sub.sSubscribe("sh", listener);
    came = next();
    await r.add(other.sPublish("sh", "there"));
    await r.add(came);
    await r.add(other.pubSubNumSub(["ch"]), (v) => v.ch);
    await sub.unsubscribe("ch");
    await r.add(other.publish("ch", "hello"));
    sub.destroy();
  },
  async blocking(r) {
    const whileBlocked = async (what, act, shape) => {
      const waits = r.add(what(), shape);
      await eventually(() => other.info("clients"), (info) => infoField(info, "blocked_clients") !== "0");
      await act();
      await waits;
    };
    const pair = (v) => v && [v.key, v.element];
    await whileBlocked(() => c.blPop("q", stepTimeout), () => other.rPush("q", "a"), pair);
    await r.add(c.blPop("q", 0.05), pair);
    await whileBlocked(() => c.blMove("q", "r", "LEFT", "RIGHT", stepTimeout), () => other.rPush("q", "b"));
    await whileBlocked(() => c.bzPopMin("z", stepTimeout), () => other.zAdd("z", { score: 1.5, value: "m" }), (v) => [v.key, v.value, v.score]);
    await c.xGroupCreate("x", "g", "$", { MKSTREAM: true });
    const BLOCK = stepTimeout * 1000;
    await whileBlocked(() => c.xRead({ key: "x", id: "$" }, { BLOCK }), () => other.xAdd("x", "5-0", { f: "v" }), byStream);
    await c.xGroupSetId("x", "g", "$");
    await whileBlocked(() => c.xReadGroup("g", "c", { key: "x", id: ">" }, { BLOCK }), () => other.xAdd("x", "6-0", { f: "w" }), byStream);
  },
  async errors(r) {
    await c.set("s", "9223372036854775807");
    await r.failed(c.hGet("s", "f"));
    await r.failed(c.sendCommand(["NOSUCH", "arg"]));
    await r.failed(c.evalSha("0".repeat(40)));
    await r.failed(c.sendCommand(["SET", "s", "v", "WRONG"]));
    await r.failed(c.incr("s"));
    await r.add(message(make({ password: "wrong" }).connect()), code);
  },
};

if (how.protocol === 3) {
  sections.cache = async (r) => {
    const cache = new BasicClientSideCache({ maxEntries: 100 });
    const cached = await make({ clientSideCache: cache }).connect();
    const gets = async () => calls(await other.info("commandstats"), "get");
    await r.add(other.set("ck", 1));
    const before = await gets();
    await r.add(async () => [await cached.get("ck"), await cached.get("ck")]);
    await r.add((await gets()) - before);
    await other.set("ck", 2);
    await r.add(eventually(() => cached.get("ck"), (v) => v !== "1"));
    await other.del("ck");
    await r.add(eventually(() => cached.get("ck"), (v) => v === null));
    cached.destroy();
  };
}

(async () => {
  c = await make().connect();
  other = await make().connect();
  await lib.run(sections, () => other.flushDb());
})().then(
  () => process.exit(0),
  (e) => {
    console.error(e);
    process.exit(1);
  },
);
