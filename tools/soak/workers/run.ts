/**
 * Workers that come and go on one libssl, beside others that stay.
 *
 * @module
 */
import type { CertificateSet } from "../../../certs/authority.ts";
import { RunError } from "../../../common/base/errors.ts";
import { print } from "../../../common/base/output.ts";
import { sprintf } from "../../../common/base/std.ts";
import { AskedProcess } from "../child_process.ts";
import { compileCounterOrSayWhy, NOT_COUNTED } from "../counter.ts";
import { eachMinute } from "../each_minute.ts";
import type { ListenerOrder } from "../listener_order.ts";
import { ALLOWED_GROWTH, growthOf, pointsOf } from "../growth.ts";
import { ALLOWED_BLOCKS } from "../left.ts";
import { mebibytes } from "../usage.ts";
import type { Verdict } from "../verdict.ts";
import {
  type Answer,
  answered,
  type ProcessQuestion,
  type WorkerEnd,
  type WorkersUsage,
} from "./worker_order.ts";

/** So many stay. */
const STAYING = 3;
/** From here on memory is judged. */
export const JUDGED_WORKERS = 500;
/** So much of the Workers comes before the first look: what is wanted for the first time is there. */
const WARM_UP = 0.1;
/** Each that is terminated leaves two descriptors, of 20,000 or so that a process may have. */
export const MOST_WORKERS = 5000;
/** DTLS clients that are gone are given up after that. */
const GIVEN_UP = { handshakeTimeoutMs: 5000, idleTimeoutMs: 5000 } as const;

/** The process that has them, as it is asked. */
class Workers {
  readonly #process: AskedProcess;
  readonly #say = eachMinute();

  constructor(process: AskedProcess) {
    this.#process = process;
  }

  /** @throws {RunError} where something has failed in there */
  async #ask(question: ListenerOrder | ProcessQuestion): Promise<unknown> {
    return answered(await this.#process.ask(question) as Answer<unknown>);
  }

  /** Starts those that stay. */
  async begin(order: ListenerOrder): Promise<void> {
    await this.#ask(order);
  }

  /** Lets so many come and go, one after the other, of which some have done so. */
  async come(end: WorkerEnd, times: number, done = 0): Promise<void> {
    for (let no = done; no < times; no++) {
      await this.#ask({ end, no });
      this.#say(`${no + 1} Workers ${end}`);
    }
  }

  async usage(): Promise<WorkersUsage> {
    return await this.#ask("usage") as WorkersUsage;
  }
}

function show(when: string, used: WorkersUsage): void {
  const { rssBytes, sockets, descriptors, live, blocks, opensslBytes } = used;
  const bytes = opensslBytes === null ? "-" : (opensslBytes / 1024).toFixed(0);
  print(
    sprintf(
      "%-18s %8.1f %7d %7d %5d %8s %8s\n",
      ...[when, mebibytes(rssBytes), descriptors, sockets, live, String(blocks ?? "-"), bytes],
    ),
  );
}

/** What is not as it was, in words. */
function left(before: WorkersUsage, after: WorkersUsage, end: WorkerEnd): string[] {
  const wrong: string[] = [];
  for (const [name, what] of [["sockets", "sockets"], ["live", "SSL objects"]] as const) {
    if (after[name] === before[name]) continue;
    wrong.push(`${after[name]} ${what} after Workers were ${end}, ${before[name]} before`);
  }
  return wrong;
}

function leftByClosed(before: WorkersUsage, after: WorkersUsage): string[] {
  if ((after.blocks ?? 0) - (before.blocks ?? 0) <= ALLOWED_BLOCKS) return [];
  return [`${after.blocks} blocks of OpenSSL's after Workers were closed, ${before.blocks} before`];
}

/** Of each of those that were terminated. */
function sayLeftByTerminated(before: WorkersUsage, after: WorkersUsage, times: number): void {
  const kibibytes = (bytes: number) => `${(bytes / times / 1024).toFixed(0)} KiB`;
  const opensslBytes = after.opensslBytes === null
    ? "what OpenSSL has of it was not counted"
    : `${kibibytes(after.opensslBytes - before.opensslBytes!)} of it OpenSSL's`;
  const resident = kibibytes(after.rssBytes - before.rssBytes);
  print(`each that was terminated has left ${resident}, ${opensslBytes}\n`);
}

/**
 * Lets so many Workers come and close their listeners, and so many be terminated while they connect.
 *
 * @throws {RunError} where a connection of one that stays fails, or something is left that should not
 */
export async function runWorkers(times: number, set: CertificateSet): Promise<Verdict> {
  using counted = compileCounterOrSayWhy();
  const module = new URL("./program.ts", import.meta.url);
  const permissions = ["--allow-net", "--allow-ffi", "--allow-read"];
  await using process = new AskedProcess("the Workers", module, permissions, [String(STAYING)]);
  const workers = new Workers(process);
  await workers.begin({ ...set, ...GIVEN_UP, counter: counted?.path });
  await workers.come("closed", Math.ceil(times * WARM_UP));
  await workers.come("terminated", Math.ceil(times * WARM_UP));
  const before = await workers.usage();
  print("                         MiB  descr. sockets  SSLs   blocks      KiB of OpenSSL's\n");
  show("before", before);
  const points = pointsOf(times);
  const looks: WorkersUsage[] = [];
  for (const [i, point] of points.entries()) {
    await workers.come("closed", point, points[i - 1]);
    looks.push(await workers.usage());
  }
  const closed = looks.at(-1)!;
  show(`${times} closed`, closed);
  // Memory of the Workers that stay settles meanwhile.
  const growth = growthOf(looks.map(({ rssBytes }) => rssBytes));
  print(sprintf("growth %14.1f %%\n", growth * 100));
  await workers.come("terminated", times);
  const terminated = await workers.usage();
  show(`${times} terminated`, terminated);
  sayLeftByTerminated(closed, terminated, times);
  const wrong = [
    ...left(before, closed, "closed"),
    ...leftByClosed(before, closed),
    ...times >= JUDGED_WORKERS && growth > ALLOWED_GROWTH
      ? ["memory goes on growing, by more than 10 %, while Workers are closed"]
      : [],
    ...left(closed, terminated, "terminated"),
  ];
  if (wrong.length > 0) throw new RunError(wrong.join("; "));
  const notJudged = [
    ...counted ? [] : [NOT_COUNTED],
    ...times < JUDGED_WORKERS ? [`memory, which counts from ${JUDGED_WORKERS} Workers on`] : [],
  ];
  return {
    held:
      `${terminated.connected} connections of ${STAYING} Workers that stayed, none failed, and ` +
      "what others closed is gone",
    notJudged: notJudged.join("; ") || null,
  };
}
