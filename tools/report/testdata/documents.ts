/**
 * Made-up documents and logs, always the same: thirteen lanes, resumed ones, one-way ones, rounds.
 *
 * @module
 */
import type { OneWay } from "../../../common/measure/one_way.ts";
import {
  byStep,
  type ConnectMode,
  type Engine,
  type HandshakeCounts,
  type Io,
  laneName,
  type Protocol,
  type Role,
  ROLES,
  type Step,
  STEPS,
} from "../../../common/model/protocol.ts";
import type { CpuTime } from "../../../common/measure/cpu_time.ts";
import type {
  AllSizes,
  ResultDocument,
  RunResult,
  SizeResult,
} from "../../../common/measure/result.ts";
import type { Summary } from "../../../common/measure/statistics.ts";
import { LOG_COLUMNS } from "../../../common/measure/step_log.ts";
import { readMessages } from "../messages.ts";
import { randomNumbers } from "../../../common/base/random.ts";

/** What a made-up run is like. */
export interface FakeRun {
  protocol: Protocol;
  io: Io;
  engine?: Engine;
  resume?: boolean;
  role?: Role;
  reply?: boolean;
  connect?: ConnectMode;
  sizes?: readonly number[];
  /** Makes everything slower or faster. */
  factor?: number;
}

/** The thirteen lanes. */
export const FAKE_LANES: readonly FakeRun[] = (["async", "sync", "spin"] as const).flatMap((
  io,
): FakeRun[] => [
  { protocol: "tcp", io },
  { protocol: "udp", io },
  ...(io === "async" ? [{ protocol: "tls", io, engine: "rustls" } as const] : []),
  { protocol: "tls", io, engine: "openssl" },
  { protocol: "dtls", io, engine: "openssl" },
]);

/** The lanes, and after each OpenSSL one the same with resumed sessions. */
export const FAKE_JOBS: readonly FakeRun[] = FAKE_LANES.flatMap((lane) =>
  lane.engine === "openssl" ? [lane, { ...lane, resume: true }] : [lane]
);

const SIZES = [100, 16384, 4400, 999];

/** Microseconds of each step of a full connection with blocking calls. */
const STEPS_US: Readonly<Record<Protocol, Partial<Record<Step, number>>>> = {
  tcp: { connect: 48, send: 12, receive: 70, close: 18 },
  udp: { send: 8, receive: 62 },
  tls: { connect: 48, handshake: 1900, send: 15, receive: 110, shutdown: 85, close: 20 },
  dtls: { handshake: 3100, send: 14, receive: 82, shutdown: 60, close: 9 },
};

/** What clients' handshakes take, and resumed ones; rustls does not tell. */
const HANDSHAKES = {
  tls: { handshake: countsOf(1, 1330, 1416), resumedHandshake: countsOf(1, 1052, 241) },
  dtls: { handshake: countsOf(3, 1490, 2127), resumedHandshake: countsOf(2, 1769, 241) },
};

function countsOf(roundTrips: number, bytesSent: number, bytesReceived: number): HandshakeCounts {
  return { roundTrips, bytesSent, bytesReceived, datagramsSent: 3, datagramsReceived: 2 };
}

const IO_FACTOR: Readonly<Record<Io, number>> = { async: 1.5, sync: 1, spin: 0.45 };

/** A run of 100 messages a size. */
export function fakeRun(fake: FakeRun): RunResult {
  const { protocol, io, resume = false, role = "client", reply = true } = fake;
  const engine = fake.engine ?? null;
  const isSecure = protocol === "tls" || protocol === "dtls";
  return {
    lane: laneName(protocol, io, engine),
    ...{
      role,
      protocol,
      io,
      engine,
      connect: fake.connect ?? "message",
      resume,
      reply,
      clients: 1,
    },
    security: isSecure
      ? {
        version: protocol === "tls" ? "TLSv1.3" : "DTLSv1.2",
        cipher: protocol === "tls" ? "TLS_AES_256_GCM_SHA384" : "ECDHE-ECDSA-AES256-GCM-SHA384",
        group: engine === "rustls" ? null : "X25519",
        ...{ peer: "CN=server", resumed: resume },
        ...(engine === "openssl" ? HANDSHAKES[protocol === "tls" ? "tls" : "dtls"] : {}),
      }
      : null,
    sizes: (fake.sizes ?? SIZES).map((sizeBytes) => fakeSize(fake, sizeBytes)),
    allSizes: fakeAllSizes(fake),
    cpu: fakeCpu(fake),
  };
}

