/**
 * What TLS and DTLS connections have in common: the facts of their session, and how they end.
 *
 * @module
 */
import type { TlsInfo } from "../openssl/info.ts";
import type { SavedSession } from "../openssl/saved_session.ts";
import { setRemoteAddr, type TlsSession } from "../openssl/session.ts";

/**
 * The part of a `TlsConn` and of a `DtlsConn` that tells what was agreed on, and how it ends.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * const facts: SecureConn = conn;
 * if (facts.resumed || facts.info.peerCertificate) throw new Error("it is new, and has a key");
 * await conn.close();
 * ```
 */
export abstract class SecureConn implements AsyncDisposable, Disposable {
  /**
   * For the drivers: the session this connection drives.
   *
   * @ignore
   */
  readonly session: TlsSession;
  /** The peer. */
  abstract readonly remoteAddr: Deno.NetAddr;
  /** This end. */
  abstract readonly localAddr: Deno.NetAddr;
  #info: TlsInfo | null = null;

  /**
   * For the drivers; it takes the session over.
   *
   * @ignore
   */
  constructor(session: TlsSession) {
    this.session = session;
    setRemoteAddr(session, () => this.#addrOrNull());
  }

  /** Streams need not have one. */
  #addrOrNull(): Deno.NetAddr | null {
    try {
      return this.remoteAddr;
    } catch {
      return null;
    }
  }

  /**
   * What was agreed on.
   *
   * @throws {TypeError} before the handshake is complete, or when first asked for after `close()`
   */
  get info(): TlsInfo {
    return this.#info ??= this.session.info();
  }

  /** Whether the session was a resumed one; false before the handshake is complete. */
  get resumed(): boolean {
    return this.#info?.resumed ?? (this.session.established && this.session.resumed);
  }

  /** Which session of its context it is, from 1: `onHandshakeMessage` takes the same number. */
  get sessionNumber(): number {
    return this.session.number;
  }

  /**
   * Client: what is needed to resume this session with a later connection; the caller closes it.
   * In TLS 1.3 the server sends it after the handshake: read an answer first.
   *
   * @returns null where the server does not let it be resumed, or has not said so yet
   * @throws {TypeError} after `close()`
   */
  saveSession(): SavedSession | null {
    return this.session.save();
  }

  /**
   * Secrets for other protocols' use, the same at both ends: RFC 5705, RFC 8446 7.5.
   *
   * @param label such as "EXPORTER-Channel-Binding", 1 to 249 bytes
   * @param length in bytes, 1 to 8160
   * @param context bound into the secrets, any view or ArrayBuffer; copied
   * @returns memory of its own, `length` bytes; SSL_export_keying_material(3)
   * @throws {TypeError} before the handshake is complete, after `close()`, or naming an argument of
   * the wrong kind
   * @throws {RangeError} naming an argument whose value cannot be used
   */
  exportKeyingMaterial(
    label: string,
    length: number,
    context?: ArrayBuffer | ArrayBufferView,
  ): Uint8Array {
    return this.session.exportKeyingMaterial(label, length, context);
  }

  /** Completes the handshake; later calls wait for the same one. */
  abstract handshake(): Promise<void>;

  /** Says that no more will be sent, and waits for the peer to say so, too, for a bounded time. */
  abstract shutdown(): Promise<void>;

  /** Frees the connection without a word to the peer. May be called twice. */
  abstract abandon(): void;

  /** Ends the connection in order, see {@linkcode shutdown}, and frees it. May be called twice. */
  async close(): Promise<void> {
    try {
      await this.shutdown();
    } finally {
      this.abandon();
    }
  }

  /** Same as {@linkcode abandon}; `await using` closes it in order. */
  [Symbol.dispose](): void {
    this.abandon();
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
