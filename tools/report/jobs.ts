/**
 * The runs of all documents, sorted into jobs and their rounds.
 *
 * @module
 */
import {
  type ConnectMode,
  type Engine,
  type Io,
  IO_KINDS,
  type Protocol,
  PROTOCOLS,
  type Role,
} from "../../common/model/protocol.ts";
import type { RunResult, SizeResult } from "../../common/measure/result.ts";
import { ALL_SIZES, allSizesOf } from "./all_sizes.ts";
import { jobName } from "../lib/results_folder.ts";
import type { FoundDocument } from "./documents.ts";
import type { LogFigures, LoggedSize } from "./logs.ts";

/** A document with its logs. */
export interface Source extends FoundDocument {
  /** One for each run of the document; null where there is none. */
  logs: readonly (LogFigures | null)[];
  /** Logs that lie beside the document and are not those of its runs; absent where there are none. */
  strayLogs?: readonly string[];
}

/** One run of a job. */
export interface Round {
  /** Tells which rounds of different jobs were measured together. */
  id: string;
  run: RunResult;
  log: LogFigures | null;
}

/** A message mode: what is exchanged how, whatever the lane. */
export interface Mode {
  connect: ConnectMode;
  reply: boolean;
  clients: number;
  /** Whether the answer is the message itself. */
  expectEcho: boolean;
  /** Messages a second that were asked for; null where each followed an answer. */
  rate: number | null;
}

/** One lane in one mode, full or resumed, seen from one end, with its rounds. */
export interface Job extends Mode {
  /** The lane's name, with "-resumed" where sessions are, and "-traced" where handshakes are. */
  name: string;
  /** The same for people, without the kind of I/O: "TLS (OpenSSL), resumed, traced". */
  label: string;
  protocol: Protocol;
  io: Io;
  engine: Engine | null;
  resume: boolean;
  /** Whether its handshakes were traced, which makes them slower. */
  traced: boolean;
  role: Role;
  /** Number of the machine it ran on, in the order of the documents. */
  machine: number;
  rounds: Round[];
}

/** What one round says about one message size, or about all of them together. */
export interface SizeFigures {
  /** The document's part. */
  result: SizeResult;
  log: LoggedSize | null;
}

/** Sorts the runs; runs of the same job on the same machine are its rounds. */
export function jobsOf(sources: readonly Source[]): Job[] {
  const machines = machinesOf(sources);
  const hasSeveral = machines.some((machine) => machine > 0);
  const jobs = new Map<string, Job>();
  for (const [number, source] of sources.entries()) {
    const counts = new Map<string, number>();
    for (const [i, run] of source.document.runs.entries()) {
      const job = jobOf(run, machines[number]!, hasSeveral);
      const key = `${job.label} ${job.io} ${job.role} ${modeKey(job)}`;
      const count = counts.get(key) ?? 0;
      counts.set(key, count + 1);
      if (!jobs.has(key)) jobs.set(key, job);
      jobs.get(key)!.rounds.push({
        id: `${number}:${count}`,
        run,
        log: logOf(run, source.logs[i]),
      });
    }
  }
  return [...jobs.values()].sort((a, b) => orderOf(a) - orderOf(b));
}

/** A log may have messages that are in no figure, as a warm-up's are: sizes that the run has not. */
function logOf({ sizes }: RunResult, log: LogFigures | null = null): LogFigures | null {
  return log && new Map([...log].filter(([size]) => sizes.some((one) => one.sizeBytes === size)));
}

/**
 * The number of each document's machine, from 0. Only documents of the same machine with the same
 * programs may be put together.
 */
export function machinesOf(sources: readonly FoundDocument[]): number[] {
  // The library is named only where a lane has used it.
  const texts = sources.map(({ document: { environment } }) =>
    JSON.stringify({ ...environment, openssl: null })
  );
  const machines = [...new Set(texts)];
  return texts.map((text) => machines.indexOf(text));
}

/** Ends the name of a job whose handshakes were traced. */
export const TRACED = "-traced";

function jobOf(run: RunResult, machine: number, isOneOfSeveral: boolean): Job {
  const { protocol, io, engine, resume, role, connect, reply, clients, expectEcho = false } = run;
  const rate = run.rate?.wanted ?? null;
  const kind = protocol.toUpperCase();
  const name = protocol === "tls"
    ? `${kind} (${engine === "rustls" ? "rustls" : "OpenSSL"})`
    : kind;
  const traced = run.handshakes !== undefined;
  const manner = `${resume ? ", resumed" : ""}${traced ? ", traced" : ""}`;
  const label = `${name}${manner}${isOneOfSeveral ? ` [${machine + 1}]` : ""}`;
  return {
    ...{ protocol, io, engine, resume, traced, role, connect, reply, clients, expectEcho, rate },
    ...{ label, machine },
    name: `${jobName(run.lane, resume)}${traced ? TRACED : ""}`,
    rounds: [],
  };
}

/** By machine, kind of I/O and protocol; the sort keeps what is left as it came. */
function orderOf({ machine, io, protocol, engine, resume }: Job): number {
  const lane = PROTOCOLS.indexOf(protocol) * 4 + (engine === "openssl" ? 2 : 0) + Number(resume);
  return (machine * 4 + IO_KINDS.indexOf(io)) * 16 + lane;
}

/** A text that is the same for the same mode. */
export function modeKey({ connect, reply, clients, expectEcho, rate }: Mode): string {
  const pace = rate === null ? "" : ` ${rate}/s`;
  return `${connect} ${reply} ${clients}${expectEcho ? " echo" : ""}${pace}`;
}

/** The modes of some jobs, in the order of the jobs. */
export function modesOf(jobs: readonly Job[]): Mode[] {
  return [...new Map(jobs.map((job) => [modeKey(job), job])).values()];
}

/** The message sizes of some jobs, in ascending order. */
export function sizesOf(jobs: readonly Job[]): number[] {
  const sizes = jobs.flatMap(({ rounds }) =>
    rounds.flatMap(({ run }) => run.sizes.map(({ sizeBytes }) => sizeBytes))
  );
  return [...new Set(sizes)].sort((a, b) => a - b);
}

/**
 * What a round says about one size, or about `ALL_SIZES`; null where the size was not measured in
 * it.
 */
export function figuresAt(round: Round, sizeBytes: number): SizeFigures | null {
  const { run, log } = round;
  if (sizeBytes === ALL_SIZES) return { result: pooled(round), log: null };
  const result = run.sizes.find((size) => size.sizeBytes === sizeBytes);
  return result ? { result, log: log?.get(sizeBytes) ?? null } : null;
}

/** All sizes of each round together: they may have to be put together from a log. */
const POOLED = new WeakMap<Round, SizeResult>();

function pooled(round: Round): SizeResult {
  let result = POOLED.get(round);
  if (!result) POOLED.set(round, result = allSizesOf(round.run, round.log));
  return result;
}
