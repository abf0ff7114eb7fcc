/**
 * The server's side of the exchange. It knows no socket: a pair's own script accepts connections,
 * what arrives, what is answered and when the run has ended, stands here once for all protocols.
 *
 * @module
 */
import { EPOCH_US, STEP_INDEX, StepTimer } from "../measure/clock.ts";
import type { Deadlines } from "../base/deadline.ts";
import { describe, InterruptedError } from "../base/errors.ts";
import { ACK, MessageError, oneWayDelayUs, parseNo, parseSentUs } from "../model/message.ts";
import { DUPLICATE, isMessage, SequenceTracker } from "../model/sequence_tracker.ts";
import { DatagramPeers, ExpectedMessages } from "./datagram_peers.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type {
  DatagramPeer,
  DatagramServerTransport,
  ServerConnection,
  ServerTransport,
} from "./server_transport.ts";
import type { Security } from "../model/protocol.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Outcome } from "../measure/outcome.ts";
import { RunEnd } from "./run_end.ts";
import { ServedConnection } from "./served_connection.ts";

/** What the exchange of a run works with. */
export interface ServerRun {
  readonly options: PairOptions;
  readonly recorder: Recorder;
  readonly deadlines: Deadlines;
  /** Told of every message received: its header, borrowed, and when it came, since the epoch. */
  readonly onMessage?: (header: Uint8Array, epochUs: number) => void;
  /** Told of every connection that failed; the server serves on. */
  readonly onTrouble: (line: string) => void;
}

/** So many visits' memory is kept for later ones. */
const SPARE_CONNECTIONS = 16;

/**
 * Servers of well-known ports answer whatever comes (RFC 862 to 868), as one that echoes does: to
 * these and to its own port's number nothing is echoed, as inetd(8) does it, or one forged datagram
 * would go to and fro for ever.
 */
const LOWEST_ECHO_PORT = 512;

/**
 * Serves a run: takes in what arrives, until every client has done the whole plan: see
 * {@linkcode RunEnd}.
 */
export class Server {
  /** What was agreed on in the first handshake. */
  security: Security | null = null;
  // As in the client: what every message needs has fields of its own.
  readonly #options: PairOptions;
  readonly #recorder: Recorder;
  readonly #deadlines: Deadlines;
  readonly #end: RunEnd;
  readonly #onMessage: ServerRun["onMessage"];
  readonly #onTrouble: ServerRun["onTrouble"];
  readonly #reply: boolean;
  /** Whether a client has one connection for all its messages. */
  readonly #keep: boolean;
  /** Of the last datagram, or of none: the same memory for every message. */
  readonly #outcome: Outcome;
  /** Memory of visits that have ended, for the next ones. */
  readonly #spareConnections: ServedConnection[] = [];
  readonly #expected: ExpectedMessages;
  /** Of all connections, where a client has one for each message; null where several have. */
  readonly #tracker: SequenceTracker | null;

  constructor(run: ServerRun) {
    const { plan, clients, connect, forever, reply } = run.options;
    this.#options = run.options;
    this.#recorder = run.recorder;
    this.#deadlines = run.deadlines;
    this.#onMessage = run.onMessage;
    this.#onTrouble = run.onTrouble;
    this.#reply = reply;
    this.#keep = connect === "once";
    this.#end = new RunEnd(run.options, run.deadlines, run.recorder);
    const none = { sizeBytes: 0, no: 0, lost: false, resumed: false };
    this.#outcome = { client: 0, answered: reply, ...none };
    this.#expected = new ExpectedMessages(plan, forever);
    this.#tracker = clients === 1 && !forever ? new SequenceTracker(plan) : null;
  }

  /**
   * Serves connections until the run is finished, each by itself.
   *
   * @throws {RunError} when nothing was heard for the idle time
   */
  async serve(transport: ServerTransport): Promise<void> {
    if (transport.lossy) this.#end.mayGetLost();
    const open = new Map<ServerConnection, Promise<void>>();
    let accepting: Promise<void> | undefined;
    try {
      await this.#end.reached(() => accepting = this.#acceptAll(transport, open));
      transport.stopAccepting();
      // The last clients still have to end their connections; those that do not are cut off.
      const cutOff = this.#deadlines.sleep(this.#options.timeoutMs);
      await Promise.race([Promise.all(open.values()), cutOff]);
    } finally {
      transport.stopAccepting();
      for (const connection of open.keys()) await this.#close(connection);
      await Promise.allSettled([accepting, ...open.values()]);
      await transport.close?.();
    }
  }

