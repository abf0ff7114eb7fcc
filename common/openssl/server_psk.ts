/**
 * A server's pre-shared keys and its tickets: whose key a session began with stands in the session
 * itself, and a session is resumed only where its client would be let in now.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { checkValue } from "../settings/check.ts";
import { write } from "./callbacks.ts";
import type { Callback } from "./context_target.ts";
import {
  type AskedKey,
  currentHasFailed,
  currentKeys,
  guarded,
  noteIdentity,
  noteOrigin,
  noteWelcome,
  waitFor,
} from "./bindings/calls.ts";
import type { ContextTarget } from "./context_target.ts";
import { SSL_TICKET, VERSION } from "./bindings/constants.ts";
import { takeError } from "./bindings/errors.ts";
import { type OpenSsl, toCString } from "./bindings/library.ts";
import {
  cStringBytes,
  identityBytes,
  identityText,
  isIdentity,
  sessionIdentity,
} from "./identity.ts";
import type { PeerCheck } from "./peer_check.ts";
import type { TlsServerSettings } from "./settings.ts";
import { PSK_KEY } from "./psk_kinds.ts";
import { isCurrent } from "./bindings/x509.ts";

// unsigned int (*SSL_psk_server_cb_func)(SSL *ssl, const char *identity, unsigned char *psk,
//                                        unsigned int max_psk_len)
const PSK_SERVER = {
  parameters: ["pointer", "pointer", "pointer", "u32"],
  result: "u32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// int (*SSL_psk_find_session_cb_func)(SSL *ssl, const unsigned char *identity, size_t identity_len,
//                                     SSL_SESSION **sess)
const FIND_SESSION = {
  parameters: ["pointer", "pointer", "usize", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// int (*SSL_CTX_generate_session_ticket_fn)(SSL *s, void *arg)
const GENERATE_TICKET = {
  parameters: ["pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// SSL_TICKET_RETURN (*SSL_CTX_decrypt_session_ticket_fn)(SSL *s, SSL_SESSION *ss,
//     const unsigned char *keyname, size_t keyname_length, SSL_TICKET_STATUS status, void *arg)
const DECRYPT_TICKET = {
  parameters: ["pointer", "pointer", "pointer", "usize", "i32", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

type LookUp = NonNullable<TlsServerSettings["pskLookup"]>;

/** TLS_AES_128_GCM_SHA256 (RFC 8446 B.4): a key of plain bytes goes with SHA-256 (4.2.11). */
const SHA256_SUITE = Uint8Array.of(0x13, 0x01);

/**
 * So many keys are asked for in one handshake: a client has one, or one for each of some servers, and a
 * hello has room for thousands of identities.
 */
const MAX_ASKED = 16;

/**
 * Asks the program for the key of an identity, once a handshake.
 *
 * @returns null where it knows none, or was asked too often; "later" where it has promised it
 * @throws {TypeError} where it returns anything but bytes, null, undefined or a promise of them
 * @throws {RangeError} where the key is too short or too long
 */
