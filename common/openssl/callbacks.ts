/**
 * What OpenSSL calls back for: application protocols, keys given beforehand, key logs.
 *
 * No callback throws into C: an error of the program's own function is the handshake's, which is
 * refused.
 *
 * @module
 */
import { milliseconds } from "../settings/kinds.ts";
import { checkValue } from "../settings/check.ts";
import { disregard, guarded, ignore, noteIdentity } from "./bindings/calls.ts";
import type { Callback, ContextTarget } from "./context_target.ts";
import { OPENSSL_NPN_NEGOTIATED, SSL_TLSEXT_ERR } from "./bindings/constants.ts";
import { takeError } from "./bindings/errors.ts";
import { cString, type OpenSsl } from "./bindings/library.ts";
import { identityBytes, pskName } from "./identity.ts";
import type { PskChoice, PskIdentity } from "./psk_settings.ts";
import { PSK_IDENTITY } from "./psk_kinds.ts";

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

// void (*SSL_CTX_keylog_cb_func)(const SSL *ssl, const char *line)
const KEY_LOG = {
  parameters: ["pointer", "pointer"],
  result: "void",
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
  psk: PskIdentity | PskChoice,
): Callback {
  const choose = typeof psk === "function"
    ? (hint: Deno.PointerValue) => chosen(psk, cString(hint) || null)
    : () => psk;
  const offer = new Deno.UnsafeCallback(
    PSK_CLIENT,
    (_ssl, hint, nameOut, maxName, keyOut, maxKey) =>
      guarded(lib, "psk", 0, () => {
        const choice = choose(hint);
        if (choice === null) return 0;
        const identity = pskName(choice);
        const name = Uint8Array.of(...identityBytes(identity), 0);
        const secret = choice.key as Uint8Array<ArrayBuffer>;
        if (name.length > maxName || secret.length > maxKey) return 0;
        noteIdentity(identity);
        write(nameOut, name);
        write(keyOut, secret);
        return secret.length;
      }),
  );
  lib.SSL_CTX_set_psk_client_callback(ctx, offer.pointer);
  return offer;
}

/** Asks the program which key goes with a hint; null where it has none. */
function chosen(psk: PskChoice, hint: string | null): PskIdentity | null {
  const choice: unknown = psk(hint);
  if (choice === null || choice === undefined) return null;
  ignore(choice);
  return checkValue(PSK_IDENTITY, choice, "its result", "use a pre-shared key");
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
export function write(pointer: Deno.PointerValue, bytes: Uint8Array): void {
  if (pointer === null) return;
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, bytes.length)).set(bytes);
}
