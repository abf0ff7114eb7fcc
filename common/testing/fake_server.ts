/**
 * What a server's exchange is given in a test: peers that live in memory and do what they are told.
 *
 * @module
 */
import { Deadlines } from "../base/deadline.ts";
import { ENDED } from "../base/read_result.ts";
import { MessageWriter } from "../model/message.ts";
import { messageLine } from "../cli/message_printer.ts";
import { parseOptions } from "../cli/options.ts";
import type { Protocol, Security } from "../model/protocol.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { Recorder } from "../measure/recorder.ts";
import { ConnectionServer } from "../exchange/connection_server.ts";
import { DatagramServer } from "../exchange/datagram_server.ts";
import type { ServerRun } from "../exchange/intake.ts";
import type {
  DatagramServerTransport,
  OnPeerDatagram,
  ServerTransport,
} from "../exchange/transport.ts";
import { assert } from "./assert.ts";
import { FakeClock } from "./fake_clock.ts";

/** What `--timeout-ms` is by default; more is the idle time. */
const DEFAULT_TIMEOUT_MS = 5000;

/** A message in memory of its own. */
export function messageOf(protocol: Protocol, no: number, sizeBytes: number): Uint8Array {
  return new MessageWriter(protocol, sizeBytes).prepare(no, sizeBytes).slice();
}

/** How a peer's end of a connection behaves. */
export interface FakePeerOptions {
  security?: Security;
  /** Called before each step that is written down; may throw, and may let time pass. */
  before?: (call: string) => void;
}

/** A client that lives in memory, and the connection that a server sees of it. */
export class FakePeer {
  readonly peer: string;
  readonly security?: Security;
  /** Every call but close(): `handshake`, `receive idle`, `receive`, `send`, `shutdown`. */
  readonly calls: string[] = [];
  /** Answers that came, copied. */
  readonly answers: Uint8Array[] = [];
  closed = false;
  readonly #before: (call: string) => void;
  readonly #sent: (Uint8Array | Error)[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(peer: string, { security, before }: FakePeerOptions = {}) {
    this.peer = peer;
    this.#before = before ?? (() => {});
    if (security) this.security = security;
  }

  handshake(): Promise<void> {
    return this.#call("handshake");
  }

  shutdown(): Promise<void> {
    return this.#call("shutdown");
  }

  /** Sends bytes, as the server's next receive() will find them. */
  write(...parts: Uint8Array[]): this {
    this.#sent.push(...parts);
    this.#wake();
    return this;
  }

  /** Ends the stream in order. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Breaks the connection: the server's receive() fails. */
  break(error: Error): void {
    this.#sent.push(error);
    this.#wake();
  }

  async receive(into: Uint8Array, timeoutMs: number): Promise<number> {
    await this.#call(timeoutMs > DEFAULT_TIMEOUT_MS ? "receive idle" : "receive");
    while (!this.closed && !this.#ended && this.#sent.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.closed) throw new Deno.errors.BadResource("closed by the server");
    const next = this.#sent.shift();
    if (next instanceof Error) throw next;
    if (!next) return ENDED;
    const part = next.subarray(0, into.length);
    into.set(part);
    if (part.length < next.length) this.#sent.unshift(next.subarray(part.length));
    return part.length;
  }

  async send(answer: Uint8Array): Promise<void> {
    await this.#call("send");
    this.answers.push(answer.slice());
  }

  close(): void {
    this.closed = true;
    this.#wake();
  }

  async #call(call: string): Promise<void> {
    this.calls.push(call);
    await Promise.resolve();
    this.#before(call);
  }
}

/** A listener that peers in memory connect to. */
export class FakeListener implements ServerTransport<FakePeer> {
  readonly hostname = "127.0.0.1";
  readonly port = 1443;
  /** Set where messages are to get lost. */
  datagrams = false;
  /** Whether it was stopped, and whether it was closed at the end. */
  stopped = false;
  closed = false;
  /** Set where a client is a secure one: then the protocol has them. */
  handshake?: (peer: FakePeer) => Promise<void>;
  shutdown?: (peer: FakePeer) => Promise<void>;
  readonly #waiting: FakePeer[] = [];
  #failure: Error | null = null;
  #wake: () => void = () => {};
  #count = 0;

  /** A new client, connected. */
  connect(options?: FakePeerOptions): FakePeer {
    const peer = new FakePeer(`192.0.2.1:${++this.#count}`, options);
    if (peer.security) {
      this.handshake = (peer) => peer.handshake();
      this.shutdown = (peer) => peer.shutdown();
    }
    this.#waiting.push(peer);
    this.#wake();
    return peer;
  }

