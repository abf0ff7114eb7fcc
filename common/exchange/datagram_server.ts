/**
 * The server's side of the exchange over datagrams without connections.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe_promise.ts";
import { STEP_INDEX, StepTimer } from "../measure/clock.ts";
import type { Outcome } from "../measure/outcome.ts";
import { ACK, isCopy, parseNo } from "../model/message.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { DUPLICATE, isMessage } from "../model/sequence_tracker.ts";
import { DatagramPeers } from "./datagram_peers.ts";
import { Intake, type ServerRun } from "./intake.ts";
import { Pacing } from "./pacing.ts";
import type { DatagramServerTransport } from "./transport.ts";

/**
 * Servers of well-known ports answer whatever comes (RFC 862 to 868), as one that echoes does: to
 * these and to its own port's number nothing is echoed, as inetd(8) does it, or one forged datagram
 * would go to and fro for ever.
 */
const LOWEST_ECHO_PORT = 512;

/** Serves a run: takes in what arrives, until every client has done the whole plan. */
export class DatagramServer<Peer> {
  /** Nothing is agreed on. */
  readonly security = null;
  readonly #options: PairOptions;
  readonly #transport: DatagramServerTransport<Peer>;
  readonly #intake: Intake;
  readonly #reply: boolean;
  readonly #peers: DatagramPeers;
  readonly #pacing: Pacing;
  readonly #timer = new StepTimer();
  /** Of the last datagram: the same memory for every message. */
  readonly #outcome: Outcome;
  #hasEnded = false;

  /** @param transport is ended with the run */
  constructor(run: ServerRun, transport: DatagramServerTransport<Peer>) {
    const { plan, clients, reply } = run.options;
    this.#options = run.options;
    this.#transport = transport;
    this.#intake = new Intake(run);
    this.#reply = reply;
    this.#peers = new DatagramPeers(plan, clients);
    this.#pacing = new Pacing(run.options, run.deadlines);
    this.#outcome = this.#intake.outcome;
  }

  /**
   * Serves datagrams until the run is finished. As the last message can be lost, a copy of it ends
   * the run, too, and one-way silence after a message of the last size; what is missing then is lost.
   *
   * @throws {RunError} when nothing was heard for the idle time
   */
  async serve(): Promise<void> {
    const { end } = this.#intake;
    end.mayGetLost(this.#reply);
    this.#timer.start();
    const onDatagram = this.#options.answer === "ack"
      ? (bytes: Uint8Array, from: Peer) => this.#message(bytes, from)
      : (bytes: Uint8Array, from: Peer) => this.#bytes(bytes, from);
    let running: Promise<void> | undefined;
    try {
      await end.reached(() => running = this.#transport.run(onDatagram), () => this.#peers.clear());
    } finally {
      this.#hasEnded = true;
      this.#pacing.end();
      this.#transport.end();
      await Promise.allSettled([running]);
    }
  }

  /** With --echo and --discard: takes whatever comes. */
  #bytes(bytes: Uint8Array, from: Peer): MaybePromise<unknown> {
    this.#intake.end.heard();
    if (this.#options.answer === "echo") return this.#echo(bytes, from);
    this.#intake.recorder.discard(bytes.length);
  }

  /** One datagram; the next one waits while a pause lasts. */
  #message(bytes: Uint8Array, from: Peer): MaybePromise<void> {
    const peer = this.#transport.peer(from);
    if (!isMessage(bytes)) {
      return this.#intake.trouble(peer, "a datagram that is not a message of this program");
    }
    const pausing = this.#pacing.wait();
    return pausing
      ? pausing.then(() => this.#taken(bytes, from, peer))
      : this.#taken(bytes, from, peer);
  }

  /** One message: answered first, looked at closely after. */
  #taken(bytes: Uint8Array, from: Peer, peer: string): MaybePromise<void> {
    const timer = this.#timer;
    timer.mark(STEP_INDEX.receive);
    const arrivedUs = timer.lastUs;
    const sending = this.#reply ? this.#answer(from, ACK) : true;
    if (sending instanceof Promise) {
      return sending.then((sent) => sent ? this.#served(bytes, peer, arrivedUs) : undefined);
    }
    if (sending) this.#served(bytes, peer, arrivedUs);
  }

  #served(bytes: Uint8Array, peer: string, arrivedUs: number): void {
    const timer = this.#timer;
    const { recorder, end } = this.#intake;
    if (this.#reply) timer.mark(STEP_INDEX.send);
    const no = parseNo(bytes);
    if (!this.#intake.expects(bytes.length, no)) {
      this.#intake.unexpected(peer, bytes.length, no);
      return timer.next();
    }
    end.sawSize(bytes.length);
    if (isCopy(bytes)) {
      // It says that its client has ended, and says nothing of the message itself.
      end.copyCame(peer, bytes.length, no);
      timer.next();
      return end.heard(timer.lastUs / 1000);
    }
    const ahead = this.#peers.take(peer, bytes.length, no);
    if (ahead !== DUPLICATE) {
      this.#intake.arrived(peer, this.#outcome, bytes, bytes.length, ahead, arrivedUs);
      recorder.message(this.#outcome, timer);
    } else if (!this.#reply && !end.isFinal(bytes.length, no)) {
      // A client may repeat the last message as it was, to be sure; no network has made these.
      recorder.duplicate(bytes.length);
    }
    timer.next();
    end.heard(timer.lastUs / 1000);
  }

  #echo(bytes: Uint8Array, from: Peer): MaybePromise<boolean> {
    const port = this.#transport.portOf(from);
    if (port !== this.#transport.port && port >= LOWEST_ECHO_PORT) return this.#answer(from, bytes);
    this.#intake.trouble(
      this.#transport.peer(from),
      `nothing is echoed to port ${port}: a server there might answer, for ever`,
    );
    return false;
  }

  /** False where it could not be sent: that is this client's trouble, not the server's end. */
  #answer(to: Peer, bytes: Uint8Array): MaybePromise<boolean> {
    try {
      const sending = this.#transport.send(to, bytes);
      if (!(sending instanceof Promise)) return true;
      return sending.then(() => true, (error) => this.#notAnswered(to, error));
    } catch (error) {
      return this.#notAnswered(to, error);
    }
  }

  #notAnswered(to: Peer, error: unknown): false {
    // What comes after the run's end is not answered.
    if (!this.#hasEnded) this.#intake.trouble(this.#transport.peer(to), error);
    return false;
  }
}
