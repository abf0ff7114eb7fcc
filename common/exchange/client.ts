/**
 * The client's side of the exchange. It knows no socket: a pair's own script opens connections,
 * what is sent over them, when, and what came of it, stands here once for all protocols.
 *
 * @module
 */
import { formatAddress } from "../base/addresses.ts";
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { EPOCH_US, nowUs, STEP_INDEX, StepTimer } from "../measure/clock.ts";
import type { Deadlines } from "../base/deadline.ts";
import { describe, InterruptedError, RunError, TimeoutError } from "../base/errors.ts";
import { MessageWriter } from "../model/message.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { MAX_REPEAT } from "../model/plan.ts";
import type { Security } from "../model/protocol.ts";
import { ExpectedAnswer } from "./expected_answer.ts";
import type { ClientTransport } from "./transport.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Outcome } from "../measure/outcome.ts";
import { systemCode } from "../base/system_errors.ts";

/** A run without connections none of whose first messages is answered has no server. */
const FIRST_LOST_LIMIT = 3;

/** So many lost in a row are no loss any more: with half of all lost, one run in a million has it. */
const LOST_LIMIT = 20;

/** Copies of a run's last datagram, so that the server learns of the end although some get lost. */
const CLOSING_COPIES = 3;
const CLOSING_PAUSE_MS = 10;

/** What the exchange of a run works with. */
export interface ClientRun {
  readonly options: PairOptions;
  readonly recorder: Recorder;
  readonly deadlines: Deadlines;
  /** Called after each message, answered or not. */
  readonly onExchanged?: () => void;
}

/** One of the clients of a run: sends messages one after the other. */
export class Client<Connection> {
  /** What was agreed on in this client's first handshake. */
  security: Security | null = null;
  // What every message needs of a run has fields of its own: V8 makes code for one kind of object,
  // and a warm-up's options are another than the run's.
  readonly #options: PairOptions;
  readonly #recorder: Recorder;
  readonly #deadlines: Deadlines;
  readonly #onExchanged: ClientRun["onExchanged"];
  readonly #repeat: number;
  readonly #seconds: number | undefined;
  readonly #reply: boolean;
  readonly #waitMs: number;
  readonly #transport: ClientTransport<Connection>;
  readonly #writer: MessageWriter;
  readonly #timer = new StepTimer();
  readonly #answer: ExpectedAnswer;
  /** Whether a connection outlives its first message, and whether it ends with its size. */
  readonly #keep: boolean;
  readonly #endsWithSize: boolean;
  /** What is being exchanged, and what becomes of it: the same memory for every message. */
  #message: Uint8Array = new Uint8Array();
  readonly #outcome: Outcome;
  #connection: Connection | null = null;
  #lostInARow = 0;
  /** What is being done, for an error's line. */
  #doing = "";

