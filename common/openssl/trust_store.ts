/**
 * Whom a context believes: authorities, and what they have revoked.
 *
 * @module
 */
import type { Certificate } from "../pem/certificates.ts";
import { readCrls } from "../pem/crls.ts";
import { PemError } from "../pem/errors.ts";
import { X509_V_FLAG } from "./bindings/identity_constants.ts";
import { takeError } from "./bindings/errors.ts";
import type { OpenSsl } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { dateOf } from "./bindings/x509.ts";
import type { ContextTarget } from "./context_target.ts";
import { ownX509 } from "./credentials.ts";
import { trustSystem } from "./system_authorities.ts";

/** The store of a context, which a newer one can take the place of: SSL_CTX_set1_cert_store(3). */
export class TrustStore {
  readonly #target: ContextTarget;
  readonly #caCerts: readonly Certificate[];
  readonly #withSystem: boolean;
  /** When the first of the lists is to be replaced by a newer one, in milliseconds of Date.now(). */
  #crlsEndMs = Infinity;

  /** @param withSystem whether the system's authorities are believed, too */
  constructor(target: ContextTarget, caCerts: readonly Certificate[], withSystem: boolean) {
    this.#target = target;
    this.#caCerts = caCerts;
    this.#withSystem = withSystem;
  }

  /**
   * Believes the authorities, but for what they have revoked. Where there are lists, each authority
   * of a chain has to have one (X509_V_FLAG_CRL_CHECK_ALL).
   *
   * @param crls lists of revoked certificates, PEM
   * @throws {PemError} where one cannot be read; then all stays as it was
   */
  fill(crls: readonly string[]): void {
    const { lib, ctx } = this.#target;
    using made = new DisposableStack();
    const store = lib.X509_STORE_new();
    if (store === null) throw takeError(lib, "make a store of authorities");
    made.adopt(store, lib.X509_STORE_free);
    for (const { pem } of this.#caCerts) addAuthority(lib, store, pem);
    if (this.#withSystem) trustSystem(lib, store);
    const ends = crls.flatMap((text, i) =>
      readCrls(text, `crls[${i}]`).map((pem) => addCrl(lib, store, pem, `crls[${i}]`))
    );
    const { CRL_CHECK, CRL_CHECK_ALL } = X509_V_FLAG;
    if (crls.length > 0) lib.X509_STORE_set_flags(store, CRL_CHECK | CRL_CHECK_ALL);
    lib.SSL_CTX_set1_cert_store(ctx, store);
    this.#crlsEndMs = Math.min(...ends);
  }

  /**
   * Whether the lists still say who has been revoked: where one is overdue, no session is resumed, as
   * no full handshake would pass.
   */
  get isCurrent(): boolean {
    return Date.now() < this.#crlsEndMs;
  }
}

function addAuthority(lib: OpenSsl, store: Deno.PointerObject, pem: string): void {
  const x509 = ownX509(lib, pem, "trust an authority of caCerts");
  const added = lib.X509_STORE_add_cert(store, x509);
  lib.X509_free(x509);
  if (added !== 1) throw takeError(lib, "trust an authority of caCerts");
}

/** @returns when it is to be replaced by a newer one; Infinity where it does not say */
function addCrl(lib: OpenSsl, store: Deno.PointerObject, pem: string, source: string): number {
  using bio = new MemoryBio(lib, pem);
  const crl = lib.PEM_read_bio_X509_CRL(bio.pointer, null, null, new Uint8Array(1));
  if (crl === null) {
    throw new PemError(source, "it is damaged", { cause: takeError(lib, "read a CRL") });
  }
  const nextUpdate = lib.X509_CRL_get0_nextUpdate(crl);
  const endMs = nextUpdate === null ? Infinity : dateOf(lib, nextUpdate).getTime();
  const added = lib.X509_STORE_add_crl(store, crl);
  lib.X509_CRL_free(crl);
  if (added !== 1) throw takeError(lib, `use ${source}`);
  return endMs;
}
