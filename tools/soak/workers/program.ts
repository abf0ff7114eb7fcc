/**
 * A process with Workers on one libssl: started by {@linkcode runWorkers}, as a crash is an exit code.
 *
 * The argument is how many Workers stay. The first line of stdin is a {@linkcode ListenerOrder}, each
 * further one a {@linkcode ProcessQuestion}, and each is answered with a line, an {@linkcode Answer}.
 * It ends with its stdin.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { RunError } from "../../../common/base/errors.ts";
import { print } from "../../../common/base/output.ts";
import { linesOf } from "../child_process.ts";
import type { ListenerOrder } from "../listener_order.ts";
import { countAllocations, openSockets, opensslBytes, usage } from "../usage.ts";
import {
  type Answer,
  answered,
  answerOf,
  type ProcessQuestion,
  type WorkerPorts,
  type WorkerQuestion,
  type WorkerRest,
  type WorkersUsage,
} from "./worker_order.ts";

/** The moments at which Workers are terminated are spread by that, the golden ratio. */
const NEXT_MOMENT = 0.618;
/** How long all may take to come to rest, and how often they are looked at. */
const REST_MS = 60_000;
const LOOK_MS = 250;

/** A Worker that answers. */
class AskedWorker {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  ports!: WorkerPorts;

  static async start(order: ListenerOrder): Promise<AskedWorker> {
    const asked = new AskedWorker();
    asked.ports = await asked.ask(order) as WorkerPorts;
    return asked;
  }

  /** @throws {RunError} where it has failed */
  async ask(question: ListenerOrder | WorkerQuestion): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Answer<unknown>>();
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.postMessage(question);
    return answered(await promise);
  }

  terminate(): void {
    this.#worker.terminate();
  }
}

/** Stops the Workers that stay, and sums up what they have under way then. */
async function restOf(staying: readonly AskedWorker[]): Promise<WorkerRest> {
  const all = await Promise.all(staying.map((worker) => worker.ask("rest") as Promise<WorkerRest>));
  const sum = (name: keyof WorkerRest) => all.reduce((sum, one) => sum + one[name], 0);
  return { connected: sum("connected"), sessions: sum("sessions"), live: sum("live") };
}

async function usageOf(staying: readonly AskedWorker[]): Promise<WorkersUsage & WorkerRest> {
  const rest = await restOf(staying);
  return { ...await usage(), ...rest, opensslBytes: opensslBytes(), sockets: openSockets() };
}

/**
 * What is used when no session is left, and nothing changes any more: what a terminated client has
 * left is given up by and by, and its thread takes its time to end.
 *
 * @throws {RunError} where sessions are left
 */
async function usageAtRest(staying: readonly AskedWorker[]): Promise<WorkersUsage> {
  const dueMs = performance.now() + REST_MS;
  for (let last = await usageOf(staying);;) {
    await delay(LOOK_MS);
    const used = await usageOf(staying);
    const isSame = (["sockets", "descriptors", "blocks"] as const).every((name) =>
      used[name] === last[name]
    );
    const isLate = performance.now() > dueMs;
    if (used.sessions === 0 && (isSame || isLate)) return used;
    if (isLate) throw new RunError(`${used.sessions} sessions are not given up`);
    last = used;
  }
}

/** @throws {RunError} where it cannot connect, or leaves SSL objects behind that it has closed */
async function comeAndGo(
  order: ListenerOrder,
  visited: WorkerPorts,
  { end, no }: Exclude<ProcessQuestion, "usage">,
): Promise<void> {
  const worker = await AskedWorker.start(order);
  await worker.ask(visited);
  const begunMs = performance.now();
  await worker.ask("once");
  const tookMs = performance.now() - begunMs;
  if (end === "closed") {
    const { live } = await worker.ask("close") as WorkerRest;
    if (live > 0) throw new RunError(`a Worker that has closed all has left ${live} SSL objects`);
    return;
  }
  await worker.ask("start");
  await delay((no + 1) * NEXT_MOMENT % 1 * tookMs);
  worker.terminate();
}

async function startStaying(count: number, order: ListenerOrder): Promise<AskedWorker[]> {
  if (order.counter !== undefined) countAllocations(order.counter);
  const staying: AskedWorker[] = [];
  for (let no = 0; no < count; no++) staying.push(await AskedWorker.start(order));
  for (const [no, worker] of staying.entries()) {
    await worker.ask(staying[(no + 1) % count]!.ports);
  }
  return staying;
}

async function serve(count: number): Promise<void> {
  const lines = linesOf(Deno.stdin.readable);
  const tell = async (act: () => Promise<unknown>) =>
    print(`${JSON.stringify(await answerOf(async () => await act() ?? null))}\n`);
  const order = JSON.parse((await lines.next()).value!) as ListenerOrder;
  let staying: AskedWorker[] = [];
  await tell(async () => {
    staying = await startStaying(count, order);
  });
  for await (const line of lines) {
    const question = JSON.parse(line) as ProcessQuestion;
    await tell(async () => {
      if (question === "usage") return await usageAtRest(staying);
      for (const worker of staying) await worker.ask("start");
      await comeAndGo(order, staying[question.no % count]!.ports, question);
    });
  }
  for (const worker of staying) await worker.ask("close");
}

if (import.meta.main) await serve(Number(Deno.args[0]));
