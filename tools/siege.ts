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
import { sprintf } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { decimal, wholeNumber } from "../common/cli/option_kinds.ts";
import type { AttackOrder } from "./siege/attack_order.ts";
import { AttackerProcess } from "./siege/attacker_process.ts";
import { LegitimateClients } from "./siege/legitimate.ts";
import { type Connect, connectTo } from "./soak/clients.ts";
import type { ListenerUsage, SecureProtocol } from "./soak/listener_order.ts";
import { ListenerProcess } from "./soak/listener_process.ts";

const ALLOWED_GROWTH = 0.1;
/** From here on memory is judged: before, a heap has not settled. */
const JUDGED_MINUTES = 10;
/** Lines are printed so often, or ten times a run. */
const LINE_MS = 60_000;

/** Three processes on one core are slow. */
const handshakeTimeoutMs = 30_000;

const PROTOCOLS = ["tls", "dtls"] as const satisfies SecureProtocol[];

const OPTIONS = {
  minutes: { ...decimal({ min: 0.01, max: 1440 }, "how long; default 60", 60) },
  sessions: wholeNumber([2, 1000], "clients that stay, half of them on TLS", 100),
  percent: wholeNumber([1, 1000], "how much of each attack, 100 is some 4,000 a second", 100),
  seed: wholeNumber([0, 999_999_999], "what the attacks are made from; default is by chance", null),
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
(99th percentile), and of the listener: memory after and before a garbage collection, sessions,
handshakes that failed or had to give way, descriptors. The run fails where a client is lost, where
the listener's process crashes or hangs, also in its end, and, from ${JUDGED_MINUTES} minutes on, where its memory at the end is more than
10 % above that after the first tenth.`,
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
    const seed = values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000_000;
    print(`seed ${seed}\n`);
    const set = await generateCertificates();
    await using listener = await ListenerProcess.start(PROTOCOLS, { ...set, handshakeTimeoutMs });
    const connects = PROTOCOLS.map((protocol) =>
      connectTo(protocol, listener.ports[protocol], set, { handshakeTimeoutMs })
    );
    await using clients = new LegitimateClients();
    await settle(clients, connects, sessions);
    const attacks = attacksOn(listener.ports, percent / 100);
    await using attackers = await AttackerProcess.start({ seed, set, attacks });
    const marks = await watch(minutes * 60_000, { clients, listener, attackers });
    const { made, running } = await attackers.counts();
    print(`attacks: ${Object.entries(made).map((pair) => pair.join(" ")).join(", ")}\n`);
    if (running < attacks.length) throw new RunError("an attack has ended by itself");
    if (minutes >= JUDGED_MINUTES) judgeMemory(marks);
  });
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

/** @throws {RunError} where a client is lost, or a process has ended */
async function watch(
  lengthMs: number,
  { clients, listener, attackers }: Besieged,
): Promise<ListenerUsage[]> {
  const marks: ListenerUsage[] = [];
  const lines = Math.max(10, Math.ceil(lengthMs / LINE_MS));
  const begunMs = performance.now();
  print(" minutes  served visits again  p99 ms   MiB before  sessions errors displaced  descr.\n");
  for (let line = 1; line <= lines; line++) {
    await delay(Math.max(0, begunMs + lengthMs * line / lines - performance.now()));
    const usage = await listener.usage();
    const { running } = await attackers.counts();
    marks.push(usage);
    const { served, visits, again, times } = clients.take();
    print(sprintf(
      "%8.1f %7d %6d %5d %7s %5.1f  %5.1f %9d %6d %9d %7d\n",
      ...[(performance.now() - begunMs) / 60_000, served, visits, again],
      ...[milliseconds(times.summary().p99), mebibytes(usage.rssBytes)],
      ...[mebibytes(usage.beforeBytes), usage.sessions, usage.errors, usage.displaced],
      usage.descriptors,
    ));
    if (clients.lost.length > 0) throw new RunError(`a client is lost: ${clients.lost[0]}`);
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

function mebibytes(bytes: number): number {
  return bytes / 2 ** 20;
}

if (import.meta.main) Deno.exit(await siege(Deno.args));
