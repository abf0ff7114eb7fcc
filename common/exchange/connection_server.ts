/**
 * The server's side of the exchange over connections. It knows no socket: what arrives, what is
 * answered and when the run has ended, stands here once for all protocols.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe_promise.ts";
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { InterruptedError, TimeoutError } from "../base/errors.ts";
import { STEP_INDEX } from "../measure/clock.ts";
import { ACK, isCopy, MessageError, parseNo } from "../model/message.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type { Security } from "../model/protocol.ts";
import { DUPLICATE, SequenceTracker } from "../model/sequence_tracker.ts";
import { Intake, type ServerRun } from "./intake.ts";
import { LastEnds } from "./last_ends.ts";
import { Pacing } from "./pacing.ts";
import { lossyEndMs } from "./patience.ts";
import { ServedConnection } from "./served_connection.ts";
import type { ServerTransport } from "./transport.ts";

/** The memory of so many connections is kept for later ones. */
const SPARE_CONNECTIONS = 16;

/** Serves a run: takes in what arrives, until every client has done the whole plan. */
export class ConnectionServer<Connection> {
  /** What was agreed on in the first handshake. */
  security: Security | null = null;
  // As in the client: what every message needs has fields of its own.
  readonly #run: ServerRun;
  readonly #options: PairOptions;
  readonly #transport: ServerTransport<Connection>;
  readonly #intake: Intake;
  readonly #reply: boolean;
  /** Whether a message is recorded at once, as its connection's end is no part of it. */
  readonly #keep: boolean;
  /** Whether a client has one connection for all messages, or for all of the last size. */
  readonly #isShared: boolean;
  /** Whether there is one connection in the run, of which no answer is waited for. */
  readonly #isTheOnly: boolean;
  readonly #pacing: Pacing;
  #lastEnds: LastEnds | null = null;
  /** Memory of connections that have ended, for the next ones. */
  readonly #spare: ServedConnection<Connection>[] = [];
  /** Where messages get lost: connections over which the last message has come. */
  readonly #ending = new Set<Connection>();
  /** Set when connections that have not ended are closed: what that does to them is no reason. */
  #isOver = false;
  /** Set where they could have ended by then. */
  #areLate = false;
  /** Of all connections, where a client has one for each message; null where several have. */
  readonly #tracker: SequenceTracker | null;

  /** @param transport is ended with the run */
  constructor(run: ServerRun, transport: ServerTransport<Connection>) {
    const { plan, clients, connect, forever, reply } = run.options;
    this.#run = run;
    this.#options = run.options;
    this.#transport = transport;
    this.#intake = new Intake(run);
    this.#reply = reply;
    this.#keep = connect === "once";
    this.#isShared = connect !== "message";
    this.#isTheOnly = connect === "once" && !reply && clients === 1 && !forever;
    this.#pacing = new Pacing(run.options, run.deadlines);
    this.#tracker = clients === 1 && !forever ? new SequenceTracker(plan) : null;
  }

