/**
 * The server's side of the exchange. It knows no socket: a pair's own script accepts connections,
 * what arrives, what is answered and when the run has ended, stands here once for all protocols.
 *
 * @module
 */
import { EPOCH_US, STEP_INDEX, StepTimer } from "./clock.ts";
import type { Deadline, Deadlines } from "./deadline.ts";
import { describe, InterruptedError, RunError } from "./errors.ts";
import { ACK, MessageAssembler, MessageError, parseNo } from "./message.ts";
import { Arrivals, isMessage, messageLine, timesIn } from "./arrivals.ts";
import type { PairOptions } from "./options.ts";
import type {
  DatagramServerTransport,
  ServerConnection,
  ServerTransport,
} from "./server_transport.ts";
import type { MaybePromise, Security } from "./protocol.ts";
import type { Outcome, Recorder } from "./recorder.ts";

/** What the exchange of a run works with. */
export interface ServerRun {
  readonly options: PairOptions;
  readonly recorder: Recorder;
  readonly deadlines: Deadlines;
  /** Takes a line for every message received; none in a quiet run. */
  readonly onMessage?: (line: string) => void;
  /** Told of every connection that failed; the server serves on. */
  readonly onTrouble: (line: string) => void;
}

/** Big enough for the longest datagram, and for a good part of a stream. */
const RECEIVE_BYTES = 65_536;

/** Serves a run: takes in what arrives, and knows when every client has done the whole plan. */
export class Server {
  /** What was agreed on in the first handshake. */
  security: Security | null = null;
  readonly #run: ServerRun;
  /** How often the plan's last message has to come. */
  readonly #finalsWanted: number;
  readonly #lastSize: number;
  #finals = 0;
  #lossy = false;
  /** Set when datagrams of the last size have come: from then on silence may be the end. */
  #ending = false;
  #silence: Deadline | null = null;
  #finish: () => void = () => {};
  /** With --forever: forgets who was there. */
  #onSilence: () => void = () => {};

  constructor(run: ServerRun) {
    const { plan, clients, forever } = run.options;
    this.#run = run;
    this.#lastSize = plan.sizes.at(-1)!;
    this.#finalsWanted = forever ? Infinity : timesIn(plan.sizes, this.#lastSize) * clients;
  }