export function lookUpKey(lookUp: LookUp, identity: string): AskedKey {
  const known = currentKeys()?.known;
  const asked = known?.get(identity);
  if (asked !== undefined) return asked;
  if (known && known.size >= MAX_ASKED) return null;
  const result: unknown = lookUp(identity, identityBytes(identity));
  const key = isPromise(result) ? "later" : checkedKey(result);
  known?.set(identity, key);
  if (isPromise(result)) {
    waitFor(
      "pskLookup",
      result,
      (value) => void known?.set(identity, checkedKey(value)),
      () => known?.set(identity, null),
    );
  }
  return key;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

function checkedKey(key: unknown): Uint8Array<ArrayBuffer> | null {
  if (key === null || key === undefined) return null;
  return checkValue(PSK_KEY, key, "its result", "use a pre-shared key");
}

/**
 * The key of an identity as OpenSSL asks for it, which takes no promise: it was asked for before,
 * where the identity could be read ahead.
 */
function keyNow(lookUp: LookUp, bytes: Uint8Array): [string, Uint8Array<ArrayBuffer>] | null {
  if (!isIdentity(bytes)) return null;
  const identity = identityText(bytes);
  const key = lookUpKey(lookUp, identity);
  if (key === "later") {
    throw new TypeError(
      "its result must be there at once: the identity could not be read before it was needed",
    );
  }
  return key && [identity, key];
}

/** A server finds its clients' keys: up to version 1.2 by one callback, in 1.3 by another. */
export function applyServerPsk(
  { lib, ctx }: ContextTarget,
  lookUp: LookUp,
  hint: string | undefined,
): Callback[] {
  if (hint !== undefined && lib.SSL_CTX_use_psk_identity_hint(ctx, toCString(hint)) !== 1) {
    throw takeError(lib, "use a PSK hint");
  }
  const find = new Deno.UnsafeCallback(
    PSK_SERVER,
    (ssl, name, keyOut, maxKey) =>
      guarded(lib, "pskLookup", 0, () => {
        // Where FIND_SESSION has found none, 1.3 asks here, too.
        if (lib.SSL_version(ssl) === VERSION.TLS1_3) return 0;
        const found = keyNow(lookUp, cStringBytes(name) ?? new Uint8Array());
        if (found === null) return 0;
        const [identity, key] = found;
        if (key.length > maxKey) return 0;
        noteIdentity(identity);
        write(keyOut, key);
        return key.length;
      }),
  );
  const findSession = new Deno.UnsafeCallback(
    FIND_SESSION,
    (ssl, name, length, into) =>
      guarded(lib, "pskLookup", 0, () => {
        const found = keyNow(lookUp, bytesAt(name, Number(length)));
        const session = found && newSession(lib, ssl, ...found);
        if (found) noteIdentity(found[0]);
        const result = new BigUint64Array(Deno.UnsafePointerView.getArrayBuffer(into!, 8));
        result[0] = BigInt(Deno.UnsafePointer.value(session));
        return 1;
      }),
  );
  lib.SSL_CTX_set_psk_server_callback(ctx, find.pointer);
  lib.SSL_CTX_set_psk_find_session_callback(ctx, findSession.pointer);
  return [find, findSession];
}

/** What a session of TLS 1.3 begins with: the key, and whose it is. OpenSSL then owns it. */
function newSession(
  lib: OpenSsl,
  ssl: Deno.PointerValue,
  identity: string,
  key: Uint8Array<ArrayBuffer>,
): Deno.PointerObject {
  const session = lib.SSL_SESSION_new();
  if (session === null) throw takeError(lib, "make a session");
  lib.SSL_SESSION_set1_master_key(session, key, BigInt(key.length));
  lib.SSL_SESSION_set_cipher(session, lib.SSL_CIPHER_find(ssl, SHA256_SUITE));
  lib.SSL_SESSION_set_protocol_version(session, VERSION.TLS1_3);
  writeOwner(lib, session, { origin: "key", identity, mark: markOf(key) });
  return session;
}

/** Who a session belongs to that began with a pre-shared key. */
export interface SessionOwner {
  /** Whether the handshake has used the key itself, or a ticket that came of one. */
  origin: "key" | "ticket";
  identity: string;
  /** Tells the key from others of the same identity, 16 bytes; null where that is not known. */
  mark: Uint8Array | null;
}

/** The first byte of what is written into a session. */
const ORIGINS: readonly SessionOwner["origin"][] = ["key", "ticket"];

/** Length of a key's mark in bytes; all of them are zero where it is not known. */
const MARK_BYTES = 16;

/** What tells a key from others, and tells nothing else of it. */
function markOf(key: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update("netpairs session").digest().subarray(0, MARK_BYTES);
}

/** Server: who a session belongs to whose handshake, the one that is running, has used a key. */
export function ownerNow(identity: string): SessionOwner {
  const key = currentKeys()?.known.get(identity);
  return { origin: "ticket", identity, mark: key instanceof Uint8Array ? markOf(key) : null };
}

/** Writes into a session whose key it began with. */
export function writeOwner(
  lib: OpenSsl,
  session: Deno.PointerValue,
  { origin, identity, mark }: SessionOwner,
): number {
  const marked = mark ?? new Uint8Array(MARK_BYTES);
  const data = Uint8Array.of(ORIGINS.indexOf(origin), ...marked, ...identityBytes(identity));
  return lib.SSL_SESSION_set1_ticket_appdata(session, data, BigInt(data.length));
}

/** Whose key a session began with, as it stands in it; null where none did. */
export function readOwner(lib: OpenSsl, session: Deno.PointerValue): SessionOwner | null {
  const data = new BigUint64Array(1);
  const length = new BigUint64Array(1);
  const [dataBytes, lengthBytes] = [new Uint8Array(data.buffer), new Uint8Array(length.buffer)];
  if (lib.SSL_SESSION_get0_ticket_appdata(session, dataBytes, lengthBytes) !== 1) return null;
  const bytes = bytesAt(Deno.UnsafePointer.create(data[0]!), Number(length[0]));
  const origin = ORIGINS[bytes[0] ?? -1];
  if (!origin) return null;
  const mark = bytes.slice(1, 1 + MARK_BYTES);
  const identity = identityText(bytes.subarray(1 + MARK_BYTES));
  return { origin, identity, mark: mark.some((byte) => byte !== 0) ? mark : null };
}

function bytesAt(pointer: Deno.PointerValue, length: number): Uint8Array<ArrayBuffer> {
  if (pointer === null || length === 0) return new Uint8Array();
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, length));
}

