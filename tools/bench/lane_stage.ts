/**
 * Where the lanes have their turn: one server at a time, in a process of its own, and the pair's
 * own client in this one.
 *
 * @module
 */
import { ensureCertificates } from "../../certs/generate.ts";
import { DEFAULT_CERTS } from "../../common/pem/certificate_files.ts";
import { Client } from "../../common/exchange/client.ts";
import type { ClientTransport, Prepare } from "../../common/exchange/transport.ts";
import { setClock } from "../../common/measure/clock.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import { RunError } from "../../common/base/errors.ts";
import { laneOptions, permissionsOf } from "../../common/model/lanes.ts";
import { parseOptions } from "../../common/cli/options.ts";
import type { PairOptions } from "../../common/model/pair_options.ts";
import type { Protocol } from "../../common/model/protocol.ts";
import { Recorder } from "../../common/measure/recorder.ts";
import { writeStderr } from "../../common/base/say.ts";
import { join } from "../../common/base/std.ts";
import { visible } from "../../common/base/visible.ts";
import { prepare as prepareDtls } from "../../dtls/client.ts";
import { prepare as prepareTcp } from "../../tcp/client.ts";
import { prepare as prepareTls } from "../../tls/client.ts";
import { prepare as prepareUdp } from "../../udp/client.ts";
import { failureOf, ROOT, ScriptProcess } from "../lib/children.ts";
import type { BenchCase } from "./matrix.ts";
import { BENCH_NAMES } from "./obstacles.ts";

/** The project's folder of certificates. */
export const CERTS: string = join(ROOT, DEFAULT_CERTS);

/** Both ends have optimized their code by then. */
const WARM_UP_MS = 300;

/** The pairs' own clients. */
export const PREPARE: Readonly<Record<Protocol, Prepare<ClientTransport<unknown>>>> = {
  tcp: prepareTcp,
  udp: prepareUdp,
  tls: prepareTls,
  dtls: prepareDtls,
};

/** On one machine hardly anything is lost: more, and the server is gone. */
const LOST_LIMIT = 3;
const TIMEOUT_MS = 1000;

/** An end that spins sees its answer in about the shortest time there is, if it has its core. */
const SHARED_CORE_FACTOR = 10;

/**
 * Plays one case at a time. The server of the last one is ended first: one that spins would take a
 * core from the others.
 */
export class LaneStage {
  /** The case whose turn it is. */
  playing: BenchCase | null = null;
  /** Where its server listens. */
  port = 0;
  #server: ScriptProcess | null = null;
  #deadlines: Deadlines | null = null;
  #recorder = new Recorder();
  #client: Client<unknown> | null = null;
  #transport: ClientTransport | null = null;
  #hasCertificates = false;
  readonly #certs: string;

  /** @param certs folder of the certificates; default is the project's */
  constructor(certs: string = CERTS) {
    this.#certs = certs;
  }

  /**
   * Begins a case: starts its server, connects to it where the connection is kept, and warms up.
   *
   * @throws {RunError} where the server does not start or does not answer
   */
  async play(bench: BenchCase): Promise<void> {
    await this.close();
    this.playing = bench;
    this.#recorder = new Recorder();
    if (bench.lane.engine !== null) await this.#makeCertificates();
    const port = this.port = await this.#startServer(bench);
    const options = clientOptions(bench, port, this.#certs);
    const deadlines = this.#deadlines = new Deadlines();
    const transport = await PREPARE[bench.lane.protocol](options, deadlines);
    this.#transport = transport;
    this.#client = new Client({ options, recorder: this.#recorder, deadlines }, transport, 0);
    const untilMs = performance.now() + WARM_UP_MS;
    do await this.exchange(); while (performance.now() < untilMs);
  }

  /**
   * One message and its answer.
   *
   * @throws {RunError} where the server is gone
   */
  async exchange(): Promise<void> {
    if (!this.#client) throw new RunError("the case has not begun");
    await this.#client.exchangeSize(this.playing!.sizeBytes, false);
    if (this.#recorder.lost >= LOST_LIMIT) throw new RunError(`${LOST_LIMIT} messages were lost`);
  }

  /**
   * Ends what runs: by the time the call returns the server has been told to, and when the promise
   * resolves it has. May be called at any time, and twice.
   */
  async close(): Promise<void> {
    const [server, client, transport] = [this.#server, this.#client, this.#transport];
    if (this.playing && client) warn(this.playing, this.#recorder);
    server?.kill("SIGKILL");
    this.#deadlines?.close();
    // A blocking lane has taken C's; the next one takes what it takes.
    setClock(undefined);
    this.playing =
      this.#server =
      this.#client =
      this.#transport =
        null;
    await client?.abandon();
    transport?.end?.();
    await server?.ended;
  }

  async #startServer({ lane }: BenchCase): Promise<number> {
    const server = this.#server = new ScriptProcess({
      lane,
      role: "server",
      certs: this.#certs,
      results: this.#certs,
      // It writes nothing.
      permissions: permissionsOf(lane, this.#certs),
      args: ["--port", "0", "--forever", "--quiet"],
    });
    const port = await server.port;
    if (port === null) throw new RunError(`no server: ${failureOf(await server.ended)}`);
    return port;
  }

  async #makeCertificates(): Promise<void> {
    if (this.#hasCertificates) return;
    const { made, summary } = await ensureCertificates({
      dir: this.#certs,
      neededNames: BENCH_NAMES,
    });
    if (made) say(summary);
    this.#hasCertificates = true;
  }
}

/** The options of a client that sends one message whenever it is asked to. */
function clientOptions(bench: BenchCase, port: number, certs: string): PairOptions {
  const { lane, mode, sizeBytes } = bench;
  const options = parseOptions(lane.protocol, "client", [
    ...laneOptions(lane),
    ...["--port", String(port), "--sizes", String(sizeBytes), "--repeat", "1", "--certs", certs],
    ...["--timeout-ms", String(TIMEOUT_MS)],
    ...["--connect", mode === "once" ? "once" : "message"],
    ...(mode === "resumed" ? ["--resume"] : []),
  ]);
  if (typeof options === "string") throw new RunError("help was asked for");
  return options;
}

/** Says what makes a case's figures less than they should be. */
function warn({ lane, mode }: BenchCase, recorder: Recorder): void {
  const { lost } = recorder;
  if (lost > 0) say(`warning: ${lane.name}: ${lost} messages were lost, each for a timeout`);
  const us = recorder.clientResults(true)[0]?.messageUs;
  if (lane.io !== "spin" || mode !== "once" || !us?.p50 || !us.min) return;
  if (us.p50 > SHARED_CORE_FACTOR * us.min) {
    say(`warning: ${lane.name}: the two ends did not have a core each; what else runs here?`);
  }
}

/** `deno bench` takes the console for its table. */
function say(line: string): void {
  writeStderr(visible(`${line}\n`));
}
