/**
 * A listener under attack from all sides, and clients that are to be served all the same.
 *
 *     deno task siege --help
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { generateCertificates } from "../certs/generate.ts";
import { RunError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { MAX_SEED, seedByChance } from "../common/base/random.ts";
import { sprintf } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { decimal, wholeNumber } from "../common/cli/option_kinds.ts";
import type { AttackOrder } from "./siege/attack_order.ts";
import { AttackerProcess } from "./siege/attacker_process.ts";
import { LegitimateClients, STARVED_MS } from "./siege/legitimate.ts";
import { type Connect, connectTo, PATIENCE_MS } from "./soak/clients.ts";
import type { ListenerUsage, SecureProtocol } from "./soak/listener_order.ts";
import { ListenerProcess } from "./soak/listener_process.ts";
import { mebibytes } from "./soak/usage.ts";
import { sayPassed, type Verdict } from "./soak/verdict.ts";

const ALLOWED_GROWTH = 0.1;
/** From here on memory is judged: before, a heap has not settled. */
const JUDGED_MINUTES = 10;
/** Lines are printed so often, or ten times a run. */
const LINE_MS = 60_000;

/** Three processes on one core are slow. */
const handshakeTimeoutMs = 30_000;
/**
 * Strangers leave sessions of DTLS behind, which are not to be a part of what memory grows by. A client
 * that stays is never silent for so long: it has given up before.
 */
const idleTimeoutMs = PATIENCE_MS + 5000;

const PROTOCOLS = ["tls", "dtls"] as const satisfies SecureProtocol[];

const OPTIONS = {
  minutes: { ...decimal({ min: 0.01, max: 1440 }, "how long; default 60", 60) },
  sessions: wholeNumber([2, 1000], "clients that stay, half of them on TLS", 100),
  percent: wholeNumber([1, 1000], "how much of each attack, 100 is some 4,000 a second", 100),
  seed: wholeNumber([0, MAX_SEED], "what the attacks are made from; default is by chance", null),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Attacks a listener for TLS and DTLS from all sides, while clients use it.",
  starts: "deno task siege",
  about:
    `A listener and the attackers have processes of their own, the clients are in this one. Side by
side there are: ClientHellos without a good cookie from 500 ports, DTLS and TLS handshakes that are
left half open, changed datagrams and TLS flights, and TCP connections that are reset. The clients
that stay exchange messages, and four more come and go.

A line a minute says what came back to the clients, what they had to send again, their round trips
(99th percentile), and of the listener: memory after a garbage collection and uncollected, sessions,
handshakes that failed or had to give way, descriptors. At the end it says how often each attack was
made, and how often it was to be: on a machine that is too slow it is less.

The run fails where a client is lost; where one that stays is starved, as no message came back to it
for ${
      STARVED_MS / 1000
    } s; where the listener's process crashes or hangs, also in its end; and, in runs of
${JUDGED_MINUTES} minutes or more, where its memory at the end is more than 10 % above that after the first tenth.`,
  options: OPTIONS,
  permissions: {
    "--allow-net": "connections",
    "--allow-ffi": "OpenSSL",
    "--allow-run": "deno, for the listener and the attackers",
  },
};

/**
 * Runs the siege.
 *
 * @returns the exit code
 */
export function siege(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values }) => {
    const { minutes, sessions, percent } = values;
    const seed = values.seed ?? seedByChance();
    print(`seed ${seed}\n`);
    sayPassed(await besiege({ minutes, sessions, share: percent / 100, seed }));
  });
}

/** What is asked for. */
interface Wanted {
  minutes: number;
  sessions: number;
  /** How much of each attack, 1 is all of it. */
  share: number;
  seed: number;
}

