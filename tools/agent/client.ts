/**
 * The client of an agent: has it run a lane's server, and compares the clocks.
 *
 * @module
 */
import { formatAddress } from "../../common/base/addresses.ts";
import { describe, EXIT, RunError } from "../../common/base/errors.ts";
import { visibleLine } from "../../common/base/visible.ts";
import type { ClockOffset } from "../../common/measure/one_way.ts";
import { type CertificateFiles, loadCertificates } from "../../common/pem/certificate_files.ts";
import type { TlsConn } from "../../tls/lib/conn.ts";
import { connectTls } from "../../tls/lib/connect.ts";
import type { Ending } from "../lib/children.ts";
import { violationOf } from "../report/documents.ts";
import { offsetBetween, offsetOf, type TimeStamps } from "./clock_offset.ts";
import { type LaneServer, startQuestion } from "./lane_arguments.ts";
import { Lines } from "./lines.ts";
import {
  ALIVE_EVERY_MS,
  type Answer,
  type EndedAnswer,
  MAX_ANSWER_BYTES,
  PROTOCOL_VERSION,
  type Question,
  readAnswer,
  SILENCE_MS,
} from "./messages.ts";
import { timeOfDay } from "./time_of_day.ts";

/** Where an agent is, and what it is shown. */
export interface AgentAddress extends CertificateFiles {
  hostname: string;
  port: number;
  /** How long it may take to end a lane's server that is to end, in milliseconds (default 15,000). */
  stopMs?: number;
}

/** How a lane's server ended that ran on another machine. */
export interface RemoteEnding extends Ending {
  /** Of its clock. */
  offset: ClockOffset | null;
  /** What it has added to its clock, in microseconds. */
  shiftUs: number;
}

/** So many exchanges of time stamps make one comparison of the clocks. */
const SAMPLES = 8;

/** Longest handshake in milliseconds. */
const HANDSHAKE_MS = 10_000;

/** An agent kills a server that does not end by itself within a third of this time. */
const STOP_MS = 15_000;

/** A connection to an agent; one lane's server at a time. */
export class AgentClient {
  /** Why nothing more is to be had of the agent; null while it can be asked. */
  failure: string | null = null;
  readonly #conn: TlsConn;
  readonly #lines: Lines;
  readonly #stopMs: number;
  readonly #nowUs = timeOfDay();
  readonly #alive: ReturnType<typeof setInterval>;
  /** Those that wait for the time, in the order in which they have asked; null for nobody. */
  readonly #askers: ({ askedUs: number; tell: (stamps: TimeStamps | null) => void })[] = [];
  #running: RemoteServer | null = null;
  #reading: Promise<void> = Promise.resolve();

  private constructor(conn: TlsConn, stopMs: number) {
    this.#conn = conn;
    this.#stopMs = stopMs;
    this.#lines = new Lines(conn, MAX_ANSWER_BYTES, this.#nowUs);
    this.#alive = setInterval(() => void this.#timeStamps(), ALIVE_EVERY_MS);
  }

  /**
   * Connects, and waits until the agent has greeted.
   *
   * @throws {RunError} saying in one line why it cannot be used
   */
  static async connect(address: AgentAddress): Promise<AgentClient> {
    const { hostname, port, stopMs = STOP_MS } = address;
    const certificates = await loadCertificates(address, "client");
    let client: AgentClient | null = null;
    try {
      const conn = await connectTls({
        ...certificates,
        ...{ hostname, port, handshakeTimeoutMs: HANDSHAKE_MS },
      });
      client = new AgentClient(conn, stopMs);
      await conn.handshake();
      await client.#greeted();
      client.#reading = client.#read();
      return client;
    } catch (cause) {
      if (client) client.#end();
      const where = formatAddress(hostname, port);
      throw new RunError(`cannot use the agent at ${where}: ${describe(cause)}`, { cause });
    }
  }

