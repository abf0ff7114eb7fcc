/**
 * One step of a handshake.
 *
 * @module
 */
import type { CookieSecrets } from "../cookies.ts";
import { emptyQueue, type OpenSsl } from "../bindings/library.ts";
import type { SessionInput } from "./input.ts";
import { hasChangedCipher } from "./ssl_state.ts";

/**
 * Goes on with the handshake as far as the input goes: SSL_do_handshake(3).
 *
 * @param cookies told that the client has shown its cookie, where OpenSSL asks for one
 * @returns what SSL_do_handshake has returned last
 */
export function stepHandshake(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  input: SessionInput,
  cookies: CookieSecrets | null,
): number {
  emptyQueue(lib);
  if (cookies) cookies.isKnown = true;
  let result = lib.SSL_do_handshake(ssl);
  // The peer's Finished is read once its ChangeCipherSpec was.
  while (result !== 1 && input.hasEarly && hasChangedCipher(lib, ssl)) {
    input.feedEarly();
    emptyQueue(lib);
    result = lib.SSL_do_handshake(ssl);
    // It would have been the Finished: what cannot be deciphered is dropped in silence.
    input.isUnreadable = result !== 1 && hasChangedCipher(lib, ssl);
  }
  if (cookies) cookies.isKnown = false;
  return result;
}
