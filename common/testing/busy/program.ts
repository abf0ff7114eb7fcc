/**
 * Ends while libcrypto is at work. Started by a test: a crash is an exit code there.
 *
 * Arguments: how it ends, how many Workers are busy.
 *
 * @module
 */
import { Handshakes } from "./handshakes.ts";

const WORKER = new URL("./worker.ts", import.meta.url);

/** Resolves when it is busy. */
async function startWorker(): Promise<Worker> {
  const worker = new Worker(WORKER, { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  return worker;
}

/** The ways to end. */
const ENDINGS: Readonly<Record<string, (workers: Worker[]) => Promise<void>>> = {
  exit: () => Promise.resolve(),
  /** Each is gone in the midst of a handshake, and others go on. */
  async terminate(workers) {
    for (const worker of workers.slice(1)) worker.terminate();
    (await startWorker()).terminate();
    using handshakes = new Handshakes();
    handshakes.makeOne();
  },
  /** SSL_do_handshake is on the stack. */
  callback() {
    using handshakes = new Handshakes(() => Deno.exit(0));
    handshakes.makeOne();
    Deno.exit(2);
  },
};

const [ending = "", count = ""] = Deno.args;
const workers = await Promise.all(Array.from({ length: Number(count) }, startWorker));
await ENDINGS[ending]!(workers);
Deno.exit(0);
