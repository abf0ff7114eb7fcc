/**
 * Many connections on every secure lane, half of which fail, and what both ends have left of them.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { CertificateSet } from "../../certs/authority.ts";
import { describe, RunError } from "../../common/base/errors.ts";
import { print } from "../../common/base/output.ts";
import { compileCounterOrSayWhy, NOT_COUNTED } from "./counter.ts";
import { eachMinute } from "./each_minute.ts";
import type { Fate } from "./fates.ts";
import type { ListenerKind } from "./listener_order.ts";
import { ListenerProcess } from "./listener_process.ts";
import { type Both, differences, judge, JUDGED_CONNECTIONS, show } from "./left.ts";
import { countAllocations, usage } from "./usage.ts";
import { sayPassed } from "./verdict.ts";

/** The secure lanes; those that spin share all code with those that block. */
export const SECURE_LANES = {
  "dtls-async-openssl": "dtls",
  "tls-async-openssl": "tls",
  "dtls-sync-openssl": "dtls-sync",
  "tls-sync-openssl": "tls-sync",
  "tls-async-rustls": "tls-rustls",
} as const satisfies Record<string, ListenerKind>;

/** One of them. */
export type SecureLane = keyof typeof SECURE_LANES;

/** A handshake that its client has left is given up after that. */
const handshakeTimeoutMs = 1500;
/** A session of DTLS that its client has left when it was through with the handshake. */
const idleTimeoutMs = 2000;
/** How long both ends may take to come to rest, and how often they are looked at. */
const REST_MS = 15_000;
const LOOK_MS = 100;

/** What is run. */
export interface Mixed {
  lanes: readonly SecureLane[];
  connections: number;
  good: CertificateSet;
  foreign: CertificateSet;
}

/**
 * Runs lane after lane.
 *
 * @throws {RunError} where a connection comes out otherwise than it should, or something is left
 */
export async function runMixed({ lanes, ...mixed }: Mixed): Promise<void> {
  using counted = compileCounterOrSayWhy();
  if (counted) countAllocations(counted.path);
  const wrong: string[] = [];
  for (const lane of lanes) {
    try {
      await runLane(lane, mixed, counted?.path);
    } catch (error) {
      wrong.push(`${lane}: ${describe(error)}`);
    }
  }
  if (wrong.length > 0) throw new RunError(wrong.join("; "));
  const notJudged = [
    ...(counted ? [] : [NOT_COUNTED]),
    ...(mixed.connections < JUDGED_CONNECTIONS
      ? [`memory, which counts from ${JUDGED_CONNECTIONS} connections on`]
      : []),
  ];
  sayPassed({ held: "nothing is left on any lane", notJudged: notJudged.join("; ") || null });
}

async function runLane(
  lane: SecureLane,
  { connections, good, foreign }: Omit<Mixed, "lanes">,
  counter: string | undefined,
): Promise<void> {
  const kind = SECURE_LANES[lane];
  await using listener = await ListenerProcess.start([kind], {
    ...good,
    ...{ handshakeTimeoutMs, idleTimeoutMs, counter },
  });
  // What they are made of opens OpenSSL when it is imported.
  const { clientsOf, fateOf } = await import("./fates.ts");
  using clients = clientsOf({ kind, port: listener.ports[kind], good, foreign });
  const lived: Partial<Record<Fate, number>> = {};
  const begunMs = performance.now();
  const firstTenth = Math.ceil(connections / 10);
  const { timers } = await listener.usage();
  /** What a deadline leaves is a timer that fires later. */
  const isQuiet = (both: Both, last: Both | null) =>
    both[1].timers === timers && last !== null && differences(last, both).length === 0;
  let first: Both | undefined;
  const say = eachMinute();
  for (let no = 0; no < connections; no++) {
    if (no === firstTenth) first = await atRest(listener, isQuiet);
    const fate = fateOf(no);
    await clients.live[fate](no);
    lived[fate] = (lived[fate] ?? 0) + 1;
    say(`${lane}: ${no + 1} of ${connections} connections`);
  }
  const seconds = (performance.now() - begunMs) / 1000;
  const settled = first!;
  const end = await atRest(listener, (both) => differences(settled, both).length === 0);
  const counts = Object.entries(lived).map((pair) => pair.join(" ")).join(", ");
  print(`${lane}: ${connections} connections in ${Math.round(seconds)} s: ${counts}\n`);
  print(show(settled, end));
  judge(settled, end, connections);
}

/**
 * Looks until nothing is under way at the listener, as long as that may take; a client that has closed
 * its connection has nothing under way.
 *
 * @param isQuiet whether all is as it should be; it is told what the look before has seen, too
 */
async function atRest(
  listener: ListenerProcess,
  isQuiet: (both: Both, last: Both | null) => boolean,
): Promise<Both> {
  const dueMs = performance.now() + REST_MS;
  const client = await usage();
  for (let last: Both | null = null;;) {
    const both: Both = [client, await listener.usage()];
    if (both[1].sessions === 0 && isQuiet(both, last) || performance.now() > dueMs) return both;
    last = both;
    await delay(LOOK_MS);
  }
}
