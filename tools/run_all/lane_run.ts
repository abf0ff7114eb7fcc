/**
 * One lane from its start to its results.
 *
 * @module
 */
import { formatAddress } from "../../common/base/addresses.ts";
import { EXIT } from "../../common/base/errors.ts";
import { type Role, STEPS } from "../../common/model/protocol.ts";
import type { ResultDocument, RunResult } from "../../common/measure/result.ts";
import { say } from "../../common/base/say.ts";
import { join } from "../../common/base/std.ts";
import { type Ending, failureOf, ScriptProcess, type ScriptSettings } from "../lib/children.ts";
import { logName } from "../lib/results_folder.ts";
import { piecesOf } from "../report/log_reader.ts";
import { type Exchange, type Job, type LaneReport, messagesOf } from "./job.ts";
import { type LoggedMessage, readMessages } from "../report/messages.ts";
import type { Cores } from "../lib/machine.ts";
import { INTERRUPTED } from "../report/lane_rows.ts";
import { joined } from "./join.ts";
import type { RunningServer, ServerEnding, Servers } from "./servers.ts";
import { slowStartOf } from "./slow_start.ts";
import { type WarmUp, warmUpOf, withoutWarmUp } from "./warm_up.ts";

/** What a lane is run with. */
export interface LaneRunOptions {
  job: Job;
  /** From 1. */
  round: number;
  /** Which side runs from here. */
  side: "both" | Role;
  /** Where the server runs. */
  servers: Servers;
  host: string;
  /** Null for a free one. */
  port: number | null;
  certs: string;
  /** File with the passphrase of the private keys; null for none. */
  keyPassphraseFile: string | null;
  /** Whether handshakes are kept, message by message, of the lanes that can. */
  trace: boolean;
  /** Folder for results. */
  folder: string;
  /** Arguments for both scripts. */
  args: string[];
  /** Key exchange groups of lanes on OpenSSL; null for the library's. */
  groups: string | null;
  exchange: Exchange;
  /** Where the ends of sync and spin lanes are kept; null for anywhere. */
  cores: Cores | null;
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
  readonly #warmUp: WarmUp | null;
  readonly #processes: Pick<ScriptProcess, "kill">[] = [];
  #server: RunningServer | null = null;
  #interrupted = false;

  constructor(options: LaneRunOptions) {
    this.#options = options;
    this.#warmUp = warmUpOf(options.job, options.exchange);
  }

  /** Starts the server, where it runs from here, before {@linkcode run} does. */
  prepare(): void {
    this.#server ??= this.#startServer(this.#options.port ?? 0);
  }

  /** Ends a server that was prepared in vain. */
  async drop(): Promise<void> {
    this.#server?.kill("SIGINT");
    await this.#server?.ended;
  }

  /**
   * Runs the lane to its end, whatever that is.
   *
   * @param onProgress told how far the client is, from 0 to 1
   */
  async run(onProgress: (part: number) => void): Promise<LaneReport> {
    const { side, host } = this.#options;
    const endings: ServerEnding[] = [];
    let { port } = this.#options;
    if (side !== "client") this.prepare();
    const server = this.#server;
    if (server) {
      port = await server.port;
      if (side === "server" && port !== null) {
        say(`${this.#options.job.name}: listening on ${formatAddress(host, port)}`);
      }
    }
    let serverFailure: string | null = null;
    if (side !== "server" && port !== null) {
      const client = this.#started(new ScriptProcess(this.#script("client", port)));
      using _watch = this.#watch(onProgress);
      let isOver = false;
      void server?.ended.then((ending) => {
        // One that could not keep its results has served its client all the same.
        if (isOver || this.#interrupted || documentOf(ending)[0]?.complete) return;
        // On datagrams its client would wait for a long time.
        serverFailure = `the server has gone: ${failureOf(ending)}`;
        client.kill("SIGTERM");
      });
      endings.push(await client.ended);
      isOver = true;
      // A client that failed leaves a server that waits.
      if (endings[0]!.code !== EXIT.complete) server?.kill("SIGTERM");
    }
    if (server) endings.push(await server.ended);
    return this.#report(endings, serverFailure);
  }

  /** Ends what runs, in order: partial results are kept. */
  interrupt(): void {
    this.#interrupted = true;
    for (const process of this.#processes) process.kill("SIGINT");
  }

  #startServer(port: number): RunningServer {
    const { job: { lane, resume }, servers } = this.#options;
    const args = this.#exchangeArgs();
    const cpu = this.#coreOf("server");
    return this.#started(
      servers.start(this.#script("server", port), { lane, resume, cpu, args }),
    );
  }

  #started<P extends Pick<ScriptProcess, "kill">>(process: P): P {
    this.#processes.push(process);
    if (this.#interrupted) process.kill("SIGINT");
    return process;
  }

  #script(role: Role, port: number): ScriptSettings {
    const { job, certs, keyPassphraseFile, folder, host, side } = this.#options;
    const patience = role === "server" && side === "server"
      ? ["--idle-timeout-ms", String(LONE_SERVER_IDLE_MS)]
      : [];
    const cpu = this.#coreOf(role);
    return {
      lane: job.lane,
      role,
      certs,
      keyPassphraseFile,
      results: folder,
      args: [
        ...["--host", host, "--port", String(port), "--quiet"],
        ...["--json", "-", "--csv", this.#logOf(role)],
        ...patience,
        ...(cpu === null ? [] : ["--cpu", String(cpu)]),
        ...(job.resume ? ["--resume"] : []),
        ...(this.#isTraced && (role === "client" || side === "server") ? ["--trace"] : []),
        ...this.#exchangeArgs(),
      ],
    };
  }

  /** What one end sees, the other does, too: the client is traced, or a server by itself. */
  get #isTraced(): boolean {
    const { trace, job: { lane } } = this.#options;
    return trace && lane.engine === "openssl";
  }

  /** What both ends are told of the exchange. */
  #exchangeArgs(): string[] {
    const { job, exchange, args, groups } = this.#options;
    const sizes = this.#warmUp?.sizes ?? exchange.sizes;
    const repeat = exchange.repeat?.[job.connect];
    return [
      ...["--connect", job.connect, "--sizes", sizes.join(",")],
      ...(repeat === undefined ? [] : ["--repeat", String(repeat)]),
      ...(groups === null || job.lane.engine !== "openssl" ? [] : ["--groups", groups]),
      ...args,
    ];
  }

