/**
 * What a DTLS connection is made on: the socket below it, and its settings.
 *
 * @module
 */

/** What is kept of messages that are not received, where nothing else is said: some long ones. */
export const INBOX_BYTES = 256 * 1024;

/**
 * What a connection needs of the socket below it.
 *
 * @example
 * ```ts
 * const sent: Uint8Array[] = [];
 * const socket: DtlsSocket = {
 *   remoteAddr: { transport: "udp", hostname: "192.0.2.1", port: 4433 },
 *   localAddr: { transport: "udp", hostname: "0.0.0.0", port: 50000 },
 *   transmit: (datagram) => void sent.push(datagram.slice()),
 *   release() {},
 * };
 * await socket.transmit(new Uint8Array(13));
 * if (sent[0]?.length !== 13) throw new Error("it was to be kept");
 * ```
 */
export interface DtlsSocket {
  /** The peer. */
  readonly remoteAddr: Deno.NetAddr;
  /** This end. */
  readonly localAddr: Deno.NetAddr;
  /** Sends a datagram, borrowed for the call; a promise settles when it has left. */
  transmit(datagram: Uint8Array): void | Promise<void>;
  /** Told once, when the connection needs its socket no more. */
  release(): void;
  /** Told once, when the handshake is complete. */
  established?(): void;
  /** Told once, when the connection fails before or after its handshake. */
  failed?(error: unknown): void;
}

/**
 * Settings of a connection.
 *
 * @example
 * ```ts
 * const options: DtlsConnOptions = { handshakeTimeoutMs: 10_000, idleTimeoutMs: Infinity };
 * if (options.signal) throw new Error("there is none");
 * ```
 */
export interface DtlsConnOptions {
  /** Longest time for the handshake in milliseconds. */
  handshakeTimeoutMs: number;
  /** Longest silence of the peer in milliseconds; Infinity for none. */
  idleTimeoutMs: number;
  /** What is kept of messages that are not received, in bytes (default 262144). */
  inboxBytes?: number | undefined;
  /** Ends every wait when it is aborted. */
  signal?: AbortSignal | undefined;
}
