/**
 * Several Workers, each with listeners and clients of TLS and DTLS, on one libssl; some are terminated
 * in the middle of a handshake, and the others go on. Started by a test.
 *
 * Arguments: how many Workers, how many connections each of them makes.
 *
 * @module
 */
const WORKER = new URL("./connecting_worker.ts", import.meta.url);

/** The next thing that a Worker says; an error of its own ends this program. */
function word(worker: Worker): Promise<string> {
  return new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
}

function start(connections: number | null): Worker {
  const worker = new Worker(WORKER, { type: "module" });
  worker.postMessage(connections);
  return worker;
}

const [workers, connections] = Deno.args.map(Number);
const steady = Array.from({ length: workers! }, () => start(connections!));
const done = Promise.all(steady.map(word));
for (let round = 0; round < workers!; round++) {
  const doomed = start(null);
  // It connects again and again: where it is then is a matter of chance.
  if (await word(doomed) !== "connected") throw new Error("the Worker did not connect");
  await new Promise((resolve) => setTimeout(resolve, round));
  doomed.terminate();
}
console.log((await done).join(" "));
for (const worker of steady) worker.terminate();
// One that begins now finds all as it should be.
const last = start(1);
console.log(await word(last));
last.terminate();