/** What a server asks of the client of a session. */
interface Welcoming {
  readonly lib: OpenSsl;
  readonly pskLookup: LookUp | undefined;
  readonly peerCheck: PeerCheck | null;
  readonly crlsAreCurrent: boolean;
}

/**
 * Whether the client of a session would be let in now: its key is still the same, or its certificate has not
 * ended, and the program's own check takes it; "later" where the program has promised to say so. A
 * server resumes sessions that were begun by the same demands alone.
 */
export function isWelcome(
  { lib, pskLookup: lookUp, peerCheck, crlsAreCurrent }: Welcoming,
  session: Deno.PointerObject,
): boolean | "later" {
  const owner = readOwner(lib, session);
  if (owner !== null) {
    const { identity, mark } = owner;
    if (!lookUp || mark === null) return false;
    return guarded(lib, "pskLookup", false, () => {
      const key = lookUpKey(lookUp, identity);
      return key === "later" ? key : key !== null && timingSafeEqual(markOf(key), mark);
    });
  }
  const peer = lib.SSL_SESSION_get0_peer(session);
  if (peer === null) return true;
  if (!crlsAreCurrent) return false;
  if (!peerCheck) return isCurrent(lib, peer);
  return (peerCheck.isAlone || isCurrent(lib, peer)) && peerCheck.passes([peer], true);
}

/**
 * Writes into each ticket whose key its session began with, and takes back only tickets of clients
 * that would be let in now: SSL_CTX_set_session_ticket_cb(3). Others lead to a full handshake. Where
 * that is to be said later, the session is looked at again when the handshake is complete.
 *
 * @param isWelcome says so of a session
 */
export function applyTickets(
  { lib, ctx }: ContextTarget,
  isWelcome: (session: Deno.PointerObject) => boolean | "later",
): Callback[] {
  const generate = new Deno.UnsafeCallback(GENERATE_TICKET, (ssl) => {
    const session = lib.SSL_get_session(ssl);
    const owner = readOwner(lib, session);
    // Up to version 1.2 it stands elsewhere in the session.
    const identity = owner?.identity ?? sessionIdentity(lib, ssl);
    if (owner) noteOrigin(owner.origin);
    if (identity === null) return 1;
    return writeOwner(lib, session, owner ? { ...owner, origin: "ticket" } : ownerNow(identity));
  });
  const decrypt = new Deno.UnsafeCallback(
    DECRYPT_TICKET,
    (_ssl, session, _name, _nameLength, status) => {
      const { SUCCESS, SUCCESS_RENEW, ABORT, IGNORE_RENEW, USE, USE_RENEW } = SSL_TICKET;
      const isRead = status === SUCCESS || status === SUCCESS_RENEW;
      const welcome = isRead && session !== null && isWelcome(session);
      // Nothing more of the handshake would count: the client is told by an alert.
      if (currentHasFailed()) return ABORT;
      if (welcome === false) return IGNORE_RENEW;
      if (welcome === true) noteWelcome();
      return status === SUCCESS ? USE : USE_RENEW;
    },
  );
  lib.SSL_CTX_set_session_ticket_cb(ctx, generate.pointer, decrypt.pointer, null);
  return [generate, decrypt];
}