  #coreOf(role: Role): number | null {
    const { cores, job } = this.#options;
    return cores && job.lane.io !== "async" ? cores[role] : null;
  }

  #logOf(role: Role): string {
    const { folder, job, round } = this.#options;
    return join(folder, logName(job.file, role, round));
  }

  /** Looks at how much of the client's log is there, or how long it has been running. */
  #watch(onProgress: (part: number) => void): Disposable {
    const path = this.#logOf("client");
    const { job, exchange } = this.#options;
    const startedMs = performance.now();
    const messages = messagesOf(job, exchange);
    const look = async () => {
      if (messages === null) {
        return (performance.now() - startedMs) / 1000 / (exchange.seconds ?? 1);
      }
      const { size } = await Deno.stat(path).catch(() => ({ size: 0 }));
      const steps = job.connect === "message" ? STEPS_OF[job.lane.protocol] : 2;
      return size / (messages * exchange.clients * steps * LINE_BYTES);
    };
    const timer = setInterval(async () => onProgress(Math.min(await look(), 1)), PROGRESS_MS);
    onProgress(0);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** Reads an end's log, and each once; null where there is none, or where a full disk cut it off. */
  #logReader(): (role: Role) => LoggedMessage[] | null {
    const known = new Map<Role, LoggedMessage[] | null>();
    const read = (role: Role) => {
      try {
        return [...readMessages(piecesOf(this.#logOf(role)))];
      } catch {
        return null;
      }
    };
    return (role) => {
      if (!known.has(role)) known.set(role, read(role));
      return known.get(role)!;
    };
  }

  /** A run that was traced at its other end says so: it has waited for that one. */
  #withTrace(run: RunResult): RunResult {
    return this.#isTraced ? { ...run, handshakes: run.handshakes ?? [] } : run;
  }

  /** What there is of a lane that has failed says so; where there is nothing, that alone. */
  #failedRuns(runs: readonly RunResult[], failure: string): RunResult[] {
    const { job: { lane, resume, connect }, side, exchange } = this.#options;
    const { clients, reply, rate } = exchange;
    const { name, protocol, io, engine } = lane;
    const role = side === "server" ? "server" : "client";
    const none: RunResult = {
      ...{ lane: name, role, protocol, io, engine, connect, resume, reply, clients },
      ...(rate === null ? {} : { rate: { wanted: rate, reached: null } }),
      ...{ security: null, sizes: [] },
    };
    const all = runs.some((run) => run.role === role) ? runs : [this.#withTrace(none), ...runs];
    return all.map((run) => ({ ...run, failure }));
  }

  /** @param serverFailure why the client was ended, where it was */
  #report(endings: readonly ServerEnding[], serverFailure: string | null): LaneReport {
    const { job, round, side } = this.#options;
    const documents = endings.flatMap(documentOf);
    const messagesOf = this.#logReader();
    const warmUp = this.#warmUp;
    const runs = documents.flatMap((document) => document.runs)
      .map((run) => warmUp ? withoutWarmUp(run, warmUp, messagesOf(run.role)) : run)
      .map((run) => this.#withTrace(run));
    const counted = messagesOf(side === "server" ? "server" : "client")
      ?.filter(({ sizeBytes }) => sizeBytes !== warmUp?.sizeBytes);
    const clock = endings.find((ending) => ending.clock)?.clock;
    const failed = endings.find((ending) => ending.code !== EXIT.complete);
    const reason = failed ? serverFailure ?? failureOf(failed) : null;
    const failure = this.#interrupted ? null : reason;
    return {
      job,
      round,
      ok: !failed,
      interrupted: this.#interrupted,
      failure,
      shown: tableOf(endings[0]),
      runs: failed
        ? this.#failedRuns(runs, failure ?? INTERRUPTED)
        : joined(runs, { isComplete: documents.every(({ complete }) => complete), clock }),
      slowStart: counted ? slowStartOf(counted) : null,
      openssl: documents.find((document) => document.environment.openssl)?.environment.openssl ??
        null,
    };
  }
}

/** What a script has printed; a killed one may have printed a part of it, or nothing. */
function documentOf({ stdout }: Ending): ResultDocument[] {
  try {
    return [JSON.parse(stdout)];
  } catch {
    return [];
  }
}

/** Results that cannot be kept are shown, and then it is said why. */
function tableOf(ending: Ending | undefined): string | null {
  const [table, ...rest] = ending?.stderr.split(/^error: cannot write .*\n/m) ?? [];
  return table && rest.length > 0 ? table.replace(/^listening on .*\n/, "").trimEnd() : null;
}

/** Timed steps of a message on each protocol, a connection per message. */
const STEPS_OF = { tcp: 4, udp: 2, tls: STEPS.length, dtls: STEPS.length - 1 } as const;
