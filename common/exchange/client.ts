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
import { timesIn } from "../model/sequence_tracker.ts";
import type { Security } from "../model/protocol.ts";
import { noteResumed } from "./agreed.ts";
import { ExpectedAnswer } from "./expected_answer.ts";
import { COPIES, COPY_PAUSE_MS, copyAnswerMs, FIRST_LOST, LOST_LIMIT } from "./patience.ts";
import { clientError, goneError, unanswered } from "./client_errors.ts";
import type { Gate } from "./gate.ts";
import type { ClientTransport } from "./transport.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import type { Recorder } from "../measure/recorder.ts";
import { noOutcome, type Outcome } from "../measure/outcome.ts";
import { type Schedule, type Turns, turnsOf } from "./schedule.ts";
import { systemCode } from "../base/system_errors.ts";

/** What the exchange of a run works with. */
export interface ClientRun {
  readonly options: PairOptions;
  readonly recorder: Recorder;
  readonly deadlines: Deadlines;
  /** When messages are due; none where each follows the answer to the one before. */
  readonly schedule?: Schedule | undefined;
  /** Of many clients some connect at a time; none where they are few. */
  readonly gate?: Gate | undefined;
  /** Called after each message, answered or not. */
  readonly onExchanged?: () => void;
  /** Told where nothing has answered yet; the run goes on. */
  readonly onTrouble?: (line: string) => void;
}

/** One of the clients of a run: sends messages one after the other. */
export class Client<Connection> {
  /** What was agreed on in the first client's first handshake; of others it is not asked for. */
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
  readonly #turns: Turns | null;
  readonly #run: ClientRun;
  /** What is being exchanged, and what becomes of it: the same memory for every message. */
  #message: Uint8Array = new Uint8Array();
  readonly #outcome: Outcome;
  #connection: Connection | null = null;
  #lostInARow = 0;
  /** Handshakes in a row for which there was no time enough. */
  #lateHandshakes = 0;
  #hasResumed = false;
  /** Whether a copy of the last message was answered, where no message was. */
  #wasHeard = false;
  /** What is being done, for an error's line. */
  #doing = "";