  /** Makes accept() fail. */
  break(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  async accept(): Promise<FakePeer | null> {
    while (!this.stopped && !this.#failure && this.#waiting.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#failure) throw this.#failure;
    return this.stopped ? null : this.#waiting.shift()!;
  }

  receive(peer: FakePeer, into: Uint8Array, timeoutMs: number): Promise<number> {
    return peer.receive(into, timeoutMs);
  }

  send(peer: FakePeer, answer: Uint8Array): Promise<void> {
    return peer.send(answer);
  }

  close(peer: FakePeer): void {
    peer.close();
  }

  peer({ peer }: FakePeer): string {
    return peer;
  }

  security({ security }: FakePeer): Security {
    return security!;
  }

  resumed({ security }: FakePeer): boolean {
    return security?.resumed ?? false;
  }

  stopAccepting(): void {
    this.stopped = true;
    this.#wake();
  }

  end(): void {
    this.closed = true;
  }
}

/** A socket that datagrams come to out of memory; a peer is its `host:port`. */
export class FakeDatagrams implements DatagramServerTransport<string> {
  readonly hostname = "127.0.0.1";
  readonly port = 1443;
  closed = false;
  /** Answers that were sent: `<peer> <text>`. */
  readonly answers: string[] = [];
  /** Called before each answer; may throw, and what it returns is waited for. */
  onAnswer: () => void | Promise<void> = () => {};
  readonly #end = Promise.withResolvers<void>();
  #onDatagram: OnPeerDatagram<string> = () => {};

  run(onDatagram: OnPeerDatagram<string>): Promise<void> {
    this.#onDatagram = onDatagram;
    return this.#end.promise;
  }

  /** Hands datagrams of one peer over, as a socket does: one after the other, errors to run(). */
  async deliver(peer: string, ...datagrams: Uint8Array[]): Promise<void> {
    try {
      for (const bytes of datagrams) await this.#onDatagram(bytes, peer);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  send(peer: string, bytes: Uint8Array): MaybePromise<void> {
    const sending = this.onAnswer();
    const done = () => void this.answers.push(`${peer} ${new TextDecoder().decode(bytes)}`);
    return sending instanceof Promise ? sending.then(done) : done();
  }

  peer(peer: string): string {
    return peer;
  }

  portOf(peer: string): number {
    return Number(peer.split(":").at(-1));
  }

  /** Makes run() fail. */
  fail(error: Error): void {
    this.#end.reject(error);
  }

  end(): void {
    this.closed = true;
    this.#end.resolve();
  }
}

/** What a server's exchange works with, out of arguments; disposing it closes its deadlines. */
export interface FakeServerRun extends ServerRun, Disposable {
  /** The lines that the run was told of. */
  readonly lines: string[];
  readonly troubles: string[];
}

/** Makes one. */
function fakeServerRun(protocol: Protocol, ...args: string[]): FakeServerRun {
  const options = parseOptions(protocol, "server", args);
  assert(typeof options !== "string");
  const deadlines = new Deadlines();
  const lines: string[] = [];
  const troubles: string[] = [];
  return {
    options,
    recorder: new Recorder(),
    deadlines,
    lines,
    troubles,
    onMessage: (header, epochUs) => void lines.push(messageLine(header, epochUs)),
    onTrouble: (line) => void troubles.push(line),
    [Symbol.dispose]: () => deadlines.close(),
  };
}

/** A server at work on a clock of its own. */
export class ServerBench implements Disposable {
  readonly clock = new FakeClock();
  readonly listener = new FakeListener();
  readonly run: FakeServerRun;
  readonly server: ConnectionServer<FakePeer>;
  readonly serving: Promise<void>;
  done = false;

  constructor(...args: string[]) {
    this.run = fakeServerRun("tcp", ...args);
    this.server = new ConnectionServer(this.run, this.listener);
    this.serving = this.server.serve().finally(() => this.done = true);
    // A test that waits for the rejection does so later.
    this.serving.catch(() => {});
  }

  /** Whether the server has finished by now. */
  async finished(): Promise<boolean> {
    await this.clock.settle();
    return this.done;
  }

  /** A client that sends one message over a connection of its own and ends it. */
  async exchange(no: number, sizeBytes: number): Promise<FakePeer> {
    const peer = this.listener.connect().write(messageOf("tcp", no, sizeBytes));
    await this.clock.settle();
    peer.end();
    await this.clock.settle();
    return peer;
  }

  [Symbol.dispose](): void {
    this.run[Symbol.dispose]();
    this.clock[Symbol.dispose]();
  }
}

/** A server of datagrams at work on a clock of its own. */
export class DatagramBench implements Disposable {
  /** Its clock. */
  readonly clock = new FakeClock();
  /** Where datagrams come from. */
  readonly socket = new FakeDatagrams();
  /** The run, with what was recorded. */
  readonly run: FakeServerRun;
  /** Settles when the run is over. */
  readonly serving: Promise<void>;
  /** True from then on. */
  done = false;

  /** @param args the command line's */
  constructor(...args: string[]) {
    this.run = fakeServerRun("udp", ...args);
    this.serving = new DatagramServer(this.run, this.socket).serve().finally(() =>
      this.done = true
    );
    // A test that waits for the rejection does so later.
    this.serving.catch(() => {});
  }

  /** Delivers messages, given as index and size. */
  async deliver(peer: string, ...messages: [no: number, sizeBytes: number][]): Promise<void> {
    const datagrams = messages.map(([no, sizeBytes]) => messageOf("udp", no, sizeBytes));
    await this.socket.deliver(peer, ...datagrams);
    await this.clock.settle();
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.run[Symbol.dispose]();
    this.clock[Symbol.dispose]();
  }
}