  constructor(run: ClientRun, transport: ClientTransport<Connection>, number: number) {
    const { protocol, plan, connect, reply, waitMs } = run.options;
    this.#options = run.options;
    this.#recorder = run.recorder;
    this.#deadlines = run.deadlines;
    this.#onExchanged = run.onExchanged;
    this.#repeat = plan.repeat;
    this.#seconds = plan.seconds;
    this.#reply = reply;
    this.#waitMs = waitMs;
    this.#transport = transport;
    this.#outcome = {
      client: number,
      sizeBytes: 0,
      no: 0,
      answered: false,
      lost: false,
      resumed: false,
    };
    this.#answer = new ExpectedAnswer(run.options);
    this.#writer = new MessageWriter(protocol, Math.max(...plan.sizes));
    this.#keep = connect !== "message" || transport.connectionless === true;
    this.#endsWithSize = connect === "size" && transport.connectionless !== true;
  }

  /**
   * Exchanges all messages of one size.
   *
   * @param lastSize whether the run ends with it
   * @throws {RunError} naming the message at which it failed
   */
  async exchangeSize(sizeBytes: number, lastSize: boolean): Promise<void> {
    try {
      await this.#exchangeAll(sizeBytes);
      const { connectionless } = this.#transport;
      // A server that was told for how long does not wait for a last message.
      const isEnd = lastSize && connectionless && this.#seconds === undefined;
      if (isEnd && !this.#outcome.answered) await this.#repeatLast();
    } catch (cause) {
      if (cause instanceof InterruptedError) throw cause;
      throw this.#failed(sizeBytes, this.#outcome.no, cause);
    }
  }

  /**
   * Ends the run in order: the kept connection is shut down.
   *
   * @throws {RunError} where nothing was answered, or the connection does not end
   */
  async finish(): Promise<void> {
    const last = this.#connection;
    const transport = this.#transport;
    const { plan } = this.#options;
    try {
      this.#doing = "receive an answer from";
      this.#checkAnswered();
      if (last === null) return;
      this.#doing = "end the connection to";
      await transport.shutdown?.(last);
      this.#connection = null;
      await transport.close(last);
    } catch (cause) {
      throw this.#failed(plan.sizes.at(-1)!, this.#outcome.no, cause);
    }
  }

  /** Drops what is open, for an end out of order. */
  async abandon(): Promise<void> {
    try {
      if (this.#connection !== null) await this.#transport.close(this.#connection);
    } catch {
      // The run has failed already; this is not the reason.
    }
    this.#connection = null;
  }

  /**
   * One message after the other, each from its first step to its last. Where the transport's calls
   * return values, nothing is awaited and nothing allocated.
   */
  async #exchangeAll(sizeBytes: number): Promise<void> {
    const deadlines = this.#deadlines;
    const recorder = this.#recorder;
    const transport = this.#transport;
    const timer = this.#timer;
    const outcome = this.#outcome;
    const answer = this.#answer;
    const reply = this.#reply;
    const seconds = this.#seconds;
    const waitMs = this.#waitMs;
    const { timeoutMs } = this.#options;
    const onExchanged = this.#onExchanged;
    const endUs = seconds === undefined ? Infinity : nowUs() + seconds * 1e6;
    outcome.sizeBytes = sizeBytes;
    for (outcome.no = 0;;) {
      deadlines.check();
      const message = this.#message = this.#writer.prepare(outcome.no, sizeBytes);
      answer.to(message);
      timer.start();
      let connection = this.#connection;
      if (connection === null) {
        this.#doing = "connect to";
        const connecting = transport.connect();
        connection = connecting instanceof Promise ? await connecting : connecting;
        this.#connection = connection;
        if (!transport.datagrams) timer.mark(STEP_INDEX.connect);
        if (transport.handshake) {
          const handshaking = transport.handshake(connection);
          if (handshaking) await handshaking;
          timer.mark(STEP_INDEX.handshake);
        }
        this.security ??= transport.security?.(connection) ?? null;
      }
      this.#writer.stamp(EPOCH_US + timer.lastUs);
      this.#doing = "send to";
      const sending = transport.send(connection, message);
      if (sending) await sending;
      timer.mark(STEP_INDEX.send);
      outcome.answered = false;
      if (reply) {
        this.#doing = "receive an answer from";
        const receiving = transport.receive(connection, answer.bytes, timeoutMs);
        const received = typeof receiving === "number" ? receiving : await receiving;
        outcome.answered = answer.isWhole(received) ||
          await this.#completeAnswer(connection, received);
        timer.mark(STEP_INDEX.receive);
        if (outcome.answered) answer.check();
      }
      outcome.lost = reply && !outcome.answered;
      outcome.resumed = transport.resumed?.(connection) ?? false;
      const isLast = this.#endsWithSize && this.#isLast(endUs);
      if (!this.#keep || isLast) {
        const ending = this.#endConnection(connection);
        if (ending instanceof Promise) await ending;
      }
      recorder.message(outcome, timer);
      this.#lostInARow = outcome.lost ? this.#lostInARow + 1 : 0;
      if (outcome.lost) this.#checkServer();
      onExchanged?.();
      const resting = transport.rest?.();
      if (resting) await resting;
      if (waitMs > 0) await deadlines.sleep(waitMs);
      if (isLast || this.#isLast(endUs)) return;
      outcome.no = (outcome.no + 1) % MAX_REPEAT;
    }
  }

  /** @param endUs when messages of its size are no longer sent, where the plan says for how long */
  #isLast(endUs: number): boolean {
    if (this.#seconds !== undefined) return this.#timer.lastUs >= endUs;
    return this.#outcome.no === this.#repeat - 1;
  }

  /** Where messages get lost, nothing tells that the server is gone, but that nothing comes. */
  #checkServer(): void {
    const { connectionless } = this.#transport;
    if (connectionless && this.#recorder.messages >= FIRST_LOST_LIMIT) this.#checkAnswered();
    if (this.#lostInARow >= LOST_LIMIT) {
      throw new RunError(`${LOST_LIMIT} messages in a row were lost; the server is gone`);
    }
  }

  /** A run in which nothing was answered has measured nothing. */
  #checkAnswered(): void {
    const { messages, lost } = this.#recorder;
    if (lost === 0 || messages > lost) return;
    const loss = this.#connection === null
      ? undefined
      : this.#transport.lastLoss?.(this.#connection);
    // That nothing listens there is the guess in any case.
    const isKnown = loss !== undefined && systemCode(loss) !== "ECONNREFUSED";
    throw new RunError(
      isKnown ? `no answer: ${describe(loss)}` : "no answer; is the server running there?",
    );
  }

  /**
   * The answer may come in parts; all of them have the time of a step. The echo of a datagram that
   * was counted as lost is passed over.
   *
   * @param received its first part's length, or what else the first call returned
   * @returns true when the answer has come, false when it is lost
   */
  async #completeAnswer(connection: Connection, received: number): Promise<boolean> {
    const { timeoutMs } = this.#options;
    const answer = this.#answer;
    const transport = this.#transport;
    const dueMs = performance.now() + timeoutMs;
    for (let got = 0; received > 0;) {
      got += received;
      if (answer.isWhole(got)) return true;
      if (transport.datagrams && answer.isOfAnother(got)) got = 0;
      else if (!answer.begins(got)) throw answer.error();
      const leftMs = dueMs - performance.now();
      const rest = answer.bytes.subarray(got);
      received = leftMs > 0 ? await transport.receive(connection, rest, leftMs) : TOO_LATE;
    }
    if (received === ENDED) {
      throw new RunError("the server closed the connection before it answered");
    }
    if (received === TOO_LATE && !this.#transport.datagrams) {
      throw new TimeoutError(`timed out after ${timeoutMs} ms`);
    }
    // It is lost; an empty datagram is no answer either.
    return false;
  }

  #endConnection(connection: Connection): MaybePromise<void> {
    this.#doing = "end the connection to";
    const ending = this.#transport.shutdown?.(connection);
    return ending instanceof Promise
      ? ending.then(() => this.#close(connection))
      : this.#close(connection);
  }

  #close(connection: Connection): MaybePromise<void> {
    if (this.#transport.shutdown) this.#timer.mark(STEP_INDEX.shutdown);
    this.#connection = null;
    const closing = this.#transport.close(connection);
    if (closing instanceof Promise) return closing.then(() => this.#timer.mark(STEP_INDEX.close));
    this.#timer.mark(STEP_INDEX.close);
  }

  /** The server ends with the last message, so it should get it; the copies are not measured. */
  async #repeatLast(): Promise<void> {
    const connection = this.#connection!;
    const { timeoutMs } = this.#options;
    for (let copy = 0; copy < CLOSING_COPIES; copy++) {
      await this.#deadlines.sleep(CLOSING_PAUSE_MS);
      this.#doing = "send to";
      await this.#transport.send(connection, this.#message);
      this.#doing = "receive an answer from";
      if (!this.#reply) continue;
      const received = await this.#transport.receive(connection, this.#answer.bytes, timeoutMs);
      if (await this.#completeAnswer(connection, received)) return;
    }
  }

  #failed(sizeBytes: number, no: number, cause: unknown): RunError {
    const { hostname, port, plan, clients } = this.#options;
    // What failed is said here; a library's own "Cannot ...: " would say it twice.
    const why = describe(cause).replace(/^Cannot [^:]*: /, "");
    const where = `cannot ${this.#doing} ${formatAddress(hostname, port)}: ${why}`;
    const { messages } = this.#recorder;
    if (messages === 0) return new RunError(where, { cause });
    const all = plan.sizes.length * plan.repeat * clients;
    const count = plan.seconds === undefined ? `${messages} of ${all}` : `${messages}`;
    const at = `at message ${no} of size ${sizeBytes}, ${count} exchanged`;
    return new RunError(`${where} (${at})`, { cause });
  }
}