/** As those of the size in the middle. */
function fakeAllSizes(fake: FakeRun): AllSizes {
  const sizes = [...fake.sizes ?? SIZES].sort((a, b) => a - b);
  const { messageUs, steps } = fakeSize(fake, sizes[sizes.length >> 1]!);
  return { messageUs, steps };
}

function fakeCpu(fake: FakeRun): CpuTime {
  const perMessageUs = Math.round(fakeAllSizes(fake).messageUs.mean! * 0.6);
  const messages = (fake.sizes ?? SIZES).length * 100 - 1;
  return { userUs: perMessageUs * messages, systemUs: 0, perMessageUs };
}

function fakeSize(fake: FakeRun, sizeBytes: number): SizeResult {
  const { protocol, reply = true, resume = false, role = "client" } = fake;
  const steps = stepsOf(fake, sizeBytes);
  const sumUs = STEPS.reduce((sum, step) => sum + (steps[step] ?? 0), 0);
  const lost = protocol === "udp" && !reply ? 7 : 0;
  const oneWay = reply || role === "client" ? {} : { oneWay: oneWayOf(fake, sizeBytes) };
  return {
    ...{ sizeBytes, sent: 100, answered: reply ? 100 : null },
    lost: reply || role === "server" ? lost : null,
    resumed: resume ? 99 : 0,
    messageUs: summaryOf(sumUs),
    steps: byStep((step) => steps[step] ? summaryOf(steps[step]) : null),
    ...oneWay,
  };
}

/** Bytes cost something, with TLS a little more; what is resumed costs a quarter of a handshake. */
function stepsOf(fake: FakeRun, sizeBytes: number): Partial<Record<Step, number>> {
  const { protocol, io, engine, resume, reply = true, connect = "message", factor = 1 } = fake;
  const steps: Partial<Record<Step, number>> = {};
  for (const step of STEPS) {
    let us = STEPS_US[protocol][step];
    if (us === undefined || (step === "receive" && !reply)) continue;
    if (connect === "once" && step !== "send" && step !== "receive") continue;
    if (step === "handshake") us *= (resume ? 0.26 : 1) * (engine === "rustls" ? 0.62 : 1);
    else us *= IO_FACTOR[io];
    if (step === "send" || step === "receive") us += sizeBytes * (engine ? 0.0035 : 0.0021);
    steps[step] = us * factor;
  }
  return steps;
}

function summaryOf(us: number): Summary {
  const at = (factor: number) => Math.round(us * factor * 1000) / 1000;
  return {
    ...{ n: 100, min: at(0.82), p50: at(0.97), p90: at(1.2), p99: at(2.1), max: at(3.4) },
    ...{ mean: at(1), stddev: at(0.21) },
  };
}

function oneWayOf(fake: FakeRun, sizeBytes: number): OneWay {
  const sumUs = STEPS.reduce((sum, step) => sum + (stepsOf(fake, sizeBytes)[step] ?? 0), 0);
  const messagesPerSecond = Math.round(1e6 / sumUs);
  return {
    seconds: 100 * sumUs / 1e6,
    messagesPerSecond,
    megabytesPerSecond: Math.round(messagesPerSecond * sizeBytes / 1e4) / 100,
    duplicates: fake.protocol === "udp" ? 0 : null,
    reordered: fake.protocol === "udp" ? 1 : null,
    delayUs: summaryOf(31),
  };
}

/** A document of some runs. */
export function fakeDocument(
  runs: RunResult[],
  complete = true,
  warnings?: string[],
): ResultDocument {
  return {
    ...{ schemaVersion: 1, tool: "netpairs", version: "0.1.0" },
    startedAt: "2026-01-31T12:00:00.000Z",
    environment: {
      ...{ os: "linux", arch: "x86_64", cpu: "Made-up <CPU> & co", cores: 2, deno: "2.9.6" },
      ...{ openssl: "OpenSSL 3.0.19", hostname: "bench" },
    },
    ...{ complete, ...(warnings ? { warnings } : {}), runs },
  };
}

