/**
 * One lane from its start to its results.
 *
 * @module
 */
import { EXIT } from "../common/errors.ts";
import type { Lane } from "../common/lanes.ts";
import { STEPS } from "../common/protocol.ts";
import type { ResultDocument, RunResult } from "../common/result.ts";
import { join } from "../common/std.ts";
import { type Ending, failureOf, ScriptProcess } from "./children.ts";
import { type LogTotals, totalsOf } from "./log_reader.ts";
import type { Exchange } from "./progress.ts";
import { readMessages } from "./report/messages.ts";
import type { Cores } from "./rounds_machine.ts";
import { slowStartOf } from "./warnings.ts";

/** A lane and how it is run. */
export interface Job {
  lane: Lane;
  /** Whether sessions are resumed. */
  resume: boolean;
  /** For tables and file names. */
  name: string;
}

/** What a lane is run with. */
export interface LaneRunOptions {
  job: Job;
  /** From 1. */
  round: number;
  side: "both" | "server" | "client";
  host: string;
  /** Null for a free one. */
  port: number | null;
  certs: string;
  /** File with the passphrase of the private keys; null for none. */
  keyPassphraseFile: string | null;
  /** Folder for results. */
  folder: string;
  /** Words for both scripts. */
  words: string[];
  exchange: Exchange;
  /** Where the ends of sync and spin lanes are kept; null for anywhere. */
  cores: Cores | null;
}

/** What came of a lane. */
export interface LaneReport {
  job: Job;
  round: number;
  /** Both ends ended with exit code 0. */
  ok: boolean;
  interrupted: boolean;
  /** Why it failed, in one line. */
  failure: string | null;
  /** Of the ends that ran here, partial ones too. */
  runs: RunResult[];
  /** The client's or, where only that ran here, the server's. */
  totals: LogTotals | null;
  /** How many times as long the first messages took as the rest; null where it is not known. */
  slowStart: number | null;
  /** Version text of the library in use. */
  openssl: string | null;
}

/** How often the progress is looked at, in milliseconds. */
const PROGRESS_MS = 200;

/** A line of a log, about: the bar may be off by a little. */
const LINE_BYTES = 70;

/** A server alone waits for its client for as long as all lanes before it may take. */
const LONE_SERVER_IDLE_MS = 3_600_000;

/** Runs the server, then the client, or one of them. */
export class LaneRun {
  readonly #options: LaneRunOptions;
  readonly #processes: ScriptProcess[] = [];
  #interrupted = false;

  constructor(options: LaneRunOptions) {
    this.#options = options;
  }

  /**
   * Runs the lane to its end, whatever that is.
   *
   * @param onProgress told how far the client is, from 0 to 1
   */
  async run(onProgress: (part: number) => void): Promise<LaneReport> {
    const { side, host } = this.#options;
    const endings: Ending[] = [];
    let server: ScriptProcess | null = null;
    let { port } = this.#options;
    if (side !== "client") {
      server = this.#start("server", port ?? 0);
      port = await server.port;
      if (side === "server" && port !== null) {
        console.error(`${this.#options.job.name}: listening on ${host}:${port}`);
      }
    }
    if (side !== "server" && port !== null) {
      const client = this.#start("client", port);
      using _watch = this.#watch(onProgress);
      endings.push(await client.ended);
      // A client that failed leaves a server that waits.
      if (endings[0]!.code !== EXIT.complete) server?.kill("SIGTERM");
    }
    if (server) endings.push(await server.ended);
    return this.#report(endings);
  }

  /** Ends what runs, in order: partial results are kept. */
  interrupt(): void {
    this.#interrupted = true;
    for (const process of this.#processes) process.kill("SIGINT");
  }

  #start(role: "client" | "server", port: number): ScriptProcess {
    const { job, certs, keyPassphraseFile, folder, host, side, cores } = this.#options;
    const patience = role === "server" && side === "server"
      ? ["--idle-timeout-ms", String(LONE_SERVER_IDLE_MS)]
      : [];
    const process = new ScriptProcess({
      lane: job.lane,
      role,
      certs,
      keyPassphraseFile,
      results: folder,
      words: [
        ...["--host", host, "--port", String(port), "--quiet"],
        ...["--json", this.#file(role, "json"), "--csv", this.#file(role, "csv")],
        ...patience,
        ...(cores && job.lane.io !== "async" ? ["--cpu", String(cores[role])] : []),
        ...(job.resume ? ["--resume"] : []),
        ...this.#options.words,
      ],
    });
    this.#processes.push(process);
    if (this.#interrupted) process.kill("SIGINT");
    return process;
  }

  #file(role: string, extension: string): string {
    const { folder, job, round } = this.#options;
    return join(folder, `${job.name}-${role}${round > 1 ? `-${round}` : ""}.${extension}`);
  }

  /** Looks at how much of the client's log is there, or how long it has been running. */
  #watch(onProgress: (part: number) => void): Disposable {
    const path = this.#file("client", "csv");
    const { job, exchange } = this.#options;
    const startedMs = performance.now();
    const look = async () => {
      if (exchange.messages === null) {
        return (performance.now() - startedMs) / 1000 / (exchange.seconds ?? 1);
      }
      const { size } = await Deno.stat(path).catch(() => ({ size: 0 }));
      const steps = exchange.connect === "once" ? 2 : STEPS_OF[job.lane.protocol];
      return size / (exchange.messages * exchange.clients * steps * LINE_BYTES);
    };
    const timer = setInterval(async () => onProgress(Math.min(await look(), 1)), PROGRESS_MS);
    onProgress(0);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  async #report(endings: Ending[]): Promise<LaneReport> {
    const documents: ResultDocument[] = [];
    for (const role of ["client", "server"]) {
      const text = await readIfThere(this.#file(role, "json"));
      if (text) documents.push(JSON.parse(text));
      await Deno.remove(this.#file(role, "json")).catch(() => {});
    }
    const role = this.#options.side === "server" ? "server" : "client";
    const log = await readIfThere(this.#file(role, "csv"));
    const failed = endings.find((ending) => ending.code !== EXIT.complete);
    return {
      job: this.#options.job,
      round: this.#options.round,
      ok: !failed,
      interrupted: this.#interrupted,
      failure: failed && !this.#interrupted ? failureOf(failed) : null,
      runs: documents.flatMap((document) => document.runs),
      totals: log ? totalsOf(log) : null,
      slowStart: log ? slowStartOf(readMessages(log)) : null,
      openssl: documents.find((document) => document.environment.openssl)?.environment.openssl ??
        null,
    };
  }
}

/** Timed steps of a message on each protocol, a connection per message. */
const STEPS_OF = { tcp: 4, udp: 2, tls: STEPS.length, dtls: STEPS.length - 1 } as const;

function readIfThere(path: string): Promise<string | null> {
  return Deno.readTextFile(path).catch(() => null);
}