  /** Starts a lane's server there. */
  start(server: LaneServer): RemoteServer {
    const running: RemoteServer = this.#running = new RemoteServer(() => void this.#stop(running));
    const ended = async (ending: Ending, before: ClockOffset | null, shiftUs: number) => {
      const offset = offsetBetween(before, await this.#compareClocks());
      running.end({ ...ending, offset, shiftUs });
    };
    (async () => {
      const before = await this.#compareClocks();
      const shiftUs = -Math.round(before?.offsetUs ?? 0) || 0;
      running.onAnswer = (ending) => void ended(ending, before, shiftUs);
      if (this.failure !== null) return running.onAnswer(failed(this.failure));
      if (running.isStopped) return running.onAnswer(failed("it was stopped before it began"));
      await this.#ask(startQuestion(server, shiftUs));
    })().catch((error) => running.onAnswer(failed(describe(error))));
    return running;
  }

  /** An agent that tells the time and does not end the server would have its client wait for ever. */
  async #stop(running: RemoteServer): Promise<void> {
    const late = () => {
      if (this.#running === running) this.#fail("it does not end the lane's server");
    };
    const timer = setTimeout(late, this.#stopMs);
    void running.ended.then(() => clearTimeout(timer));
    await this.#ask({ ask: "stop" });
  }

  /** Ends the connection in order, and with it what runs there. */
  async close(): Promise<void> {
    clearInterval(this.#alive);
    this.failure ??= "it is closed";
    await this.#conn.close();
    await this.#reading;
    this.#end();
  }

  async #greeted(): Promise<void> {
    const answer = await this.#next();
    if (answer === null) throw new RunError("it has ended the connection");
    if (answer.say === "busy") throw new RunError("it serves another client; try again later");
    if (answer.say !== "welcome") throw new RunError("it does not greet as an agent does");
    if (answer.version === PROTOCOL_VERSION) return;
    throw new RunError(
      `it speaks version ${answer.version} of the protocol and this program ${PROTOCOL_VERSION}: ` +
        "use the same version of netpairs on both machines",
    );
  }

  async #next(): Promise<(Answer & { atUs: number }) | null> {
    const line = await this.#lines.read(SILENCE_MS);
    return line && { ...readAnswer(line.value), atUs: line.atUs };
  }

  /** Hands every answer to what waits for it; ends with the connection. */
  async #read(): Promise<void> {
    try {
      for (let answer; (answer = await this.#next());) this.#take(answer);
      this.#fail("it has ended the connection");
    } catch (error) {
      this.#fail(describe(error));
    }
  }

  #take(answer: Answer & { atUs: number }): void {
    if (answer.say === "time") {
      const { receivedUs, sentUs, atUs: answeredUs } = answer;
      const asker = this.#askers.shift();
      if (!asker) throw new RunError("it tells the time without being asked");
      asker.tell({ askedUs: asker.askedUs, receivedUs, sentUs, answeredUs });
    } else if (answer.say === "listening") {
      this.#running?.listens(answer.port);
    } else if (answer.say === "refused") {
      this.#hasEnded(failed(`the agent refuses it: ${visibleLine(answer.why)}`));
    } else if (answer.say === "ended") {
      this.#hasEnded(endingOf(answer));
    } else {
      throw new RunError("it greets again");
    }
  }

  #hasEnded(ending: Ending): void {
    const running = this.#running;
    this.#running = null;
    running?.onAnswer(ending);
  }

  #fail(why: string): void {
    this.failure ??= `the agent is out of reach: ${why}`;
    this.#end();
  }

  #end(): void {
    clearInterval(this.#alive);
    this.#conn.abandon();
    for (const { tell } of this.#askers.splice(0)) tell(null);
    this.#hasEnded(failed(this.failure ?? "it is closed"));
  }

  async #compareClocks(): Promise<ClockOffset | null> {
    const exchanges: TimeStamps[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      const stamps = await this.#timeStamps();
      if (!stamps) return null;
      exchanges.push(stamps);
    }
    return offsetOf(exchanges);
  }

  /** Null where the agent has gone. */
  #timeStamps(): Promise<TimeStamps | null> {
    if (this.failure !== null) return Promise.resolve(null);
    const { promise, resolve: tell } = Promise.withResolvers<TimeStamps | null>();
    this.#lines.writeLate(() => {
      this.#askers.push({ askedUs: this.#nowUs(), tell });
      return { ask: "time" };
    }).catch((error) => {
      this.#fail(describe(error));
      tell(null);
    });
    return promise;
  }

  async #ask(question: Question): Promise<void> {
    try {
      await this.#lines.write(question);
    } catch (error) {
      this.#fail(describe(error));
    }
  }
}

/** A lane's server on another machine. */
export class RemoteServer {
  /** The port that it listens on; null where it ended before it listened. */
  readonly port: Promise<number | null>;
  /** Resolves when it has ended, or is out of reach. */
  readonly ended: Promise<RemoteEnding>;
  /** For {@linkcode AgentClient}: takes the ending that the agent tells. */
  onAnswer: (ending: Ending) => void;
  readonly #listening = Promise.withResolvers<number | null>();
  readonly #ended = Promise.withResolvers<RemoteEnding>();
  readonly #stop: () => void;
  /** Whether it was told to end. */
  isStopped = false;

  /** Made by {@linkcode AgentClient.start}. */
  constructor(stop: () => void) {
    this.#stop = stop;
    this.port = this.#listening.promise;
    this.ended = this.#ended.promise;
    this.onAnswer = (ending) => this.end({ ...ending, offset: null, shiftUs: 0 });
  }

  /** For {@linkcode AgentClient}. */
  listens(port: number): void {
    this.#listening.resolve(port);
  }

  /** For {@linkcode AgentClient}: nothing more is to come. */
  end(ending: RemoteEnding): void {
    this.#listening.resolve(null);
    this.#ended.resolve(ending);
  }

  /** Has it end in order, whatever the signal. */
  kill(_signal: Deno.Signal): void {
    this.isStopped = true;
    this.#stop();
  }
}

function failed(why: string): Ending {
  return { code: EXIT.failed, signal: null, stdout: "", stderr: `error: ${why}` };
}

/** As a server's that has run here. */
function endingOf({ code, why, document }: EndedAnswer): Ending {
  if (document !== undefined) {
    const violation = violationOf(document);
    if (violation !== null) return failed(`the agent's result document: ${violation}`);
  }
  return {
    code,
    signal: null,
    stdout: document === undefined ? "" : JSON.stringify(document),
    stderr: why === undefined ? "" : `error: ${visibleLine(why)}`,
  };
}