  async #acceptAll(
    transport: ServerTransport,
    open: Map<ServerConnection, Promise<void>>,
  ): Promise<void> {
    for (;;) {
      const accepting = transport.accept();
      const connection = accepting instanceof Promise ? await accepting : accepting;
      if (!connection) return;
      this.#end.heard();
      let served = false;
      const serving = this.#serveOne(connection, () => {
        served = true;
        open.delete(connection);
      });
      // Where all calls return values it is over already.
      if (!served) open.set(connection, serving);
    }
  }

  /**
   * Serves datagrams until the run is finished. As the last message can be lost, silence after a
   * message of the last size ends the run, too; what is missing then is lost.
   *
   * @throws {RunError} when nothing was heard for the idle time
   */
  async serveDatagrams(transport: DatagramServerTransport): Promise<void> {
    const { plan, clients, answer } = this.#options;
    this.#end.mayGetLost();
    const peers = new DatagramPeers(plan, clients);
    const timer = new StepTimer();
    timer.start();
    const onDatagram = (bytes: Uint8Array, from: DatagramPeer) => {
      if (answer !== "ack") {
        this.#end.heard();
        return answer === "echo" ? this.#echo(bytes, from, transport.port) : undefined;
      }
      timer.mark(STEP_INDEX.receive);
      if (!isMessage(bytes)) {
        this.#onTrouble(`${from.peer}: a datagram that is not a message of this program`);
        return;
      }
      return this.#datagram(bytes, from, peers, timer);
    };
    let running: Promise<void> | undefined;
    try {
      await this.#end.reached(
        () => running = transport.run(onDatagram),
        () => peers.clear(),
      );
    } finally {
      transport.close();
      await Promise.allSettled([running]);
    }
  }

  /**
   * One connection, from its handshake to its end; whatever happens to it stays with it.
   *
   * @param onServed called when nothing more will be done for it
   */
  async #serveOne(connection: ServerConnection, onServed: () => void): Promise<void> {
    const visit = this.#spareConnections.pop() ?? new ServedConnection(this.#outcome);
    const { timer } = visit;
    let ended = true;
    visit.begin(connection, this.#trackerOf());
    try {
      if (connection.handshake) {
        const shaking = connection.handshake();
        if (shaking instanceof Promise) await shaking;
        timer.mark(STEP_INDEX.handshake);
        this.security ??= connection.security ?? null;
      }
      const serving = this.#options.answer === "ack"
        ? this.#serveMessages(visit)
        : this.#serveBytes(visit);
      // Where its calls returned values the peer has ended by now.
      if (!visit.peerEnded) await serving;
      if (connection.shutdown) {
        const ending = connection.shutdown();
        if (ending instanceof Promise) await ending;
        timer.mark(STEP_INDEX.shutdown);
      }
    } catch (error) {
      ended = false;
      this.#trouble(connection, error);
    }
    const closing = this.#close(connection);
    if (closing instanceof Promise) await closing;
    // A close after trouble would have the wait for it in its time.
    if (ended) timer.mark(STEP_INDEX.close);
    // Answered is answered, however the connection ended.
    this.#recordLast(visit);
    onServed();
    if (this.#keep && visit.hadLastSize) this.#end.clientEnded();
    if (ended && this.#spareConnections.length < SPARE_CONNECTIONS) {
      this.#spareConnections.push(visit);
    }
  }

  /** Where nothing is answered, the numbers are looked at: those of one client, as far as known. */
  #trackerOf(): SequenceTracker | null {
    if (this.#reply) return null;
    return this.#keep ? new SequenceTracker(this.#options.plan) : this.#tracker;
  }

  /** With --echo and --discard: takes bytes until the peer ends, whatever they are. */
  async #serveBytes(visit: ServedConnection): Promise<void> {
    const { connection, bytes } = visit;
    for (;;) {
      const receiving = connection.receive(bytes, true);
      const received = receiving instanceof Promise ? await receiving : receiving;
      if (received === 0) break;
      this.#end.heard();
      if (this.#options.answer === "discard") continue;
      const sending = connection.send(bytes.subarray(0, received));
      if (sending instanceof Promise) await sending;
    }
    visit.peerEnded = true;
  }

  /** Takes messages until the peer ends. */
  async #serveMessages(visit: ServedConnection): Promise<void> {
    const { connection, bytes, assembler } = visit;
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
      // A message that is complete was timed a moment ago.
      this.#end.heard(assembler.partial ? undefined : visit.timer.lastUs / 1000);
    }
    if (assembler.partial) throw new MessageError("the peer ended in the middle of a message");
    visit.peerEnded = true;
  }

  /** One message is there: it is answered, and looked at closely after. */
  #message(visit: ServedConnection): MaybePromise<void> {
    const { connection, timer } = visit;
    this.#recordLast(visit);
    timer.mark(STEP_INDEX.receive);
    visit.arrivedUs = timer.lastUs;
    const sending = this.#reply ? connection.send(ACK) : undefined;
    return sending instanceof Promise
      ? sending.then(() => this.#answered(visit))
      : this.#answered(visit);
  }

  /** A message's record waits for the connection's end, which belongs to it, unless it is kept. */
  #answered(visit: ServedConnection): void {
    const { timer, assembler, connection } = visit;
    if (this.#reply) timer.mark(STEP_INDEX.send);
    const { header, sizeBytes } = assembler;
    const no = parseNo(header);
    if (!this.#isExpected(sizeBytes, no, connection.peer)) return timer.next();
    if (this.#end.sawSize(sizeBytes)) visit.hadLastSize = true;
    const ahead = visit.tracker?.take(sizeBytes, no) ?? null;
    if (ahead === DUPLICATE) {
      this.#recorder.duplicate(sizeBytes);
      return timer.next();
    }
    const resumed = connection.resumed ?? false;
    this.#arrived(visit.outcome, header, sizeBytes, ahead, visit.arrivedUs);
    visit.outcome.resumed = resumed;
    visit.unrecorded = true;
    if (this.#keep) this.#recordLast(visit);
  }

  #recordLast(visit: ServedConnection): void {
    if (!visit.unrecorded) return;
    this.#recorder.message(visit.outcome, visit.timer);
    visit.unrecorded = false;
    visit.timer.next();
  }

  #trouble(connection: ServerConnection, error: unknown): void {
    if (error instanceof InterruptedError) return;
    this.#onTrouble(`${connection.peer}: ${describe(error)}`);
  }

  #close(connection: ServerConnection): MaybePromise<void> {
    try {
      const closing = connection.close();
      if (closing instanceof Promise) {
        return closing.catch((error) => this.#trouble(connection, error));
      }
    } catch (error) {
      this.#trouble(connection, error);
    }
  }

  /** One datagram: answered first, looked at closely after. */
  #datagram(
    bytes: Uint8Array,
    from: DatagramPeer,
    peers: DatagramPeers,
    timer: StepTimer,
  ): MaybePromise<void> {
    const arrivedUs = timer.lastUs;
    const { peer } = from;
    const sending = this.#reply ? this.#answerDatagram(from, ACK) : true;
    if (sending instanceof Promise) {
      return sending.then((sent) =>
        sent ? this.#datagramServed(bytes, peer, peers, timer, arrivedUs) : undefined
      );
    }
    if (sending) this.#datagramServed(bytes, peer, peers, timer, arrivedUs);
  }

  #datagramServed(
    bytes: Uint8Array,
    peer: string,
    peers: DatagramPeers,
    timer: StepTimer,
    arrivedUs: number,
  ): void {
    const recorder = this.#recorder;
    if (this.#reply) timer.mark(STEP_INDEX.send);
    const no = parseNo(bytes);
    if (!this.#isExpected(bytes.length, no, peer)) return timer.next();
    this.#end.sawSize(bytes.length);
    const ahead = peers.take(peer, bytes.length, no);
    if (ahead !== DUPLICATE) {
      this.#arrived(this.#outcome, bytes, bytes.length, ahead, arrivedUs);
      recorder.message(this.#outcome, timer);
    } else if (!this.#reply && !this.#end.isFinal(bytes.length, no)) {
      // A client sends copies of the last message, to be sure; no network has made these.
      recorder.duplicate(bytes.length);
    }
    timer.next();
    this.#end.heard(timer.lastUs / 1000);
  }

  #echo(bytes: Uint8Array, from: DatagramPeer, ownPort: number): MaybePromise<boolean> {
    if (from.port !== ownPort && from.port >= LOWEST_ECHO_PORT) {
      return this.#answerDatagram(from, bytes);
    }
    this.#onTrouble(
      `${from.peer}: nothing is echoed to port ${from.port}: a server there might answer, for ever`,
    );
    return false;
  }

  /** False where it could not be sent: that is this client's trouble, not the server's end. */
  #answerDatagram(to: DatagramPeer, bytes: Uint8Array): MaybePromise<boolean> {
    try {
      const sending = to.send(bytes);
      if (!(sending instanceof Promise)) return true;
      return sending.then(() => true, (error) => this.#notAnswered(to, error));
    } catch (error) {
      return this.#notAnswered(to, error);
    }
  }

  #notAnswered(to: DatagramPeer, error: unknown): false {
    this.#onTrouble(`${to.peer}: ${describe(error)}`);
    return false;
  }

  /** False for a message that is answered and not counted: what is known of it has a bound. */
  #isExpected(sizeBytes: number, no: number, peer: string): boolean {
    if (this.#expected.has(sizeBytes, no)) return true;
    const message = `message ${no} of ${sizeBytes} bytes`;
    this.#onTrouble(`${peer}: ${message} is not in this server's plan, and not counted`);
    return false;
  }

  /** Notes a new message down, and ends the run with the last one. */
  #arrived(
    outcome: Outcome,
    header: Uint8Array,
    sizeBytes: number,
    ahead: number | null,
    arrivedUs: number,
  ): void {
    outcome.sizeBytes = sizeBytes;
    outcome.no = parseNo(header);
    const epochUs = EPOCH_US + arrivedUs;
    if (!this.#reply) {
      const delayUs = oneWayDelayUs(parseSentUs(header), epochUs);
      this.#recorder.arrival(sizeBytes, ahead, arrivedUs, delayUs);
    }
    this.#onMessage?.(header, epochUs);
    if (this.#end.isFinal(sizeBytes, outcome.no)) this.#end.finalCame();
  }
}
