/**
 * What the exchange needs of a protocol: its verbs, each of them one step, over connections of any
 * kind. A verb returns a value or a promise of it.
 *
 * @module
 */
import type { Deadlines } from "../base/deadline.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type { Security } from "../model/protocol.ts";
import type { HandshakeLog } from "./handshake_log.ts";
import type { ReceiveBufferState } from "../posix/receive_buffer.ts";

/** What clients and servers do with a connection. */
export interface ConnectionVerbs<Connection> {
  /** True where messages are datagrams: they get lost. */
  readonly datagrams?: boolean;
  /** Completes the handshake, where the protocol has one. */
  handshake?(connection: Connection): MaybePromise<void>;
  /** Sends bytes, borrowed until they are sent. */
  send(connection: Connection, bytes: Uint8Array): MaybePromise<unknown>;
  /**
   * Receives into `into`.
   *
   * @returns how many bytes, `ENDED` or `TOO_LATE`
   */
  receive(connection: Connection, into: Uint8Array, timeoutMs: number): MaybePromise<number>;
  /** Ends the session in order, where the protocol has one. */
  shutdown?(connection: Connection): MaybePromise<void>;
  /** Gives the socket back. May be called at any time, and twice. */
  close(connection: Connection): MaybePromise<void>;
  /** What was agreed on, where the protocol is a secure one. */
  security?(connection: Connection): Security;
  /** Whether the session was a resumed one; asked for once a connection. */
  resumed?(connection: Connection): boolean;
  /** Which session of its context it is, where the library tells of its messages. */
  sessionNumber?(connection: Connection): number;
}

/** How a client speaks a protocol. */
export interface ClientTransport<Connection = unknown> extends ConnectionVerbs<Connection> {
  /** Version text of the library in use, where there is one. */
  readonly library?: string;
  /** True where one socket serves the whole run. */
  readonly connectionless?: boolean;
  /** Makes a connection; on datagrams it waits for no peer, and is no step of its own. */
  connect(): MaybePromise<Connection>;
  /**
   * Whether a handshake has failed because the server cannot resume the session that it offered; the
   * next connection offers none.
   */
  refusesSession?(connection: Connection, error: unknown): boolean;
  /** On datagrams: what the system said when one was lost last; undefined where it never did. */
  lastLoss?(connection: Connection): unknown;
  /** Called between messages: where calls block, the event loop gets its turn here. */
  rest?(): Promise<void> | undefined;
  /**
   * Waits until a time on the clock of performance.now(), where calls block; elsewhere the event
   * loop waits. It rejects when the run is interrupted.
   */
  until?(dueMs: number): Promise<void>;
  /** Gives back what the connections share. */
  end?(): void;
}

/** Where a server listens. */
export interface Listening {
  readonly hostname: string;
  readonly port: number;
  /** Version text of the library in use, where there is one. */
  readonly library?: string;
  /** On datagrams: what is known of the socket's receive buffer; after the end, too. */
  readonly receiveBuffer?: ReceiveBufferState | null;
}

/** How a server serves the connections of a protocol. */
export interface ServerTransport<Connection = unknown>
  extends Listening, ConnectionVerbs<Connection> {
  /** The next connection; null after `stopAccepting()`. Handshakes belong to the connection. */
  accept(): MaybePromise<Connection | null>;
  /** The peer's `host:port`. */
  peer(connection: Connection): string;
  /** Takes no new connections; those that are there live on. May be called twice. */
  stopAccepting(): void;
  /** Gives the socket back, after the last connection. */
  end?(): MaybePromise<void>;
}

/** How a server serves datagrams without connections. */
export interface DatagramServerTransport<Peer = unknown> extends Listening {
  /**
   * Hands over every datagram until `end()`; where the handler returns a promise, the next waits
   * for it.
   */
  run(onDatagram: OnPeerDatagram<Peer>): Promise<void>;
  /** Sends an answer, borrowed until it is sent. */
  send(peer: Peer, answer: Uint8Array): MaybePromise<unknown>;
  /** A peer's `host:port`. */
  peer(peer: Peer): string;
  /** A peer's port. */
  portOf(peer: Peer): number;
  /** Stops listening. */
  end(): void;
}

/** Takes a datagram, borrowed for the call, and what has sent it. */
export type OnPeerDatagram<Peer> = (bytes: Uint8Array, from: Peer) => MaybePromise<unknown>;

/** Serves connections or, where there are none, datagrams. */
export type AnyServerTransport = ServerTransport<unknown> | DatagramServerTransport<unknown>;

/**
 * Loads certificates, looks up names, opens listeners: all that an end does once, before its
 * exchange begins. Secure ones through OpenSSL tell a trace of their handshakes' messages.
 */
export type Prepare<Transport> = (
  options: PairOptions,
  deadlines: Deadlines,
  trace?: HandshakeLog,
) => Promise<Transport>;
