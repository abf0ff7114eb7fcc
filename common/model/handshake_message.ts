/**
 * What a program is told of a handshake's messages.
 *
 * @module
 */

/**
 * A message of a handshake, an alert or a record of application data, as `onHandshakeMessage` takes
 * it: see RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2), RFC 6347 (DTLS 1.2).
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const messages: HandshakeMessage[] = [];
 * const onHandshakeMessage = (message: HandshakeMessage) => void messages.push(message);
 * await using conn = await connectDtls({ port: listener.addr.port, psk, onHandshakeMessage });
 * await conn.handshake();
 * const [first, second] = messages.map(({ direction, name }) => `${direction} ${name}`);
 * if (first !== "sent ClientHello") throw new Error(first);
 * if (second !== "received HelloVerifyRequest") throw new Error(second);
 * ```
 */
export interface HandshakeMessage {
  /** Microseconds since the first message of the session. */
  us: number;
  /** Which way it went, as seen from this end. */
  direction: "sent" | "received";
  /** What it is: RFC 8446 B.1. */
  kind: "handshake" | "change_cipher_spec" | "alert" | "application_data";
  /**
   * Its name: "ClientHello" or "HelloVerifyRequest" (RFC 8446 4, RFC 5246 7.4, RFC 6347 4.3.2),
   * "ChangeCipherSpec", "ApplicationData", and an alert's own, such as "close_notify" (RFC 8446 6).
   */
  name: string;
  /**
   * Length in bytes: of a handshake message or of its fragment with the header, of an alert in the
   * clear, of a record of application data as it is on the wire, without the record's header.
   */
  bytes: number;
  /** DTLS: epoch of its record, 0 in the clear (RFC 6347 4.1); null on TLS. */
  epoch: number | null;
  /** DTLS: number of the handshake message (RFC 6347 4.2.2); null for all others, and on TLS. */
  messageSeq: number | null;
  /**
   * DTLS: which part of the message's body it is, offset and length in bytes (RFC 6347 4.2.3); null
   * for all others, and on TLS.
   */
  fragment: readonly [from: number, length: number] | null;
  /** DTLS: whether the same has gone this way before. */
  retransmission: boolean;
}

/**
 * Takes the messages of handshakes.
 *
 * @param message a copy that is the program's own
 * @param session which session of the context it belongs to: the connection's `sessionNumber`
 */
export type OnHandshakeMessage = (message: HandshakeMessage, session: number) => void;