  /**
   * Serves connections until the run is finished, each by itself.
   *
   * @throws {RunError} when nothing was heard for the idle time
   */
  async serve(transport: ServerTransport): Promise<void> {
    this.#lossy = transport.lossy === true;
    const open = new Map<ServerConnection, Promise<void>>();
    const accepting = (async () => {
      for (let next; (next = await transport.accept());) {
        const connection = next;
        this.#heard();
        open.set(connection, this.#serveOne(connection).finally(() => open.delete(connection)));
      }
    })();
    try {
      await this.#untilFinished(accepting);
      transport.stopAccepting();
      // The last clients still have to end their connections; those that do not are cut off.
      const { deadlines, options } = this.#run;
      await Promise.race([Promise.all(open.values()), deadlines.sleep(options.timeoutMs)]);
    } finally {
      transport.stopAccepting();
      for (const connection of open.keys()) await this.#close(connection);
      await Promise.allSettled([accepting, ...open.values()]);
      await transport.close?.();
    }
  }

  /**
   * Serves datagrams until the run is finished. As the last message can be lost, silence after a
   * message of the last size ends the run, too; what is missing then is lost.
   *
   * @throws {RunError} when nothing was heard for the idle time
   */
  async serveDatagrams(transport: DatagramServerTransport): Promise<void> {
    const { plan, answer: kind } = this.#run.options;
    const peers = new Map<string, Arrivals>();
    const timer = new StepTimer();
    timer.start();
    const running = transport.run((bytes, peer, answer) => {
      if (kind !== "ack") {
        this.#heard();
        return kind === "echo" ? this.#guarded(peer, () => answer(bytes)) : undefined;
      }
      timer.mark(STEP_INDEX.receive);
      if (!isMessage(bytes)) {
        this.#run.onTrouble(`${peer}: a datagram that is not a message of this program`);
        return;
      }
      let arrivals = peers.get(peer);
      if (!arrivals) peers.set(peer, arrivals = new Arrivals(plan));
      return this.#datagram(bytes, peer, arrivals, answer, timer);
    });
    this.#onSilence = () => peers.clear();
    try {
      await this.#untilFinished(running);
    } finally {
      transport.close();
      await Promise.allSettled([running]);
    }
  }

  /** Resolves when the run is finished, rejects when it cannot be any more. */
  async #untilFinished(running: Promise<void>): Promise<void> {
    const finished = Promise.withResolvers<void>();
    this.#finish = finished.resolve;
    const { deadlines, options } = this.#run;
    using silence = deadlines.add((error) => {
      if (error instanceof InterruptedError) finished.reject(error);
      else if (options.forever) {
        this.#onSilence();
        silence.arm(options.idleTimeoutMs);
      } else if (this.#ending) finished.resolve();
      else finished.reject(this.#idle());
    });
    this.#silence = silence;
    this.#heard();
    running.then(() => finished.resolve(), finished.reject);
    await finished.promise;
    this.#silence = null;
  }

  /** Something came from a peer: the silence begins anew. */
  #heard(): void {
    const { timeoutMs, idleTimeoutMs, waitMs } = this.#run.options;
    // A client waits that long for a lost answer before its next message.
    const ending = Math.min(2 * timeoutMs + waitMs, idleTimeoutMs);
    this.#silence?.arm(this.#ending ? ending : idleTimeoutMs);
  }

  #idle(): RunError {
    const { idleTimeoutMs, plan, clients } = this.#run.options;
    const all = plan.sizes.length * plan.repeat * clients;
    const { messages } = this.#run.recorder;
    return new RunError(
      `nothing heard for ${idleTimeoutMs} ms, ${messages} of ${all} messages received`,
    );
  }

  /** One connection, from its handshake to its end; whatever happens to it stays with it. */
  async #serveOne(connection: ServerConnection): Promise<void> {
    const visit = new Visit(connection);
    const { timer } = visit;
    let ended = true;
    timer.start();
    try {
      if (connection.handshake) {
        await connection.handshake();
        timer.mark(STEP_INDEX.handshake);
        this.security ??= connection.security ?? null;
      }
      if (this.#run.options.answer === "ack") await this.#serveMessages(visit);
      else await this.#serveBytes(visit);
      if (connection.shutdown) {
        await connection.shutdown();
        timer.mark(STEP_INDEX.shutdown);
      }
    } catch (error) {
      ended = false;
      this.#trouble(connection, error);
    }
    await this.#close(connection);
    // A close after trouble would have the wait for it in its time.
    if (ended) timer.mark(STEP_INDEX.close);
    // Answered is answered, however the connection ended.
    this.#recordLast(visit);
  }

  /** With --echo and --discard: takes bytes until the peer ends, whatever they are. */
  async #serveBytes({ connection }: Visit): Promise<void> {
    const bytes = new Uint8Array(RECEIVE_BYTES);
    for (let received; (received = await connection.receive(bytes, true)) > 0;) {
      this.#heard();
      if (this.#run.options.answer === "echo") await connection.send(bytes.subarray(0, received));
    }
  }

