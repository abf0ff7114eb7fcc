/**
 * A handshake's messages in the result document.
 *
 * @module
 */
import type { HandshakeMessage } from "../model/handshake_message.ts";

/** One handshake of a run, and what followed it on its connection. */
export interface TracedHandshake {
  /** Number of the client from 0; null at a server, which is not told. */
  client: number | null;
  /** Number of the connection's first message; null where none has come. */
  no: number | null;
  /** Whether it resumed a session. */
  resumed: boolean;
  /** In their order; of application data the first record each way. */
  events: HandshakeMessage[];
}
