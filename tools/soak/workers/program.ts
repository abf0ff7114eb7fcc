/**
 * A process with Workers on one libssl: started by {@linkcode runWorkers}, as a crash is an exit code.
 *
 * The argument is how many Workers stay. The first line of stdin is a {@linkcode ListenerOrder}, each
 * further one a {@linkcode ProcessQuestion}, and each is answered with a line. It ends with its stdin.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { RunError } from "../../../common/base/errors.ts";
import { print } from "../../../common/base/output.ts";
import { linesOf } from "../child_process.ts";
import type { ListenerOrder } from "../listener_order.ts";
import { countAllocations, openSockets, opensslBytes, usage } from "../usage.ts";
import type {
  ProcessQuestion,
  WorkerOrder,
  WorkerPorts,
  WorkerQuestion,
  WorkerRest,
  WorkersUsage,
} from "./worker_order.ts";

/** How often each of those that stay connects while another Worker comes and goes. */
const BESIDE = 2;
/** The time after which one is terminated goes through so many milliseconds: its connections take as long. */
const MOMENTS = 25;
/** How long what a terminated client has left may take to be given up, and how often it is looked at. */
const REST_MS = 60_000;
const LOOK_MS = 100;

/** A Worker that answers. */
class AskedWorker {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  ports!: WorkerPorts;

  static async start(order: WorkerOrder): Promise<AskedWorker> {
    const asked = new AskedWorker();
    asked.ports = await asked.ask(order) as WorkerPorts;
    return asked;
  }

  /** An error in it ends the process. */
  ask(question: WorkerOrder | WorkerQuestion): Promise<unknown> {
    return new Promise((resolve) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.postMessage(question);
    });
  }

  /** Lets it connect without end, and ends it. */
  async terminate(afterMs: number): Promise<void> {
    this.#worker.postMessage(Infinity);
    await delay(afterMs);
    this.#worker.terminate();
  }
}

/** Sessions and SSL objects of all that stay. */
async function restOf(staying: readonly AskedWorker[]): Promise<WorkerRest> {
  const all = await Promise.all(staying.map((worker) => worker.ask("rest") as Promise<WorkerRest>));
  const sum = (name: keyof WorkerRest) => all.reduce((sum, one) => sum + one[name], 0);
  return { sessions: sum("sessions"), live: sum("live") };
}

/** @throws {RunError} where those that stay do not come to rest */
async function usageAtRest(staying: readonly AskedWorker[]): Promise<WorkersUsage> {
  const dueMs = performance.now() + REST_MS;
  let { sessions, live } = await restOf(staying);
  while (sessions > 0) {
    if (performance.now() > dueMs) throw new RunError(`${sessions} sessions are not given up`);
    await delay(LOOK_MS);
    ({ sessions, live } = await restOf(staying));
  }
  return { ...await usage(), live, opensslBytes: opensslBytes(), sockets: openSockets() };
}

async function serve(count: number): Promise<void> {
  const lines = linesOf(Deno.stdin.readable);
  const order = JSON.parse((await lines.next()).value!) as ListenerOrder;
  if (order.counter !== undefined) countAllocations(order.counter);
  const staying: AskedWorker[] = [];
  for (let no = 0; no < count; no++) {
    staying.push(await AskedWorker.start({ ...order, visited: staying.at(-1)?.ports ?? null }));
  }
  const tell = (value: unknown) => print(`${JSON.stringify(value)}\n`);
  tell(null);
  for await (const line of lines) {
    const question = JSON.parse(line) as ProcessQuestion;
    if (question === "usage") {
      tell(await usageAtRest(staying));
      continue;
    }
    const beside = Promise.all(staying.map((worker) => worker.ask(BESIDE)));
    const visited = staying[question.no % count]!.ports;
    const worker = await AskedWorker.start({ ...order, visited });
    await worker.ask(1);
    if (question.end === "closed") await worker.ask("close");
    else await worker.terminate(question.no % MOMENTS);
    await beside;
    tell(null);
  }
  await Promise.all(staying.map((worker) => worker.ask("close")));
}

if (import.meta.main) await serve(Number(Deno.args[0]));
