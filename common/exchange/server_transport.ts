/**
 * What a server's exchange needs of a protocol.
 *
 * @module
 */
import type { ReceiveBufferState } from "../posix/receive_buffer.ts";
import type { Security } from "../model/protocol.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";

/** One accepted connection. Each call is bounded in time, but for the wait between messages. */
export interface ServerConnection {
  /** The peer's `host:port`. */
  readonly peer: string;
  /** Completes the handshake, where the protocol has one. */
  handshake?(): MaybePromise<void>;
  /**
   * Bytes received into `into`; 0 when the peer has ended.
   *
   * @param idle true between messages, where the peer may be silent for as long as it wants
   */
  receive(into: Uint8Array, idle: boolean): MaybePromise<number>;
  /** Sends an answer; the bytes are borrowed until it is sent. */
  send(answer: Uint8Array): MaybePromise<void>;
  /** Answers the end of the session, where the protocol has one. */
  shutdown?(): MaybePromise<void>;
  /** Gives the socket back. May be called at any time, and twice. */
  close(): MaybePromise<void>;
  /** What was agreed on, where the protocol is a secure one. */
  readonly security?: Security;
  /** Whether the session was a resumed one; asked for once a connection. */
  readonly resumed?: boolean;
}

/** How one protocol is served: all that a pair's server script has to say. */
export interface ServerTransport {
  /** Where it listens. */
  readonly hostname: string;
  readonly port: number;
  /** On datagrams: what is known of the socket's receive buffer; after the end, too. */
  readonly receiveBuffer?: ReceiveBufferState | null;
  /** True where a message can get lost, and with it the last one of the plan. */
  readonly lossy?: boolean;
  /** The next connection; null after `stopAccepting()`. Handshakes belong to the connection. */
  accept(): MaybePromise<ServerConnection | null>;
  /** Takes no new connections; those that are there live on. May be called twice. */
  stopAccepting(): void;
  /** Gives the socket back, after the last connection. */
  close?(): MaybePromise<void>;
}

/** Somebody who has sent a datagram. */
export interface DatagramPeer {
  /** Its `host:port`. */
  readonly peer: string;
  /** The same port. */
  readonly port: number;
  /** Sends an answer; the bytes are borrowed until it is sent. */
  send(answer: Uint8Array): MaybePromise<void>;
}

/** How datagrams without connections are served. */
export interface DatagramServerTransport {
  readonly hostname: string;
  readonly port: number;
  /** See {@linkcode ServerTransport}. */
  readonly receiveBuffer?: ReceiveBufferState | null;
  /**
   * Hands over every datagram until `close()`; where the handler returns a promise, the next
   * waits for it.
   *
   * @param onDatagram its bytes, borrowed for the call, and who has sent it
   */
  run(onDatagram: OnPeerDatagram): Promise<void>;
  /** Stops listening. */
  close(): void;
}

/** See {@linkcode DatagramServerTransport.run}. */
export type OnPeerDatagram = (bytes: Uint8Array, from: DatagramPeer) => MaybePromise<unknown>;

/** Serves connections or, where there are none, datagrams. */
export type AnyServerTransport = ServerTransport | DatagramServerTransport;
