/**
 * What a saved session was believed by: OpenSSL verifies nothing when one is resumed, neither chain
 * nor name. A program's own function cannot be written down: it is asked again (`verifyPeer`), while
 * fingerprints are part of the context's trust, and are looked at again, too.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import type { OpenSsl } from "./bindings/library.ts";

/** Longest master secret: SSL_MAX_MASTER_KEY_LENGTH of openssl/ssl.h is 48, SHA-512 gives 64. */
const MAX_SECRET_BYTES = 64;

/** What a connection believes its peer by. */
export interface Trust {
  /** Of its context: see `trustOf()`. */
  readonly context: string;
  /** The name that was asked for. */
  readonly serverName: string | null;
  readonly checksName: boolean;
}

/** Whether two connections believe their peers by the same. */
export function isSameTrust(one: Trust, other: Trust): boolean {
  return one.context === other.context && one.serverName === other.serverName &&
    one.checksName === other.checksName;
}

/**
 * Binds a session's text to what its peer was believed by: a MAC with the session's own secret, so
 * that it can neither be moved to another one nor tell anything.
 *
 * @returns 64 hexadecimal digits
 */
export function bindingOf(lib: OpenSsl, session: Deno.PointerObject, trust: Trust): string {
  const secret = new Uint8Array(MAX_SECRET_BYTES);
  const length = lib.SSL_SESSION_get_master_key(session, secret, BigInt(secret.length));
  const { context, serverName, checksName } = trust;
  return createHmac("sha256", secret.subarray(0, Number(length)))
    .update(JSON.stringify([context, serverName, checksName])).digest("hex");
}
