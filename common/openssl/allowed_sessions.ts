/**
 * Which sessions may be resumed as far as a context's versions and cipher suites go.
 *
 * @module
 */
import type { OpenSsl } from "./bindings/library.ts";

/** The cipher suites of a context, by the numbers that they have on the wire. */
export function ciphersOf(lib: OpenSsl, ctx: Deno.PointerObject): Set<number> {
  const list = lib.SSL_CTX_get_ciphers(ctx);
  const ids = new Set<number>();
  for (let i = 0; i < lib.OPENSSL_sk_num(list); i++) {
    ids.add(lib.SSL_CIPHER_get_protocol_id(lib.OPENSSL_sk_value(list, i)));
  }
  return ids;
}

/**
 * Whether connections may agree on a session's version and cipher.
 *
 * @param versions the oldest and the newest that are allowed
 */
export function isAllowed(
  lib: OpenSsl,
  session: Deno.PointerObject,
  datagram: boolean,
  [oldest, newest]: readonly [number, number],
  ciphers: ReadonlySet<number>,
): boolean {
  const version = lib.SSL_SESSION_get_protocol_version(session);
  // DTLS counts its versions downwards.
  const isVersion = datagram
    ? version <= oldest && version >= newest
    : version >= oldest && version <= newest;
  const cipher = lib.SSL_SESSION_get0_cipher(session);
  return isVersion && cipher !== null && ciphers.has(lib.SSL_CIPHER_get_protocol_id(cipher));
}