/** All jobs in five rounds, in both modes, and one-way runs. */
export function fullDocument(): ResultDocument {
  const jobs = [...FAKE_JOBS, ...FAKE_LANES.map(kept)];
  return fakeDocument([...fakeRounds(jobs), ...FAKE_LANES.flatMap(oneWayRuns)]);
}

function kept(job: FakeRun): FakeRun {
  return { ...job, connect: "once" };
}

/** The jobs of the snapshots. */
export const FEW_JOBS: readonly FakeRun[] = [
  { protocol: "tcp", io: "async" },
  { protocol: "tls", io: "async", engine: "rustls" },
  { protocol: "tls", io: "async", engine: "openssl", resume: true },
  { protocol: "tcp", io: "sync" },
];

/** The document of the snapshots: few jobs in five rounds, in both modes, and one lane one-way. */
export function smallDocument(): ResultDocument {
  const udp: FakeRun = { protocol: "udp", io: "sync" };
  const jobs = [...FEW_JOBS, ...FEW_JOBS.filter(({ resume }) => !resume).map(kept)];
  const warnings = ["the machine was busy: end other programs, and measure again"];
  return fakeDocument([...fakeRounds(jobs), ...oneWayRuns(udp)], false, warnings);
}

/** Both ends of jobs, in rounds between which the machine drifts. */
function fakeRounds(jobs: readonly FakeRun[]): RunResult[] {
  const random = randomNumbers(7);
  return [1, 2, 3, 4, 5].flatMap(() => {
    const drift = 1 + 0.3 * random();
    return jobs.flatMap((job) => {
      const factor = drift * (1 + 0.04 * random());
      return [fakeRun({ ...job, factor }), fakeRun({ ...job, factor, role: "server" })];
    });
  });
}

function oneWayRuns(lane: FakeRun): RunResult[] {
  return ROLES.map((role) => fakeRun({ ...lane, role, reply: false, connect: "once" }));
}

/** The log of a run, its first message a slow one, and one lost where `lost` says which. */
export function fakeLog(fake: FakeRun, messages: number, lost = -1): string {
  const random = randomNumbers(11);
  const { protocol, io, engine = null, role = "client" } = fake;
  const of = `${laneName(protocol, io, engine)},${role}`;
  const lines: string[] = [LOG_COLUMNS];
  let startUs = 1_700_000_000_000_000;
  for (const sizeBytes of fake.sizes ?? SIZES) {
    for (let no = 0; no < messages; no++) {
      const factor = (lines.length === 1 ? 40 : 0.8) - 0.2 * Math.log(1 - random());
      for (const [step, us] of Object.entries(stepsOf(fake, sizeBytes))) {
        const durationUs = us * factor;
        const rest = `0,${sizeBytes},${no},${no === lost ? 1 : 0}`;
        lines.push(`${startUs.toFixed(1)},${durationUs.toFixed(3)},${step},${of},${rest}`);
        startUs += durationUs;
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A run as its document would be with this log: numbers and means of its messages are the log's. */
export function fitted(run: RunResult, log: string): RunResult {
  const times = new Map<number, number[]>();
  for (const { sizeBytes, totalUs, isCounted } of readMessages([log])) {
    if (isCounted) times.set(sizeBytes, [...times.get(sizeBytes) ?? [], totalUs]);
  }
  const sizes = run.sizes.map((size) => {
    const us = times.get(size.sizeBytes) ?? [];
    const mean = us.reduce((sum, one) => sum + one, 0) / us.length;
    return { ...size, messageUs: { ...size.messageUs, n: us.length, mean } };
  });
  return { ...run, sizes };
}

const TCP_ASYNC: FakeRun = { protocol: "tcp", io: "async", sizes: [100, 999] };
const UDP_ASYNC: FakeRun = { protocol: "udp", io: "async", sizes: [100, 999] };

/** The text of a document of two lanes in some rounds, the first of which a factor makes slower. */
export function documentOf(rounds: number, factor = 1): string {
  const runs = Array.from({ length: rounds }, (_, i) => [
    fakeRun({ ...TCP_ASYNC, factor: factor * (1 + 0.01 * i) }),
    fakeRun({ ...UDP_ASYNC, factor: 1 + 0.01 * i }),
  ]);
  return JSON.stringify(fakeDocument(runs.flat()));
}
