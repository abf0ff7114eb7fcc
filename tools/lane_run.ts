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
  side: "both" | "server" | "client";
  host: string;
  /** Null for a free one. */
  port: number | null;
  certs: string;
  /** Folder for results. */
  folder: string;
  /** Words for both scripts. */
  words: string[];
  /** Messages that are exchanged. */
  messages: number;
}

/** What came of a lane. */
export interface LaneReport {
  job: Job;
  /** Both ends ended with exit code 0. */
  ok: boolean;
  interrupted: boolean;
  /** Why it failed, in one line. */
  failure: string | null;
  /** Of the ends that ran here, partial ones too. */
  runs: RunResult[];
  /** The client's or, where only that ran here, the server's. */
  totals: LogTotals | null;
  /** Version text of the library in use. */
  openssl: string | null;
}

/** How often the progress is looked at, in milliseconds. */
const PROGRESS_MS = 200;

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
    const { job, certs, folder, host, side } = this.#options;
    const patience = role === "server" && side === "server"
      ? ["--idle-timeout-ms", String(LONE_SERVER_IDLE_MS)]
      : [];
    const process = new ScriptProcess({
      lane: job.lane,
      role,
      certs,
      results: folder,
      words: [
        ...["--host", host, "--port", String(port), "--quiet"],
        ...["--json", this.#file(role, "json"), "--csv", this.#file(role, "csv")],
        ...patience,
        ...(job.resume ? ["--resume"] : []),
        ...this.#options.words,
      ],
    });
    this.#processes.push(process);
    if (this.#interrupted) process.kill("SIGINT");
    return process;
  }

  #file(role: string, extension: string): string {
    return join(this.#options.folder, `${this.#options.job.name}-${role}.${extension}`);
  }

  /** Looks at how much of the client's log is there. */
  #watch(onProgress: (part: number) => void): Disposable {
    const path = this.#file("client", "csv");
    // A line of the log is some 70 bytes; the bar may be off by a little.
    const expected = this.#options.messages * 70 * STEPS_OF[this.#options.job.lane.protocol];
    const timer = setInterval(async () => {
      const size = await Deno.stat(path).then((stat) => stat.size, () => 0);
      onProgress(size / expected);
    }, PROGRESS_MS);
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
      ok: !failed,
      interrupted: this.#interrupted,
      failure: failed && !this.#interrupted ? failureOf(failed) : null,
      runs: documents.flatMap((document) => document.runs),
      totals: log ? totalsOf(log) : null,
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