  /** Takes messages until the peer ends. */
  async #serveMessages(visit: Visit): Promise<void> {
    const { connection, assembler } = visit;
    const bytes = new Uint8Array(RECEIVE_BYTES);
    for (;;) {
      const receiving = connection.receive(bytes, !assembler.partial);
      const received = receiving instanceof Promise ? await receiving : receiving;
      if (received === 0) break;
      for (let at = 0; at < received;) {
        at = assembler.take(bytes, at, received);
        if (!assembler.complete) continue;
        const answering = this.#message(visit);
        if (answering instanceof Promise) await answering;
      }
      this.#heard();
    }
    if (assembler.partial) throw new MessageError("the peer ended in the middle of a message");
  }

  /** One message is there: it is answered, and looked at closely after. */
  #message(visit: Visit): MaybePromise<void> {
    const { connection, timer } = visit;
    const { reply } = this.#run.options;
    this.#recordLast(visit);
    timer.mark(STEP_INDEX.receive);
    visit.arrivedUs = timer.lastUs;
    const sending = reply ? connection.send(ACK) : undefined;
    return sending instanceof Promise
      ? sending.then(() => this.#answered(visit))
      : this.#answered(visit);
  }

  /** A message's record waits for the connection's end, which belongs to it, unless it is kept. */
  #answered(visit: Visit): void {
    const { timer, assembler, connection } = visit;
    const { reply, connect } = this.#run.options;
    if (reply) timer.mark(STEP_INDEX.send);
    this.#ending ||= this.#lossy && assembler.sizeBytes === this.#lastSize;
    const resumed = connection.resumed ?? false;
    visit.last = this.#arrived(assembler.header, assembler.sizeBytes, resumed, visit.arrivedUs);
    if (connect === "once") this.#recordLast(visit);
  }

  #recordLast(visit: Visit): void {
    if (!visit.last) return;
    this.#run.recorder.message(visit.last, visit.timer);
    visit.last = null;
    visit.timer.next();
  }

  #trouble(connection: ServerConnection, error: unknown): void {
    if (error instanceof InterruptedError) return;
    this.#run.onTrouble(`${connection.peer}: ${describe(error)}`);
  }

  async #close(connection: ServerConnection): Promise<void> {
    try {
      await connection.close();
    } catch (error) {
      this.#trouble(connection, error);
    }
  }

  /** One datagram: answered first, looked at closely after. */
  #datagram(
    bytes: Uint8Array,
    peer: string,
    arrivals: Arrivals,
    answer: (bytes: Uint8Array) => MaybePromise<void>,
    timer: StepTimer,
  ): MaybePromise<void> {
    const { reply } = this.#run.options;
    const arrivedUs = timer.lastUs;
    const done = () => {
      if (reply) timer.mark(STEP_INDEX.send);
      this.#ending ||= bytes.length === this.#lastSize;
      if (arrivals.isNew(bytes.length, parseNo(bytes))) {
        this.#run.recorder.message(this.#arrived(bytes, bytes.length, false, arrivedUs), timer);
      }
      timer.next();
      this.#heard();
    };
    return this.#guarded(peer, () => reply ? answer(ACK) : undefined, done);
  }

  /** An answer that cannot be sent is this client's trouble, not the server's end. */
  #guarded(
    peer: string,
    answer: () => MaybePromise<void>,
    done: () => void = () => {},
  ): MaybePromise<void> {
    const failed = (error: unknown) => this.#run.onTrouble(`${peer}: ${describe(error)}`);
    let sending: MaybePromise<void>;
    try {
      sending = answer();
    } catch (error) {
      return failed(error);
    }
    return sending instanceof Promise ? sending.then(done, failed) : done();
  }

  /** Prints a message, and ends the run with the last one. */
  #arrived(header: Uint8Array, sizeBytes: number, resumed: boolean, arrivedUs: number): Outcome {
    const { reply, plan } = this.#run.options;
    const no = parseNo(header);
    this.#run.onMessage?.(messageLine(header, EPOCH_US + arrivedUs));
    const final = sizeBytes === this.#lastSize && no === plan.repeat - 1;
    if (final && ++this.#finals >= this.#finalsWanted) this.#finish();
    return { client: 0, sizeBytes, no, answered: reply, lost: false, resumed };
  }
}

/** What is known of one connection while it is served. */
class Visit {
  readonly connection: ServerConnection;
  readonly timer = new StepTimer();
  readonly assembler = new MessageAssembler();
  /** When the current message was complete. */
  arrivedUs = 0;
  /** The last message, while it is not recorded. */
  last: Outcome | null = null;

  constructor(connection: ServerConnection) {
    this.connection = connection;
  }
}