async function besiege({ minutes, sessions, share, seed }: Wanted): Promise<Verdict> {
  const set = await generateCertificates();
  const order = { ...set, handshakeTimeoutMs, idleTimeoutMs };
  await using listener = await ListenerProcess.start(PROTOCOLS, order);
  const connects = PROTOCOLS.map((protocol) =>
    connectTo(protocol, listener.ports[protocol], set, { handshakeTimeoutMs })
  );
  await using clients = new LegitimateClients();
  await settle(clients, connects, sessions);
  const attacks = attacksOn(listener.ports, share);
  await using attackers = await AttackerProcess.start({ seed, set, attacks });
  const begunMs = performance.now();
  const marks = await watch(minutes * 60_000, { clients, listener, attackers });
  const { made, running } = await attackers.counts();
  const seconds = (performance.now() - begunMs) / 1000;
  const counts = attacks.map(({ name, rate }) =>
    `${name} ${made[name] ?? 0} of ${Math.round(rate * seconds)}`
  );
  print(`attacks: ${counts.join(", ")}\n`);
  if (running < attacks.length) throw new RunError("an attack has ended by itself");
  const isJudged = minutes >= JUDGED_MINUTES;
  if (isJudged) judgeMemory(marks);
  return {
    held: "every client was served, and the listener went on",
    notJudged: isJudged ? null : `memory, which counts from ${JUDGED_MINUTES} minutes on`,
  };
}

async function settle(clients: LegitimateClients, connects: readonly Connect[], sessions: number) {
  for (let no = 0; no < sessions; no++) {
    const which = no % connects.length;
    await clients.stay(connects[which]!, 500, `session ${no + 1}, ${PROTOCOLS[which]}`);
  }
  for (const [which, connect] of [...connects, ...connects].entries()) {
    clients.comeAndGo(connect, 100, `a visitor, ${PROTOCOLS[which % connects.length]}`);
  }
}

/** How often a second, and from how many ports. */
function attacksOn({ dtls, tls }: ListenerProcess["ports"], share: number): AttackOrder["attacks"] {
  const all = [
    { name: "hellos", port: dtls, rate: 2000, ports: 500 },
    { name: "half-open", port: dtls, rate: 20, ports: 1 },
    { name: "datagrams", port: dtls, rate: 2000, ports: 50 },
    { name: "tls-half-open", port: tls, rate: 20, ports: 1 },
    { name: "tls-changed", port: tls, rate: 20, ports: 1 },
    { name: "tls-resets", port: tls, rate: 20, ports: 1 },
  ] as const;
  return all.map((attack) => ({ ...attack, rate: attack.rate * share, times: null }));
}

interface Besieged {
  clients: LegitimateClients;
  listener: ListenerProcess;
  attackers: AttackerProcess;
}

/** @throws {RunError} where a client is lost or starved, or a process has ended */
async function watch(
  lengthMs: number,
  { clients, listener, attackers }: Besieged,
): Promise<ListenerUsage[]> {
  const marks: ListenerUsage[] = [];
  const lines = Math.max(10, Math.ceil(lengthMs / LINE_MS));
  const begunMs = performance.now();
  const [unit, unitMs] = lengthMs < 10 * LINE_MS ? ["seconds", 1000] : ["minutes", 60_000];
  print(
    ` ${unit}  served visits again  p99 ms   MiB uncollected  sessions errors displaced  descr.\n`,
  );
  for (let line = 1; line <= lines; line++) {
    await delay(Math.max(0, begunMs + lengthMs * line / lines - performance.now()));
    const usage = await listener.usage();
    const { running } = await attackers.counts();
    marks.push(usage);
    const { served, visits, again, times } = clients.take();
    print(sprintf(
      "%8.1f %7d %6d %5d %7s %5.1f %11.1f %9d %6d %9d %7d\n",
      ...[(performance.now() - begunMs) / unitMs, served, visits, again],
      ...[milliseconds(times.summary().p99), mebibytes(usage.rssBytes)],
      ...[mebibytes(usage.beforeBytes), usage.sessions, usage.errors, usage.displaced],
      usage.descriptors,
    ));
    if (clients.lost.length > 0) throw new RunError(`a client is lost: ${clients.lost[0]}`);
    const [starved] = clients.starved();
    if (starved) throw new RunError(`a client is starved: no message has come back to ${starved}`);
    if (running === 0) throw new RunError("all attacks have ended by themselves");
  }
  return marks;
}

function judgeMemory(marks: readonly ListenerUsage[]): void {
  const first = marks[Math.ceil(marks.length / 10) - 1]!.rssBytes;
  const last = marks.at(-1)!.rssBytes;
  const growth = last / first - 1;
  print(sprintf("memory: %+.1f %% since the first tenth\n", growth * 100));
  if (growth > ALLOWED_GROWTH) throw new RunError("memory has grown by more than 10 %");
}

/** Of few times there is no percentile. */
function milliseconds(us: number | null): string {
  return us === null ? "-" : (us / 1000).toFixed(1);
}

if (import.meta.main) Deno.exit(await siege(Deno.args));
