/**
 * What OpenSSL calls back for: application protocols, keys given beforehand, key logs.
 *
 * No callback throws into C: an error of the program's own function goes to `reportError`, and the
 * handshake is refused.
 *
 * @module
 */
import { OPENSSL_NPN_NEGOTIATED, SSL_TLSEXT_ERR } from "./constants.ts";
import { takeError } from "./errors.ts";
import { cString, toCString } from "./library.ts";
import type { ContextTarget } from "./configure.ts";
import type { PskIdentity, TlsServerSettings } from "./settings.ts";

/** Something that lives as long as the context whose callback it is. */
export interface Callback {
  close(): void;
}

// int (*SSL_CTX_alpn_select_cb_func)(SSL *ssl, const unsigned char **out, unsigned char *outlen,
//                                    const unsigned char *in, unsigned int inlen, void *arg)
const ALPN_SELECT = {
  parameters: ["pointer", "pointer", "pointer", "pointer", "u32", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// unsigned int (*SSL_psk_client_cb_func)(SSL *ssl, const char *hint, char *identity,
//                                        unsigned int max_identity_len, unsigned char *psk,
//                                        unsigned int max_psk_len)
const PSK_CLIENT = {
  parameters: ["pointer", "pointer", "pointer", "u32", "pointer", "u32"],
  result: "u32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// unsigned int (*SSL_psk_server_cb_func)(SSL *ssl, const char *identity, unsigned char *psk,
//                                        unsigned int max_psk_len)
const PSK_SERVER = {
  parameters: ["pointer", "pointer", "pointer", "u32"],
  result: "u32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// void (*SSL_CTX_keylog_cb_func)(const SSL *ssl, const char *line)
const KEY_LOG = {
  parameters: ["pointer", "pointer"],
  result: "void",
} as const satisfies Deno.UnsafeCallbackDefinition;

/** Longest identity in bytes: PSK_MAX_IDENTITY_LEN is 128 in older, 256 in newer libraries. */
const MAX_IDENTITY_BYTES = 128;
/** Longest key in bytes that suits every hash function. */
const MAX_KEY_BYTES = 64;

/**
 * A client offers its application protocols; a server chooses the first of its own that the client
 * offered, and refuses a client that offers only others (RFC 7301 3.2).
 *
 * @throws {RangeError} where a name is empty or too long
 */
export function applyAlpn(
  { lib, ctx }: ContextTarget,
  role: "client" | "server",
  protocols: readonly string[],
): Callback | null {
  const wire = alpnWire(protocols);
  if (role === "client") {
    // 0 is success here (SSL_CTX_set_alpn_protos(3)).
    if (lib.SSL_CTX_set_alpn_protos(ctx, wire, wire.length) !== 0) {
      throw takeError(lib, "offer application protocols");
    }
    return null;
  }
  const select = new Deno.UnsafeCallback(ALPN_SELECT, (_ssl, out, outlen, offered, length) => {
    const chosen = lib.SSL_select_next_proto(out, outlen, wire, wire.length, offered, length);
    return chosen === OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR.OK : SSL_TLSEXT_ERR.ALERT_FATAL;
  });
  lib.SSL_CTX_set_alpn_select_cb(ctx, select.pointer, null);
  return select;
}

/** Each name with its length before it (RFC 7301 3.1). */
function alpnWire(protocols: readonly string[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(protocols.flatMap((name) => {
    const bytes = new TextEncoder().encode(name);
    if (bytes.length < 1 || bytes.length > 255) {
      throw new RangeError(`Cannot use the application protocol "${name}": it has 1 to 255 bytes`);
    }
    return [bytes.length, ...bytes];
  }));
}

/**
 * A client authenticates with a key.
 *
 * @throws {RangeError} where identity or key are too short or too long
 */
export function applyClientPsk(
  { lib, ctx }: ContextTarget,
  { identity, key }: PskIdentity,
): Callback {
  const name = toCString(identity);
  checkLength("PSK identity", name.length - 1, MAX_IDENTITY_BYTES);
  checkLength("PSK", key.length, MAX_KEY_BYTES);
  const secret = key.slice();
  const offer = new Deno.UnsafeCallback(
    PSK_CLIENT,
    (_ssl, _hint, nameOut, maxName, keyOut, maxKey) => {
      if (name.length > maxName || secret.length > maxKey) return 0;
      write(nameOut, name);
      write(keyOut, secret);
      return secret.length;
    },
  );
  lib.SSL_CTX_set_psk_client_callback(ctx, offer.pointer);
  return offer;
}

/**
 * A server finds its clients' keys.
 *
 * @throws {RangeError} where the hint is too long
 */
export function applyServerPsk(
  { lib, ctx }: ContextTarget,
  lookUp: NonNullable<TlsServerSettings["pskLookup"]>,
  hint: string | undefined,
): Callback {
  if (hint !== undefined) {
    const text = toCString(hint);
    checkLength("PSK hint", text.length - 1, MAX_IDENTITY_BYTES);
    if (lib.SSL_CTX_use_psk_identity_hint(ctx, text) !== 1) throw takeError(lib, "use a PSK hint");
  }
  const find = new Deno.UnsafeCallback(PSK_SERVER, (_ssl, identity, keyOut, maxKey) => {
    try {
      const key = identity === null ? null : lookUp(cString(identity)!);
      if (key === null) return 0;
      checkLength("PSK", key.length, Math.min(maxKey, MAX_KEY_BYTES));
      write(keyOut, key);
      return key.length;
    } catch (error) {
      reportError(error);
      return 0;
    }
  });
  lib.SSL_CTX_set_psk_server_callback(ctx, find.pointer);
  return find;
}

// unsigned int (*DTLS_timer_cb)(SSL *s, unsigned int timer_us)
const TIMER = {
  parameters: ["pointer", "u32"],
  result: "u32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/**
 * How long a DTLS flight waits for its answer before it is sent again; a session is told of it
 * with DTLS_set_timer_cb(3).
 */
export function makeTimer(
  retransmitAfterMs: (previousMs: number) => number,
): Deno.UnsafeCallback<typeof TIMER> {
  return new Deno.UnsafeCallback(TIMER, (_ssl, previousUs) => {
    try {
      return Math.max(Math.round(retransmitAfterMs(previousUs / 1000) * 1000), 1);
    } catch (error) {
      reportError(error);
      return 1_000_000;
    }
  });
}

/** Hands over the lines of a key log. */
export function applyKeyLog(
  { lib, ctx }: ContextTarget,
  keyLog: (line: string) => void,
): Callback {
  const log = new Deno.UnsafeCallback(KEY_LOG, (_ssl, line) => {
    try {
      keyLog(cString(line) ?? "");
    } catch (error) {
      reportError(error);
    }
  });
  lib.SSL_CTX_set_keylog_callback(ctx, log.pointer);
  return log;
}

function checkLength(what: string, length: number, max: number): void {
  if (length >= 1 && length <= max) return;
  throw new RangeError(`Cannot use a ${what} of ${length} bytes: it has 1 to ${max}`);
}

/** Writes into C's memory; the caller has checked that it is long enough. */
function write(pointer: Deno.PointerValue, bytes: Uint8Array): void {
  if (pointer === null) return;
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, bytes.length)).set(bytes);
}
