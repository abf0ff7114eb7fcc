/**
 * One step of a handshake.
 *
 * @module
 */
import type { CookieSecrets } from "../cookies.ts";
import { SSL_OP } from "../bindings/constants.ts";
import { takeError } from "../bindings/errors.ts";
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
    input.feedEarly(ssl);
    emptyQueue(lib);
    result = lib.SSL_do_handshake(ssl);
    // It would have been the Finished: what cannot be deciphered is dropped in silence.
    input.isUnreadable = result !== 1 && hasChangedCipher(lib, ssl);
  }
  if (cookies) cookies.isKnown = false;
  return result;
}

/**
 * The stateless beginning of a server's handshake, once a datagram: DTLSv1_listen(3).
 *
 * @param address a BIO_ADDR to be filled, which memory BIOs leave empty
 * @param isFirst whether the session has not listened before
 * @returns whether the client's cookie is good
 * @throws {OpenSslError} where it is no ClientHello
 */
export function stepListen(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  address: Deno.PointerObject,
  isFirst: boolean,
): boolean {
  // Not on the context: there it would make every handshake ask for a cookie again.
  if (isFirst) lib.SSL_set_options(ssl, BigInt(SSL_OP.COOKIE_EXCHANGE));
  lib.ERR_clear_error();
  const result = lib.DTLSv1_listen(ssl, address);
  if (result < 0) throw takeError(lib, "read a ClientHello");
  return result > 0;
}
