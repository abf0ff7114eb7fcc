/**
 * What a saved session was believed by: OpenSSL verifies nothing when one is resumed, neither chain
 * nor name.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";
import type { OpenSsl } from "./library.ts";
import type { TlsContextOptions } from "./context.ts";
import { viewOf } from "../settings/kinds.ts";

/** Longest master secret: SSL_MAX_MASTER_KEY_LENGTH of openssl/ssl.h is 48, SHA-512 gives 64. */
const MAX_SECRET_BYTES = 64;

/**
 * What a context's peers are believed by, and what it is itself believed by, as a text that is the
 * same for the same settings: the authorities, a key, or nothing; and its own certificate.
 */
export function trustOf(options: TlsContextOptions): string {
  if (options.role === "server") return "";
  const { psk, caCerts = [], cert = "", unsafelySkipVerification } = options;
  const digest = (part: string | Uint8Array) => createHash("sha256").update(part).digest();
  const [kind, parts] = unsafelySkipVerification
    ? ["anything", []] as const
    : psk
    ? ["psk", [psk.identity, viewOf(psk.key)!]] as const
    : ["authorities", [...caCerts].toSorted()] as const;
  // The session is this end's own, too: with another certificate it would be another client's.
  const hash = createHash("sha256").update(kind).update(digest(cert));
  for (const part of parts) hash.update(digest(part));
  return hash.digest("hex");
}

/** What a connection believes its peer by. */
export interface Trust {
  /** Of its context: see {@linkcode trustOf}. */
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
