/**
 * The result document: what a client, a server, run_all and bench write with `--json`.
 *
 * Its shape is fixed by result.schema.json; a figure that was not measured is null, never 0.
 *
 * @module
 */
import { cpus } from "node:os";
import { VERSION } from "../base/version.ts";
import { visibleJson } from "../base/visible.ts";
import type { ConnectMode, Engine, Io, Protocol, Role, Security, Step } from "../model/protocol.ts";
import type { CpuTime } from "./cpu_time.ts";
import type { OneWay } from "./one_way.ts";
import type { Rate } from "./rate.ts";
import type { TracedHandshake } from "./traced_handshake.ts";
import type { Summary } from "./statistics.ts";

/** What was exchanged at one message size. */
export interface SizeResult {
  sizeBytes: number;
  /**
   * Messages the clients sent; for a server, what the plan says they send, null if it was cut short
   * or says for how long instead.
   */
  sent: number | null;
  /** Messages answered; null where no answers were asked for. */
  answered: number | null;
  /**
   * Messages (or their answers) that never arrived; null where this end cannot know. Where a server
   * knows only how long was sent, it counts one-way what is missing among the numbers up to the
   * highest that came; null with answers, and where several clients send over a connection for each
   * message, as numbers say nothing there.
   */
  lost: number | null;
  /** By direction, where both ends' documents are joined; absent in all other cases. */
  loss?: Loss;
  /** Messages exchanged over a resumed session. */
  resumed: number;
  /** From a message's first step to its last. */
  messageUs: Summary;
  /** Each step by itself, in microseconds; null for one that the protocol does not have. */
  steps: Record<Step, Summary | null>;
  /**
   * What all messages took together, with the pauses between them; of a client whose size was
   * exchanged to its end. Where the size stands in the plan several times, all of them.
   */
  seconds?: number;
  /** What a server counted of messages that it did not answer; absent in all other cases. */
  oneWay?: OneWay;
}

/** What of a size's messages and answers was lost on the way. */
export interface Loss {
  /** Messages; null where it is not known what has arrived. */
  toServer: number | null;
  /** Answers; null where no answers were asked for. */
  toClient: number | null;
}

/** The messages of all sizes together: what a message of the whole plan takes. */
export type AllSizes = Pick<SizeResult, "messageUs" | "steps">;

/** Bytes that were received and dropped. */
export interface Discarded {
  bytes: number;
  /** From the arrival of the first to that of the last; null where none came. */
  seconds: number | null;
}

/** One end of one lane, over the whole plan. */
export interface RunResult {
  lane: string;
  role: Role;
  protocol: Protocol;
  io: Io;
  engine: Engine | null;
  connect: ConnectMode;
  resume: boolean;
  reply: boolean;
  clients: number;
  /** Client: the answers were the messages themselves; absent where they were `ack`. */
  expectEcho?: true;
  /** Messages a second, where that was asked for; absent where they were sent as answers came. */
  rate?: Rate;
  security: Security | null;
  /** What a server with --discard dropped; absent in all other cases. */
  discarded?: Discarded;
  /**
   * How long the headers were of the messages that a server has received: 32 bytes, or 31 of a
   * program that writes the index with four columns; absent where none has come.
   */
  headerBytes?: number[];
  sizes: SizeResult[];
  /** Absent in documents of earlier versions. */
  allSizes?: AllSizes;
  /** From the end of the first message to the end of the exchange; absent where there was none. */
  cpu?: CpuTime;
  /**
   * With --trace: the first handshakes, the first complete one and the first resumed one; none at an
   * end that was not traced itself. Absent where neither was.
   */
  handshakes?: TracedHandshake[];
  /** Why the run has failed; absent where it has come to its end, and where that is not known. */
  failure?: string;
}

/** The machine and the programs a result was obtained with. */
export interface Environment {
  os: string;
  arch: string;
  /** Model name of the processor; null without `--allow-sys=cpus`. */
  cpu: string | null;
  cores: number;
  deno: string;
  /** Version text of the library in use; null where none was loaded. */
  openssl: string | null;
  /** Null without `--allow-sys=hostname`. */
  hostname: string | null;
}

/** The whole document. */
export interface ResultDocument {
  schemaVersion: 1;
  tool: "netpairs";
  version: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  environment: Environment;
  /** False where a run failed or was interrupted: what is there is partial. */
  complete: boolean;
  /** What makes its figures doubtful, a line each; absent where that was not looked for. */
  warnings?: string[];
  runs: RunResult[];
}

/** Puts the document together. */
export function makeDocument(
  startedAt: Date,
  environment: Environment,
  complete: boolean,
  runs: RunResult[],
  warnings?: string[],
): ResultDocument {
  return {
    schemaVersion: 1,
    tool: "netpairs",
    version: VERSION,
    startedAt: startedAt.toISOString(),
    environment,
    complete,
    ...(warnings ? { warnings } : {}),
    runs,
  };
}

/**
 * Describes this machine, as far as the permissions given allow; it never asks for one.
 *
 * @param openssl the library's version text, or null where none is in use
 */
export function describeEnvironment(openssl: string | null): Environment {
  const model = mayAsk("cpus") ? cpus()[0]?.model.trim() : undefined;
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    cpu: model || null,
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    openssl,
    hostname: mayAsk("hostname") ? Deno.hostname() : null,
  };
}

function mayAsk(kind: "cpus" | "hostname"): boolean {
  return Deno.permissions.querySync({ name: "sys", kind }).state === "granted";
}

/** The document as the text of its file. */
export function formatDocument(document: ResultDocument): string {
  return visibleJson(document);
}
