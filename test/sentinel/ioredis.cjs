// Writes and reads through ioredis in Sentinel mode until standard input ends, and prints what came of it:
// "ok N" for a write that a replica has and that was read back, "lost N" for one that a read did not find, "error TEXT" for an attempt that is repeated.
// usage: node ioredis.cjs NAME PREFIX HOST:PORT…
const Redis = require('ioredis');

const [name, prefix, ...sentinels] = process.argv.slice(2);
const client = new (Redis.Redis || Redis)({
  name,
  sentinels: sentinels.map((a) => ({ host: a.split(':')[0], port: Number(a.split(':')[1]) })),
  connectTimeout: 1000,
  commandTimeout: 2000,
  socketTimeout: 2000, // leaves a server that does not answer any more; without it ioredis waits for the connection to end
  maxRetriesPerRequest: 0,
  // A WAIT that was repeated alone on another connection would acknowledge what it knows nothing of.
  autoResendUnfulfilledCommands: false,
});
client.on('error', () => {}); // attempts report

let running = true;
process.stdin.on('end', () => { running = false; }).resume();

async function once(n) {
  const [set, wait, get] = await client.pipeline().set(prefix + n, n).wait(1, 1000).get(prefix + n).exec();
  for (const [err] of [set, wait, get]) if (err) throw err;
  if (wait[1] < 1) throw new Error('WAIT found no replica');
  return get[1] === String(n);
}

(async () => {
  for (let n = 1; running;) {
    try {
      console.log(`${(await once(n)) ? 'ok' : 'lost'} ${n}`);
      n += 1;
    } catch (err) {
      console.log(`error ${String(err.message).split('\n')[0]}`);
      await new Promise((again) => setTimeout(again, 20));
    }
    await new Promise((again) => setTimeout(again, 2));
  }
  client.disconnect();
})();
