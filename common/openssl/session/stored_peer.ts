/**
 * The peer of a session that is resumed, checked as in a full handshake.
 *
 * @module
 */
import { X509_V } from "../bindings/constants.ts";
import { type CertificateError, certificateError } from "../bindings/errors.ts";
import { type OpenSsl, toCString } from "../bindings/library.ts";
import { MemoryBio } from "../bindings/memory_bio.ts";
import { readX509 } from "../bindings/x509.ts";
import { type PeerCheck, stackOf, withOthers } from "../peer_check.ts";

/** The certificates of a session, and who has shown them. */
export interface StoredPeer {
  /** The peer's own, an X509. */
  readonly leaf: Deno.PointerValue;
  /** PEM, for a session that was read from text; others have theirs in them. */
  readonly intermediates: readonly string[];
  readonly peer: "client" | "server";
  /** The name it has to be for. */
  readonly peerName: string | undefined;
  /** Asked besides, within a call of the session; or alone, where it is to decide alone. */
  readonly peerCheck?: PeerCheck;
}

/**
 * Verifies the stored certificate of a peer as a full handshake would: chain, authorities, time,
 * purpose and name (ssl_verify_cert_chain() of ssl/ssl_cert.c), and the program's own check.
 *
 * @returns why it does not pass, or null
 */
export function checkStored(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  { leaf, intermediates, peer, peerName, peerCheck }: StoredPeer,
): CertificateError | null {
  const refused = (result: number) => certificateError(lib, "resume the session", result, peerName);
  if (leaf === null) return refused(X509_V.UNSPECIFIED);
  using made = new DisposableStack();
  const kept = lib.SSL_get_peer_cert_chain(ssl);
  const chain = lib.OPENSSL_sk_num(kept) > 0 ? kept : read(lib, intermediates, made);
  if (peerCheck?.isAlone) {
    const passes = peerCheck.passes(withOthers(lib, leaf, chain), true);
    return passes ? null : refused(X509_V.CERT_REJECTED);
  }
  const check = lib.X509_STORE_CTX_new();
  made.defer(() => lib.X509_STORE_CTX_free(check));
  const store = lib.SSL_CTX_get_cert_store(lib.SSL_get_SSL_CTX(ssl));
  if (lib.X509_STORE_CTX_init(check, store, leaf, chain) !== 1) return refused(X509_V.UNSPECIFIED);
  lib.X509_STORE_CTX_set_default(check, toCString(`ssl_${peer}`));
  const param = lib.X509_STORE_CTX_get0_param(check);
  lib.X509_VERIFY_PARAM_set_auth_level(param, lib.SSL_get_security_level(ssl));
  // What the context says itself counts for more.
  lib.X509_VERIFY_PARAM_set1(param, lib.SSL_get0_param(ssl));
  lib.X509_STORE_CTX_set_verify_cb(check, lib.SSL_get_verify_callback(ssl));
  const passed = lib.X509_verify_cert(check) === 1;
  const result = lib.X509_STORE_CTX_get_error(check);
  lib.ERR_clear_error();
  if (!passed || result !== X509_V.OK) {
    return refused(result === X509_V.OK ? X509_V.UNSPECIFIED : result);
  }
  const verified = () => stackOf(lib, lib.X509_STORE_CTX_get0_chain(check));
  return !peerCheck || peerCheck.passes(verified(), true) ? null : refused(X509_V.CERT_REJECTED);
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
    const x509 = readX509(lib, bio);
    if (x509 === null) continue;
    made.defer(() => lib.X509_free(x509));
    lib.OPENSSL_sk_push(stack, x509);
  }
  return stack;
}
