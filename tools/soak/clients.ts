/**
 * Clients that keep to the protocol, and exchange messages with a listener that sends them back.
 *
 * @module
 */
import type { CertificateSet } from "../../certs/authority.ts";
import { RunError, TimeoutError } from "../../common/base/errors.ts";
import { connectDtls, type DtlsConn, type ProgramSocket } from "../../dtls/mod.ts";
import { connectTls, type TlsConn } from "../../tls/mod.ts";
import { ALPN, type SecureProtocol } from "./listener_order.ts";

export const MESSAGE_BYTES = 100;
/** Longest wait for an answer, in milliseconds: two processes on one core are slow. */
export const PATIENCE_MS = 30_000;
/** On DTLS a message is sent again after so long: it may be lost where a listener is flooded. */
const RESEND_MS = 1000;

/** What {@linkcode connectTo} may be told. */
export interface ConnectOptions {
  /** DTLS: a socket of the client's own. */
  socket?: ProgramSocket | undefined;
  handshakeTimeoutMs?: number | undefined;
}

/** One client's connection, whatever the protocol. */
export interface Client {
  /**
   * Sends a message and waits for it to come back.
   *
   * @returns how often it was sent again
   */
  exchange(): Promise<number>;
  close(): Promise<void>;
}

export type Connect = () => Promise<Client>;

/** A context, callbacks and a look at a long-lived signal for each: everything that could stay. */
export function connectTo(
  protocol: SecureProtocol,
  port: number,
  { ca, client }: CertificateSet,
  { socket, handshakeTimeoutMs }: ConnectOptions = {},
): Connect {
  const { signal } = new AbortController();
  const settings = {
    port,
    caCerts: [ca],
    ...client,
    alpnProtocols: [ALPN],
    signal,
    handshakeTimeoutMs,
  };
  const keyLog = () => {};
  if (protocol === "tls") {
    return async () => tlsClient(await connectTls({ ...settings, keyLog }));
  }
  return async () => dtlsClient(await connectDtls({ ...settings, keyLog, socket }));
}

/** Messages that can be told apart. */
export class Messages {
  readonly bytes = new Uint8Array(MESSAGE_BYTES).fill(7);
  readonly #view = new DataView(this.bytes.buffer);
  #no = 0;

  next(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, ++this.#no);
    return this.bytes;
  }

  /** @throws {RunError} where what came is none of those that were sent */
  isCurrent(answer: Uint8Array): boolean {
    const no = new DataView(answer.buffer, answer.byteOffset, answer.length).getUint32(0);
    const isOurs = answer.length === MESSAGE_BYTES && no <= this.#no &&
      answer.subarray(4).every((byte) => byte === 7);
    if (!isOurs) throw new RunError("an answer is not what was sent");
    return no === this.#no;
  }
}

function tlsClient(conn: TlsConn): Client {
  const messages = new Messages();
  const answer = new Uint8Array(MESSAGE_BYTES);
  return {
    async exchange() {
      await conn.write(messages.next());
      for (let at = 0; at < answer.length;) {
        const length = await conn.read(answer.subarray(at), PATIENCE_MS);
        if (length === null) throw new RunError("the listener ended the connection");
        at += length;
      }
      if (!messages.isCurrent(answer)) throw new RunError("an answer is of another message");
      return 0;
    },
    close: () => conn.close(),
  };
}

function dtlsClient(conn: DtlsConn): Client {
  const messages = new Messages();
  /** False where it does not come in time. */
  const isAnswered = async () => {
    const dueMs = performance.now() + RESEND_MS;
    try {
      for (;;) {
        const answer = await conn.receive(undefined, Math.max(0, dueMs - performance.now()));
        if (answer === null) throw new RunError("the listener ended the session");
        if (messages.isCurrent(answer)) return true;
      }
    } catch (error) {
      if (error instanceof TimeoutError) return false;
      throw error;
    }
  };
  return {
    async exchange() {
      const message = messages.next();
      for (let again = 0; again < PATIENCE_MS / RESEND_MS; again++) {
        await conn.send(message);
        if (await isAnswered()) return again;
      }
      throw new RunError("the listener does not answer");
    },
    close: () => conn.close(),
  };
}