  /**
   * Serves connections until the run is finished, each by itself.
   *
   * @throws {RunError} when nothing was heard for the idle time
   */
  async serve(): Promise<void> {
    const transport = this.#transport;
    const { end } = this.#intake;
    const { datagrams = false } = transport;
    if (datagrams) end.mayGetLost(true);
    const open = new Map<Connection, Promise<void>>();
    let accepting: Promise<void> | undefined;
    try {
      await end.reached(() => accepting = this.#acceptAll(open));
      transport.stopAccepting();
      // The last clients still have to end their connections; where none does any more, the rest is
      // cut off. Where the answer was lost they send copies first; the end of others was lost.
      const last = datagrams ? [...this.#ending].map((one) => open.get(one)) : open.values();
      const { timeoutMs } = this.#options;
      const endMs = datagrams ? lossyEndMs({ timeoutMs }) : timeoutMs;
      this.#lastEnds = new LastEnds(this.#run.deadlines, endMs);
      await this.#lastEnds.wait(last);
      this.#areLate = !datagrams;
    } finally {
      this.#isOver = true;
      transport.stopAccepting();
      this.#pacing.end();
      for (const connection of open.keys()) await this.#close(connection);
      await Promise.allSettled([accepting, ...open.values()]);
      await transport.end?.();
    }
  }

  async #acceptAll(open: Map<Connection, Promise<void>>): Promise<void> {
    for (;;) {
      const accepting = this.#transport.accept();
      const connection = accepting instanceof Promise ? await accepting : accepting;
      if (connection === null) return;
      this.#intake.end.heard();
      let served = false;
      const serving = this.#serveOne(connection, () => {
        served = true;
        open.delete(connection);
        this.#lastEnds?.ended();
      });
      // Where all calls return values it is over already.
      if (!served) open.set(connection, serving);
    }
  }

  /**
   * One connection, from its handshake to its end; whatever happens to it stays with it.
   *
   * @param onServed called when nothing more will be done for it
   */
  async #serveOne(connection: Connection, onServed: () => void): Promise<void> {
    const transport = this.#transport;
    const served = this.#spare.pop() ?? new ServedConnection<Connection>(this.#intake.outcome);
    const { timer } = served;
    let ended = true;
    served.begin(connection, this.#trackerOf());
    try {
      if (transport.handshake) {
        const handshaking = transport.handshake(connection);
        if (handshaking instanceof Promise) await handshaking;
        timer.mark(STEP_INDEX.handshake);
        this.security ??= transport.security?.(connection) ?? null;
      }
      const serving = this.#options.answer === "ack"
        ? this.#serveMessages(served)
        : this.#serveBytes(served);
      // Where its calls returned values the peer has ended by now.
      if (!served.peerEnded) await serving;
      if (transport.shutdown) {
        const ending = transport.shutdown(connection);
        if (ending instanceof Promise) await ending;
        timer.mark(STEP_INDEX.shutdown);
      }
    } catch (error) {
      ended = false;
      this.#failed(connection, error);
    }
    const closing = this.#close(connection);
    if (closing instanceof Promise) await closing;
    // A close after trouble would have the wait for it in its time.
    if (ended) timer.mark(STEP_INDEX.close);
    // Answered is answered, however the connection ended.
    this.#recordLast(served);
    onServed();
    this.#ending.delete(connection);
    if (this.#isShared && served.hadLastSize) this.#intake.end.connectionEnded(connection);
    if (this.#isTheOnly && served.hadMessage && ended) {
      this.#intake.end.onlyClientEnded(transport.datagrams === true);
    }
    if (!ended) return;
    // After trouble the system might still write to its memory, which is nobody else's then.
    if (this.#spare.length < SPARE_CONNECTIONS) this.#spare.push(served);
    else served[Symbol.dispose]();
  }

  /** Where nothing is answered, the numbers are looked at: those of one client, as far as known. */
  #trackerOf(): SequenceTracker | null {
    if (this.#reply) return null;
    return this.#isShared ? new SequenceTracker(this.#options.plan) : this.#tracker;
  }

  /** With --echo and --discard: takes bytes until the peer ends, whatever they are. */
  async #serveBytes(served: ServedConnection<Connection>): Promise<void> {
    const { connection, bytes } = served;
    const { idleTimeoutMs, answer } = this.#options;
    for (;;) {
      const receiving = this.#transport.receive(connection, bytes, idleTimeoutMs);
      const received = receiving instanceof Promise ? await receiving : receiving;
      if (received === ENDED) break;
      if (received === TOO_LATE) throw tooLate(idleTimeoutMs);
      this.#intake.end.heard();
      if (answer === "discard") {
        this.#intake.recorder.discard(received);
        continue;
      }
      const sending = this.#transport.send(connection, bytes.subarray(0, received));
      if (sending instanceof Promise) await sending;
    }
    served.peerEnded = true;
  }

  /** Takes messages until the peer ends; between them it may be silent for the idle time. */
  async #serveMessages(served: ServedConnection<Connection>): Promise<void> {
    const { connection, bytes, assembler } = served;
    const { idleTimeoutMs, timeoutMs } = this.#options;
    for (;;) {
      const withinMs = assembler.partial ? timeoutMs : idleTimeoutMs;
      const receiving = this.#transport.receive(connection, bytes, withinMs);
      const received = receiving instanceof Promise ? await receiving : receiving;
      if (received === ENDED) break;
      if (received === TOO_LATE) throw tooLate(withinMs);
      for (let at = 0; at < received;) {
        const pausing = assembler.partial ? undefined : this.#pacing.wait();
        if (pausing) await pausing;
        at = assembler.take(bytes, at, received);
        if (!assembler.complete) continue;
        const answering = this.#message(served);
        if (answering instanceof Promise) await answering;
      }
      // A message that is complete was timed a moment ago.
      this.#intake.end.heard(assembler.partial ? undefined : served.timer.lastUs / 1000);
    }
    if (assembler.partial) throw new MessageError("the peer ended in the middle of a message");
    served.peerEnded = true;
  }

  /** One message is there: it is answered, and looked at closely after. */
  #message(served: ServedConnection<Connection>): MaybePromise<void> {
    const { connection, timer } = served;
    this.#recordLast(served);
    timer.mark(STEP_INDEX.receive);
    served.arrivedUs = timer.lastUs;
    const sending = this.#reply ? this.#transport.send(connection, ACK) : undefined;
    return sending instanceof Promise
      ? sending.then(() => this.#answered(served))
      : this.#answered(served);
  }

  /** A message's record waits for the connection's end, which belongs to it, unless it is kept. */
  #answered(served: ServedConnection<Connection>): void {
    const { timer, assembler, connection } = served;
    const transport = this.#transport;
    const intake = this.#intake;
    if (this.#reply) timer.mark(STEP_INDEX.send);
    const { header, sizeBytes } = assembler;
    const no = parseNo(header);
    if (!intake.expects(sizeBytes, no)) {
      intake.unexpected(transport.peer(connection), sizeBytes, no);
      return timer.next();
    }
    served.hadMessage = true;
    const { datagrams } = transport;
    if (intake.end.sawSize(sizeBytes)) served.hadLastSize = true;
    if (datagrams && (isCopy(header) || intake.end.isFinal(sizeBytes, no))) {
      this.#ending.add(connection);
    }
    if (datagrams && isCopy(header)) {
      // It says that its client has ended, and says nothing of the message itself.
      intake.end.copyCame(connection, sizeBytes, no);
      return timer.next();
    }
    const ahead = served.tracker?.take(sizeBytes, no) ?? null;
    if (ahead === DUPLICATE) {
      intake.recorder.duplicate(sizeBytes);
      return timer.next();
    }
    const resumed = transport.resumed?.(connection) ?? false;
    intake.arrived(connection, served.outcome, header, sizeBytes, ahead, served.arrivedUs);
    served.outcome.resumed = resumed;
    served.unrecorded = true;
    if (this.#keep) this.#recordLast(served);
  }

  #failed(connection: Connection, error: unknown): void {
    const { timeoutMs } = this.#options;
    const late = `it has not ended its connection within ${timeoutMs} ms, and is cut off`;
    // Where its end was lost, or the run has failed, it is no trouble of the connection; nor is a
    // pause of this server's own.
    if (this.#isOver && !this.#areLate) return;
    const isLate = this.#isOver && !(error instanceof InterruptedError);
    this.#intake.trouble(this.#transport.peer(connection), isLate ? late : error);
  }

  #recordLast(served: ServedConnection<Connection>): void {
    if (!served.unrecorded) return;
    this.#intake.recorder.message(served.outcome, served.timer);
    served.unrecorded = false;
    served.timer.next();
  }

  #close(connection: Connection): MaybePromise<void> {
    const failed = (error: unknown) =>
      this.#intake.trouble(this.#transport.peer(connection), error);
    try {
      const closing = this.#transport.close(connection);
      if (closing instanceof Promise) return closing.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function tooLate(timeoutMs: number): TimeoutError {
  return new TimeoutError(`timed out after ${timeoutMs} ms`);
}
