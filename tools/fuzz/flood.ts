/**
 * So many datagrams at a DTLS listener that has clients: what it costs them, and what it leaves.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { type CertificateSet, generateCertificates } from "../../certs/generate.ts";
import { RunError } from "../../common/base/errors.ts";
import { print } from "../../common/base/output.ts";
import { randomNumbers } from "../../common/base/random.ts";
import { sprintf } from "../../common/base/std.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import { type Client, connectTo } from "../soak/clients.ts";
import type { ListenerUsage } from "../soak/listener_order.ts";
import { ListenerProcess } from "../soak/listener_process.ts";
import type { Verdict } from "../soak/verdict.ts";
import { AttackerProcess } from "../siege/attacker_process.ts";
import type { AttackName } from "../siege/attacks.ts";
import { SpoiltSocket } from "./spoilt_socket.ts";

/** What is sent, and how fast. */
export interface Flood {
  times: number;
  /** A second. */
  rate: number;
  ports: number;
  seed: number;
}

/** From here on what a run has cost is judged: shorter ones say nothing. */
const JUDGED = { datagrams: 1_000_000, hellos: 200_000 } as const;
const ALLOWED_BYTES = 10 * 1_000_000;
/** How much longer it may take for a client that keeps to the protocol. */
const ALLOWED = { roundTrip: 3, handshake: 1.5 } as const;

/**
 * Longest wait until what strangers have begun is over: handshakes after ten seconds
 * (HANDSHAKE_TIMEOUT_MS), sessions after {@linkcode IDLE_MS}.
 */
const SETTLED_MS = 30_000;
/** How many are timed before each round of the flood. */
const BEFORE = { exchanges: 500, handshakes: 100 } as const;
/**
 * How long a session may be silent: strangers leave some behind. It is shorter the fewer datagrams
 * there are, as a short flood keeps no client from being heard for long.
 */
const IDLE_MS = { most: 20_000, least: 10_000, perDatagram: 1 } as const;
/** Every client is heard of so many times in that. */
const HEARD = 4;
/** A part of the datagrams comes from the sessions' own addresses. */
const OWN_SHARE = 0.1;

/** Times what is done, and gives a figure in milliseconds. */
async function timed(series: Distribution, act: () => Promise<unknown>): Promise<void> {
  const begunMs = performance.now();
  await act();
  series.record((performance.now() - begunMs) * 1000);
}

/** Long runs go to and fro between quiet and flood: a machine that others use is not always as fast. */
const LONG = { times: 100_000, rounds: 10 } as const;

function isLong({ times }: Flood): boolean {
  return times >= LONG.times;
}

/**
 * So many more come first in long runs, before memory is looked at: V8 compiles what is used often, and
 * malloc(3) keeps what was in use when most strangers' sessions were there.
 */
const WARM_UP = 20_000;

/** A flood at a listener, and what a client does before and during it. */
interface Course {
  name: AttackName;
  port: number;
  set: CertificateSet;
  flood: Flood;
  /** With what comes from clients' own addresses. */
  isLong: boolean;
  /** Again and again while the listener gets warm. */
  warm(): Promise<void>;
  before(): Promise<void>;
  /** @param share how much of the flood was sent, from 0 to 1 */
  during(share: number): Promise<void>;
  /** What the listener uses, for a line after each round. */
  listener: ListenerProcess;
  /** Waits until strangers have left nothing under way. */
  rest(): Promise<ListenerUsage>;
}

/** What a flood came to. */
interface Ran {
  sent: number;
  /** What the listener used before it, warm and at rest. */
  start: ListenerUsage;
  /** When it has begun. */
  begunMs: number;
}

async function run(course: Course): Promise<Ran> {
  const { name, flood, isLong, before, during, listener, rest } = course;
  const rounds = isLong ? LONG.rounds : 1;
  if (isLong) {
    // The rounds have the seeds from the flood's own on.
    await using attackers = await attackersOf(course, flood.seed + rounds, WARM_UP);
    const sent = await untilOver(attackers, course.warm);
    print(`${sent} ${name} sent to begin with\n`);
  }
  const start = await rest();
  const begunMs = performance.now();
  let sent = 0;
  for (let round = 0; round < rounds; round++) {
    await before();
    const times = Math.ceil((flood.times - sent) / (rounds - round));
    await using attackers = await attackersOf(course, flood.seed + round, times);
    sent += await untilOver(attackers, (made) => during((sent + made) / flood.times));
    const { rssBytes, sessions } = await listener.usage();
    print(sprintf("%d %s sent, %.1f MB, %d sessions\n", sent, name, rssBytes / 1e6, sessions));
  }
  return { sent, start, begunMs };
}