  constructor(run: ClientRun, transport: ClientTransport<Connection>, number: number) {
    const { protocol, plan, connect, reply, waitMs } = run.options;
    this.#run = run;
    this.#options = run.options;
    this.#recorder = run.recorder;
    this.#deadlines = run.deadlines;
    this.#onExchanged = run.onExchanged;
    this.#repeat = plan.repeat;
    this.#seconds = plan.seconds;
    this.#reply = reply;
    this.#waitMs = waitMs;
    this.#transport = transport;
    this.#outcome = noOutcome(number);
    this.#turns = turnsOf(run, transport, number);
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
      await this.#exchangeAll(sizeBytes, lastSize);
    } catch (cause) {
      if (cause instanceof InterruptedError) throw cause;
      throw this.#failed(sizeBytes, this.#outcome.no, cause);
    } finally {
      this.#turns?.ended(this.#timer);
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
  async #exchangeAll(sizeBytes: number, lastSize: boolean): Promise<void> {
    const deadlines = this.#deadlines;
    const recorder = this.#recorder;
    const transport = this.#transport;
    const timer = this.#timer;
    const outcome = this.#outcome;
    const answer = this.#answer;
    const turns = this.#turns;
    const reply = this.#reply;
    const seconds = this.#seconds;
    const waitMs = this.#waitMs;
    const { timeoutMs } = this.#options;
    const onExchanged = this.#onExchanged;
    const beganUs = turns === null ? nowUs() : turns.begin();
    const endUs = seconds === undefined ? Infinity : beganUs + seconds * 1e6;
    outcome.sizeBytes = sizeBytes;
    for (outcome.no = 0;;) {
      deadlines.check();
      const message = this.#message = this.#writer.prepare(outcome.no, sizeBytes);
      answer.to(message);
      if (turns !== null) await turns.next(timer);
      const gate = this.#connection === null ? this.#run.gate : undefined;
      if (gate) await gate.enter();
      // What waits to be let in is no part of a message, but of one that has been due.
      if (turns === null) timer.start();
      let connection = this.#connection;
      while (connection === null) {
        this.#doing = "connect to";
        const connecting = transport.connect();
        connection = connecting instanceof Promise ? await connecting : connecting;
        this.#connection = connection;
        if (!transport.datagrams) timer.mark(STEP_INDEX.connect);
        if (transport.handshake) {
          try {
            const handshaking = transport.handshake(connection);
            if (handshaking) await handshaking;
          } catch (error) {
            await this.#handshakeFailed(connection, error);
            connection = null;
            continue;
          }
          this.#lateHandshakes = 0;
          timer.mark(STEP_INDEX.handshake);
        }
        if (outcome.client === 0) this.security ??= transport.security?.(connection) ?? null;
      }
      if (!this.#keep) gate?.leave();
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
      // The system takes connections that no server has accepted yet: an answer says that one has.
      if (this.#keep) gate?.leave();
      outcome.lost = reply && !outcome.answered;
      const isOver = seconds === undefined
        ? outcome.no === this.#repeat - 1
        : timer.lastUs >= endUs || turns !== null && turns.dueUs >= endUs;
      outcome.resumed = transport.resumed?.(connection) ?? false;
      if (outcome.resumed && outcome.client === 0 && !this.#hasResumed) {
        this.#hasResumed = true;
        noteResumed(this.security, transport.security?.(connection));
      }
      if (isOver && lastSize && transport.datagrams) {
        await this.#sayEnd(connection);
        timer.skip();
      }
      if (!this.#keep || isOver && this.#endsWithSize) {
        const ending = this.#endConnection(connection);
        if (ending instanceof Promise) await ending;
      }
      recorder.message(outcome, timer);
      this.#lostInARow = outcome.lost ? this.#lostInARow + 1 : 0;
      if (outcome.lost) this.#checkServer(isOver);
      onExchanged?.();
      const resting = transport.rest?.();
      if (resting) await resting;
      // After the last one of all the server waits for the end.
      if (waitMs > 0 && !(isOver && lastSize)) await deadlines.sleep(waitMs);
      if (isOver) return;
      outcome.no = (outcome.no + 1) % MAX_REPEAT;
    }
  }

  /**
   * A handshake may need more flights than get through in its time: on datagrams it begins anew. So
   * does one whose session the server cannot resume, without a session.
   *
   * @throws the error where it is another one, or the last of too many
   */
  async #handshakeFailed(connection: Connection, error: unknown): Promise<void> {
    const refusesSession = this.#transport.refusesSession?.(connection, error);
    await this.abandon();
    if (refusesSession) return this.#warn("cannot resume sessions; none is offered any more");
    if (!this.#transport.datagrams || !(error instanceof TimeoutError)) throw error;
    this.#lateHandshakes++;
    if (this.#lateHandshakes === LOST_LIMIT) {
      throw new TimeoutError(`${error.message}, ${LOST_LIMIT} handshakes in a row`);
    }
    if (this.#lateHandshakes === FIRST_LOST) this.#warn(unanswered("handshakes"));
    this.#deadlines.check();
  }

  #warn(what: string): void {
    const { hostname, port } = this.#options;
    this.#run.onTrouble?.(`warning: ${formatAddress(hostname, port)} ${what}`);
  }

  /** Where messages get lost, nothing tells that the server is gone, but that nothing comes. */
  #checkServer(isOver: boolean): void {
    const { messages, lost } = this.#recorder;
    if (this.#transport.connectionless && messages === lost) {
      if (messages >= FIRST_LOST && this.#lastLoss() !== undefined) this.#checkAnswered();
      if (messages === FIRST_LOST && !isOver) this.#warn(unanswered("messages"));
    }
    if (this.#lostInARow < LOST_LIMIT) return;
    this.#checkAnswered();
    throw goneError();
  }

  /** What the system said of a datagram; undefined where it never did. */
  #lastLoss(): unknown {
    const connection = this.#connection;
    return connection === null ? undefined : this.#transport.lastLoss?.(connection);
  }

  /** A run in which nothing was answered has measured nothing. */
  #checkAnswered(): void {
    const { messages, lost } = this.#recorder;
    if (lost === 0 || messages > lost || this.#wasHeard) return;
    const loss = this.#lastLoss();
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
    // On datagrams a server may end right after its answer, which was lost then.
    if (received === ENDED && (this.#keep || !this.#transport.datagrams)) {
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

  /**
   * The server ends with the last message, which may get lost on its way, as may the answer: copies
   * tell it that this was the last one, until one is answered. What is not answered then was lost,
   * or its answer was; either way the server knows. The copies are not counted, nor timed.
   */
  async #sayEnd(connection: Connection): Promise<void> {
    const { plan } = this.#options;
    // Messages of a size that was sent before do not tell that they are the last.
    const isClear = this.#seconds === undefined && timesIn(plan.sizes, plan.sizes.at(-1)!) === 1;
    if (isClear && this.#outcome.answered) return;
    const withinMs = copyAnswerMs(this.#options);
    const loss = this.#lastLoss();
    this.#writer.markCopy();
    for (let copy = 0; copy < COPIES; copy++) {
      await this.#deadlines.sleep(COPY_PAUSE_MS);
      this.#doing = "send to";
      await this.#transport.send(connection, this.#message);
      if (this.#reply) {
        this.#doing = "receive an answer from";
        const received = await this.#transport.receive(connection, this.#answer.bytes, withinMs);
        if (received === ENDED) return;
        if (received > 0 && await this.#completeAnswer(connection, received)) {
          this.#answer.check();
          this.#wasHeard = true;
          return;
        }
      }
      // Where nothing listens any more the server has ended.
      const latest = this.#lastLoss();
      if (latest !== loss && systemCode(latest) === "ECONNREFUSED") return;
    }
    if (this.#reply) this.#endUnanswered();
  }

  /** A server without connections does not wait for copies, nor does one of another program. */
  #endUnanswered(): void {
    const { connectionless } = this.#transport;
    if (!connectionless && this.#outcome.lost && this.#lostInARow > 0) {
      this.#checkAnswered();
      throw goneError();
    }
    const { messages, lost } = this.#recorder;
    // Where nothing at all was answered that is an error.
    if (messages === lost) return;
    this.#warn("has not confirmed the run's end: it has ended already, or is gone");
  }

  #failed(sizeBytes: number, no: number, cause: unknown): RunError {
    const { messages } = this.#recorder;
    return clientError(this.#options, { doing: this.#doing, sizeBytes, no, messages }, cause);
  }
}
