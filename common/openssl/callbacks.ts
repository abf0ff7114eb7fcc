/**
 * What OpenSSL calls back for: application protocols, keys given beforehand, key logs.
 *
 * No callback throws into C: an error of the program's own function is the handshake's, which is
 * refused.
 *
 * @module
 */
import { byteString, milliseconds } from "../settings/kinds.ts";
import { checkValue } from "../settings/check.ts";
import { currentIdentity, disregard, guarded, ignore, noteIdentity } from "./calls.ts";
import type { ContextTarget } from "./configure.ts";
import { OPENSSL_NPN_NEGOTIATED, SSL_TLSEXT_ERR } from "./constants.ts";
import { takeError } from "./errors.ts";
import { cString, type OpenSsl, toCString } from "./library.ts";
import type { PskIdentity, TlsServerSettings } from "./settings.ts";
import { MAX_PSK_BYTES } from "./settings_table.ts";

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

// int (*SSL_CTX_generate_session_ticket_fn)(SSL *s, void *arg)
const TICKET = {
  parameters: ["pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/**
 * A client offers its application protocols; a server chooses the first of its own that the client
 * offered, and refuses a client that offers only others (RFC 7301 3.2).
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
    return [bytes.length, ...bytes];
  }));
}

/** A client authenticates with a key; its bytes are the table's own copy. */
export function applyClientPsk(
  { lib, ctx }: ContextTarget,
  { identity, key }: PskIdentity,
): Callback {
  const name = toCString(identity);
  const secret = key as Uint8Array<ArrayBuffer>;
  const offer = new Deno.UnsafeCallback(
    PSK_CLIENT,
    (_ssl, _hint, nameOut, maxName, keyOut, maxKey) => {
      if (name.length > maxName || secret.length > maxKey) return 0;
      noteIdentity(identity);
      write(nameOut, name);
      write(keyOut, secret);
      return secret.length;
    },
  );
  lib.SSL_CTX_set_psk_client_callback(ctx, offer.pointer);
  return offer;
}

type LookUp = NonNullable<TlsServerSettings["pskLookup"]>;

/**
 * Asks the program for the key of an identity.
 *
 * @returns null where it knows none
 * @throws {TypeError} where it returns anything but bytes, null or undefined
 * @throws {RangeError} where the key is too short or too long
 */
export function lookUpKey(lookUp: LookUp, identity: string): Uint8Array<ArrayBuffer> | null {
  const key: unknown = lookUp(identity);
  if (key === null || key === undefined) return null;
  ignore(key);
  return checkValue(KEY, key, "its result", "use a pre-shared key");
}

const KEY = byteString(1, MAX_PSK_BYTES);

/** A server finds its clients' keys. */
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
    (_ssl, name, keyOut, maxKey) =>
      guarded(lib, "pskLookup", 0, () => {
        const identity = identityOf(name);
        const key = identity === null ? null : lookUpKey(lookUp, identity);
        if (identity === null || key === null || key.length > maxKey) return 0;
        noteIdentity(identity);
        write(keyOut, key);
        return key.length;
      }),
  );
  lib.SSL_CTX_set_psk_server_callback(ctx, find.pointer);
  return [find, bindTickets(lib, ctx)];
}

/**
 * In TLS 1.3 OpenSSL asks for the key of a ticket, too, as if it were an identity; an identity that
 * is no UTF-8 belongs to none of the program's texts.
 */
function identityOf(name: Deno.PointerValue): string | null {
  const text = cString(name);
  return text === null || text === "" || text.includes("\ufffd") ? null : text;
}

/**
 * A ticket of TLS 1.3 does not say whose key the session began with, as one of 1.2 does: it is
 * written into it (SSL_CTX_set_session_ticket_cb(3)).
 */
function bindTickets(lib: OpenSsl, ctx: Deno.PointerObject): Callback {
  const generate = new Deno.UnsafeCallback(TICKET, (ssl) => {
    const identity = currentIdentity();
    if (identity === null) return 1;
    const data = new TextEncoder().encode(identity);
    const session = lib.SSL_get_session(ssl);
    return lib.SSL_SESSION_set1_ticket_appdata(session, data, BigInt(data.length));
  });
  lib.SSL_CTX_set_session_ticket_cb(ctx, generate.pointer, null, null);
  return generate;
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
  lib: OpenSsl,
  retransmitAfterMs: (previousMs: number) => number,
): Deno.UnsafeCallback<typeof TIMER> {
  return new Deno.UnsafeCallback(
    TIMER,
    (_ssl, previousUs) =>
      guarded(lib, "retransmitAfterMs", 1_000_000, () => {
        const ms: unknown = retransmitAfterMs(previousUs / 1000);
        ignore(ms);
        const wait = checkValue(WAIT, ms, "its result", "send a flight again");
        return Math.min(Math.round(wait * 1000), MAX_WAIT_US);
      }),
  );
}

/** Under 15 ms left reads as none (dtls1_get_timeout() of ssl/d1_lib.c). */
const WAIT = milliseconds(16);

/** Microseconds that 31 bits hold: some 35 minutes. */
const MAX_WAIT_US = 0x7fff_ffff;

/** Hands over the lines of a key log. */
export function applyKeyLog(
  { lib, ctx }: ContextTarget,
  keyLog: (line: string) => void,
): Callback {
  const log = new Deno.UnsafeCallback(
    KEY_LOG,
    (_ssl, line) =>
      guarded(lib, "keyLog", undefined, () => disregard("keyLog", keyLog(cString(line) ?? ""))),
  );
  lib.SSL_CTX_set_keylog_callback(ctx, log.pointer);
  return log;
}

/** Writes into C's memory; the caller has checked that it is long enough. */
function write(pointer: Deno.PointerValue, bytes: Uint8Array): void {
  if (pointer === null) return;
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, bytes.length)).set(bytes);
}