function attackersOf(
  { name, port, set, flood }: Course,
  seed: number,
  times: number,
): Promise<AttackerProcess> {
  return AttackerProcess.start({ seed, set, attacks: [{ name, port, ...flood, times }] });
}

/** Does something again and again until the attack is over; gives how often that was made. */
async function untilOver(
  attackers: AttackerProcess,
  act: (made: number) => Promise<void>,
): Promise<number> {
  let [lookedMs, made] = [performance.now(), 0];
  for (;;) {
    await act(made);
    if (performance.now() - lookedMs < 200) continue;
    lookedMs = performance.now();
    const counts = await attackers.counts();
    made = sum(Object.values(counts.made));
    if (counts.running === 0) return made;
  }
}

function sum(all: readonly number[]): number {
  return all.reduce((sum, one) => sum + one, 0);
}

/** A percentile in milliseconds, or the longest time where there are too few: none is left out. */
export function percentile(series: Distribution, which: "p50" | "p99"): number {
  const { max, [which]: found } = series.summary();
  return (found ?? max ?? 0) / 1000;
}

/**
 * Waits until no more sessions are there than there are clients.
 *
 * @throws {RunError} where strangers keep theirs
 * @param meanwhile done between two looks
 */
async function atRest(
  listener: ListenerProcess,
  sessions: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<ListenerUsage> {
  const dueMs = performance.now() + SETTLED_MS;
  let usage = await listener.usage();
  while (usage.sessions > sessions) {
    if (performance.now() > dueMs) {
      throw new RunError(`${usage.sessions} sessions are left, of ${sessions} clients`);
    }
    await delay(500);
    await meanwhile();
    usage = await listener.usage();
  }
  return usage;
}

/** @returns what was added, in bytes */
function sayMemory(start: ListenerUsage, end: ListenerUsage): number {
  const [was, is] = [start, end].map(({ rssBytes }) => rssBytes / 1e6);
  print(sprintf("memory: %.1f MB before, %.1f MB at the end\n", was!, is!));
  return end.rssBytes - start.rssBytes;
}

function sayTimes(what: string, before: number, during: number): void {
  const times = during / before;
  print(sprintf("%s: %.2f ms before, %.2f ms during: %.2f times\n", what, before, during, times));
}

/**
 * Changed datagrams at a listener with open sessions, a tenth of them from the sessions' own
 * addresses.
 *
 * @throws {RunError} where a session is lost, or the listener's process has ended; and in a long run
 * where memory or round trips grow too much
 */
export async function floodWithDatagrams(flood: Flood, sessions: number): Promise<Verdict> {
  const set = await generateCertificates();
  const { most, least, perDatagram } = IDLE_MS;
  const idleTimeoutMs = Math.min(most, least + perDatagram * flood.times);
  await using listener = await ListenerProcess.start(["dtls"], { ...set, idleTimeoutMs });
  const port = listener.ports.dtls;
  const clients: Client[] = [];
  const sockets: SpoiltSocket[] = [];
  using owned = new DisposableStack();
  const random = randomNumbers(flood.seed);
  for (let no = 0; no < sessions; no++) {
    const socket = owned.use(new SpoiltSocket(port, random));
    sockets.push(socket);
    clients.push(await connectTo("dtls", port, set, { socket })());
    await clients[no]!.exchange();
  }
  const before = new Distribution();
  const during = new Distribution();
  const [first] = clients;
  const own = Math.round(flood.times * OWN_SHARE);
  let [spoilt, again] = [0, 0];
  let heardMs = performance.now();
  const hearAll = async () => {
    heardMs = performance.now();
    again += sum(await Promise.all(clients.map((client) => client.exchange())));
  };
  /** A listener ends a session that is silent. */
  const hearInTime = async () => {
    if (performance.now() - heardMs > idleTimeoutMs / HEARD) await hearAll();
  };
  const spoil = async (most: number) => {
    for (; spoilt < most; spoilt++) await sockets[spoilt % sessions]!.spoil();
  };
  const rest = () => atRest(listener, sessions, hearInTime);
  const { sent: theirs, start, begunMs } = await run({
    ...{ name: "datagrams", port, set, listener, rest, isLong: isLong(flood) },
    flood: { ...flood, times: flood.times - own, rate: flood.rate * (1 - OWN_SHARE) },
    async warm() {
      await hearInTime();
      await first!.exchange();
    },
    async before() {
      for (let no = 0; no < BEFORE.exchanges; no++) {
        await hearInTime();
        await timed(before, () => first!.exchange());
      }
      // The strangers' process takes its time to start.
      await hearAll();
    },
    async during(share) {
      await hearInTime();
      await timed(during, async () => again += await first!.exchange());
      await spoil(own * share);
    },
  });
  await spoil(own);
  const sent = theirs + spoilt;
  const seconds = Math.round((performance.now() - begunMs) / 1000);
  print(sprintf("%d datagrams in %d s, %d messages sent again\n", sent, seconds, again));

  await hearAll();
  const end = await rest();
  await hearAll();
  print(`sessions: ${end.sessions}, handshakes that failed: ${end.errors - start.errors}\n`);
  const grown = sayMemory(start, end);
  const [was, is] = [before, during].map((series) => percentile(series, "p99"));
  sayTimes("round trip, 99th percentile", was!, is!);
  for (const client of clients) await client.close();
  if (end.sessions < sessions) throw new RunError(`${sessions - end.sessions} sessions are lost`);
  const held = `${sessions} sessions have stayed, and no other is left`;
  if (sent < JUDGED.datagrams) {
    return {
      held,
      notJudged: `memory and round trips, which count from ${JUDGED.datagrams} datagrams on`,
    };
  }
  if (grown > ALLOWED_BYTES) throw new RunError("memory has grown by more than 10 MB");
  if (is! > was! * ALLOWED.roundTrip) throw new RunError("round trips take over 3 times as long");
  return { held, notJudged: null };
}

/**
 * ClientHellos without a good cookie at a listener, while a client connects again and again.
 *
 * @throws {RunError} where one of them gets a session; and in a long run where handshakes take too
 * long
 */
export async function floodWithHellos(flood: Flood): Promise<Verdict> {
  const set = await generateCertificates();
  await using listener = await ListenerProcess.start(["dtls"], set);
  const port = listener.ports.dtls;
  const connect = connectTo("dtls", port, set);
  let connected = 0;
  const visit = async (series: Distribution) => {
    let client!: Client;
    await timed(series, async () => client = await connect());
    connected++;
    await client.exchange();
    await client.close();
  };
  const before = new Distribution();
  const during = new Distribution();
  const rest = () => atRest(listener, 0);
  const warm = () => visit(new Distribution());
  await warm();
  const { sent, start } = await run({
    ...{ name: "hellos", port, set, flood, listener, rest, warm, isLong: isLong(flood) },
    async before() {
      for (let no = 0; no < BEFORE.handshakes; no++) await visit(before);
    },
    during: () => visit(during),
  });
  const end = await rest();
  print(`${sent} hellos from ${flood.ports} ports, ${connected} handshakes of clients\n`);
  const { established, sessions, errors } = end;
  print(`sessions that were established: ${established}, that are open: ${sessions}\n`);
  sayMemory(start, end);
  const [was, is] = [before, during].map((series) => percentile(series, "p50"));
  sayTimes("handshake, median", was!, is!);
  if (established !== connected || errors > 0) {
    throw new RunError("there were other sessions than the clients'");
  }
  const held = `${connected} handshakes of clients, and no other has got a session`;
  if (sent < JUDGED.hellos) {
    return { held, notJudged: `times, which count from ${JUDGED.hellos} hellos on` };
  }
  if (is! > was! * ALLOWED.handshake) throw new RunError("handshakes take over 1.5 times as long");
  return { held, notJudged: null };
}
