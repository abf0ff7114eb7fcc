/**
 * A certificate with its key and chain, in OpenSSL's hands and ready to be shown.
 *
 * @module
 */
import type { Certificate } from "../pem/certificates.ts";
import { type CredentialNames, readCredentials, SETTING_NAMES } from "../pem/credentials.ts";
import { viewOf } from "../settings/kinds.ts";
import { takeError } from "./bindings/errors.ts";
import type { OpenSsl } from "./bindings/library.ts";
import type { ContextTarget } from "./context_target.ts";
import { ownKey, ownX509 } from "./credentials.ts";
import type { ServerIdentity } from "./identity_settings.ts";
import type { NamedIdentities } from "./named_identities.ts";
import { stapleMisfit } from "./ocsp.ts";
import { ownPem } from "./own_pem.ts";
import { stackOf } from "./peer_check.ts";

/** One of a server's identities; `free()` gives up what is this one's, handshakes keep what is theirs. */
export class LoadedIdentity {
  /** Null where it is for all names that no other is for. */
  readonly names: readonly string[] | null;
  /** The own certificate first. */
  readonly chain: readonly Certificate[];
  /** What is stapled to it; undefined where nothing is. */
  readonly ocspResponse: Uint8Array<ArrayBuffer> | undefined;
  readonly #lib: OpenSsl;
  readonly #x509: Deno.PointerValue = null;
  readonly #key: Deno.PointerValue = null;
  /** STACK_OF(X509), of those below the own one; null where there are none. */
  readonly #stack: Deno.PointerValue = null;
  #made = new DisposableStack();

  /**
   * @param place what stands before the settings' names in an error
   * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
   * @throws {RangeError} where the key is of a kind that the transport does not use, or the OCSP response
   * is for another certificate
   * @throws {OpenSslError} where OpenSSL does not take one
   */
  constructor(target: ContextTarget, identity: ServerIdentity, place: string) {
    const { lib, ctx } = target;
    this.#lib = lib;
    this.names = identity.names ?? null;
    this.ocspResponse = identity.ocspResponse && new Uint8Array(viewOf(identity.ocspResponse)!);
    const names: CredentialNames = {
      ...SETTING_NAMES,
      cert: `${place}cert`,
      key: `${place}key`,
    };
    using made = new DisposableStack();
    const { chain, key } = readCredentials(ownPem(lib, identity, place), names);
    this.chain = chain;
    const [own, ...rest] = chain;
    this.#x509 = made.adopt(ownX509(lib, own!.pem, `use ${names.cert}`), lib.X509_free);
    this.#key = made.adopt(ownKey(target, key!.pem, names.key), lib.EVP_PKEY_free);
    // Without one OpenSSL completes the chain with the authorities that are believed.
    this.#stack = rest.length > 0
      ? made.adopt(lib.OPENSSL_sk_new_null(), lib.OPENSSL_sk_free)
      : null;
    for (const { pem } of rest) {
      const x509 = made.adopt(ownX509(lib, pem, `use the chain in ${names.cert}`), lib.X509_free);
      lib.OPENSSL_sk_push(this.#stack, x509);
    }
    const misfit = this.ocspResponse &&
      stapleMisfit(lib, this.ocspResponse, this.#x509, stackOf(lib, this.#stack));
    if (misfit) throw new RangeError(`Cannot use ${place}ocspResponse: ${misfit}`);
    const trial = lib.SSL_new(ctx);
    const isUsable = this.show(trial);
    lib.SSL_free(trial);
    if (!isUsable) throw takeError(lib, `use ${names.cert}`);
    this.#made = made.move();
  }

  /** Has an SSL show it: SSL_use_cert_and_key(3); the error queue says why not. */
  show(ssl: Deno.PointerValue): boolean {
    return this.#lib.SSL_use_cert_and_key(ssl, this.#x509, this.#key, this.#stack, 1) === 1;
  }

  /** To be called once. */
  free(): void {
    this.#made.dispose();
  }
}

/**
 * Loads all of them, or none.
 *
 * @param look at their certificates, while they can still be refused: what it throws is thrown
 * @returns to be freed by the caller
 * @throws as {@linkcode LoadedIdentity}
 */
export function loadIdentities(
  target: ContextTarget,
  { identities, placeOf }: NamedIdentities,
  look: (certificates: readonly Certificate[]) => void,
): LoadedIdentity[] {
  using made = new DisposableStack();
  const loaded = identities.map((one, i) =>
    made.adopt(new LoadedIdentity(target, one, placeOf(i)), (loaded) => loaded.free())
  );
  look(loaded.flatMap(({ chain }) => chain));
  made.move();
  return loaded;
}
