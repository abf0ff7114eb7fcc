/**
 * The timer of a DTLS handshake: when its last flight is sent again (RFC 6347 4.2.4.1).
 *
 * @module
 */
import { SSL_CTRL } from "../bindings/constants.ts";
import { takeError } from "../bindings/errors.ts";
import type { OpenSsl } from "../bindings/library.ts";

/** A struct timeval of sys/time.h, seconds and microseconds: one serves all sessions. */
const timeval = new BigInt64Array(2);
const timevalBytes = new Uint8Array(timeval.buffer);

/** Milliseconds that are left, 0 for none; null where no answer is waited for. */
export function timeLeftMs(lib: OpenSsl, ssl: Deno.PointerObject): number | null {
  const set = lib.SSL_ctrl(ssl, SSL_CTRL.DTLS_GET_TIMEOUT, 0n, timevalBytes);
  if (set !== 1n) return null;
  // On macOS the microseconds have 32 bits, little-endian too.
  return Number(timeval[0]) * 1000 + Number(BigInt.asIntN(32, timeval[1]!)) / 1000;
}

/**
 * Sends the last flight again where its time is over.
 *
 * @returns whether it was sent
 * @throws {OpenSslError} where it was sent too often
 */
export function sendAgain(lib: OpenSsl, ssl: Deno.PointerObject): boolean {
  lib.ERR_clear_error();
  const result = lib.SSL_ctrl(ssl, SSL_CTRL.DTLS_HANDLE_TIMEOUT, 0n, null);
  if (result < 0n) throw takeError(lib, "complete the handshake", ssl);
  return result > 0n;
}
