/**
 * What a resumed session's peer has to pass again: OpenSSL looks at its certificate in full
 * handshakes alone, and resumes without asking for name, authority or time.
 *
 * @module
 */
import { X509_V } from "./constants.ts";
import { type CertificateError, certificateError } from "./errors.ts";
import { type OpenSsl, toCString } from "./library.ts";
import { MemoryBio } from "./memory_bio.ts";

/** Whether the certificate of a session's peer is still valid by its time; true where it has none. */
export function isCurrent(lib: OpenSsl, session: Deno.PointerObject): boolean {
  const peer = lib.SSL_SESSION_get0_peer(session);
  return peer === null || lib.X509_cmp_current_time(lib.X509_get0_notAfter(peer)) > 0;
}

/** The certificates that a client's peer showed besides its own, PEM: a session's text lacks them. */
export function intermediatesOf(lib: OpenSsl, ssl: Deno.PointerObject): readonly string[] {
  const chain = lib.SSL_get_peer_cert_chain(ssl);
  const texts: string[] = [];
  // NULL has -1 entries; the first is the peer's own (SSL_get_peer_cert_chain(3)).
  for (let i = 1; i < lib.OPENSSL_sk_num(chain); i++) {
    using bio = new MemoryBio(lib);
    lib.PEM_write_bio_X509(bio.pointer, lib.OPENSSL_sk_value(chain, i));
    texts.push(bio.text());
  }
  return texts;
}

/**
 * Verifies the stored certificate of a resumed session's peer as a full handshake would: chain,
 * authorities, time, purpose and, for a client, the name (ssl_verify_cert_chain() of
 * ssl/ssl_cert.c).
 *
 * @param leaf the certificate, an X509
 * @param role this end's
 * @param intermediates for a session that was read from text
 * @returns why it does not pass, or null
 */
export function checkAgain(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  leaf: Deno.PointerValue,
  role: "client" | "server",
  intermediates: readonly string[],
  peerName: string | undefined,
): CertificateError | null {
  const refused = (result: number) => certificateError(lib, "resume the session", result, peerName);
  // A server that requires one has refused its client in the full handshake.
  if (leaf === null) return role === "server" ? null : refused(X509_V.UNSPECIFIED);
  using made = new DisposableStack();
  const check = lib.X509_STORE_CTX_new();
  made.defer(() => lib.X509_STORE_CTX_free(check));
  const store = lib.SSL_CTX_get_cert_store(lib.SSL_get_SSL_CTX(ssl));
  const kept = lib.SSL_get_peer_cert_chain(ssl);
  const chain = lib.OPENSSL_sk_num(kept) > 1 ? kept : read(lib, intermediates, made);
  if (lib.X509_STORE_CTX_init(check, store, leaf, chain) !== 1) return refused(X509_V.UNSPECIFIED);
  const purpose = role === "client" ? "ssl_server" : "ssl_client";
  lib.X509_STORE_CTX_set_default(check, toCString(purpose));
  const param = lib.X509_STORE_CTX_get0_param(check);
  lib.X509_VERIFY_PARAM_set1(param, lib.SSL_get0_param(ssl));
  lib.X509_VERIFY_PARAM_set_auth_level(param, lib.SSL_get_security_level(ssl));
  const passed = lib.X509_verify_cert(check) === 1;
  const result = lib.X509_STORE_CTX_get_error(check);
  lib.ERR_clear_error();
  if (passed && result === X509_V.OK) return null;
  return refused(result === X509_V.OK ? X509_V.UNSPECIFIED : result);
}

/** A STACK_OF(X509) of what was kept as text; freed with what it was made in. */
function read(
  lib: OpenSsl,
  intermediates: readonly string[],
  made: DisposableStack,
): Deno.PointerValue {
  if (intermediates.length === 0) return null;
  const stack = lib.OPENSSL_sk_new_null();
  made.defer(() => lib.OPENSSL_sk_free(stack));
  for (const pem of intermediates) {
    using bio = new MemoryBio(lib, pem);
    const x509 = lib.PEM_read_bio_X509(bio.pointer, null, null, new Uint8Array(1));
    if (x509 === null) continue;
    made.defer(() => lib.X509_free(x509));
    lib.OPENSSL_sk_push(stack, x509);
  }
  return stack;
}
