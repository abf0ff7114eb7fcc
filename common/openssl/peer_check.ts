/**
 * The program's own check of its peers' certificates: fingerprints, and a function. It stands beside
 * OpenSSL's, or in its place, and is run within the handshake.
 *
 * @module
 */
import { describe } from "../base/errors.ts";
import { checkValue } from "../settings/check.ts";
import { type Kind, Misfit, show } from "../settings/kind.ts";
import { currentPeer, guarded, ignore, noteCheckedPeer, noteRefusal } from "./bindings/calls.ts";
import { X509_V } from "./bindings/constants.ts";
import type { OpenSsl } from "./bindings/library.ts";
import { x509Text } from "./bindings/x509.ts";
import type { Callback, ContextTarget } from "./context_target.ts";
import { fingerprintOf, hashOf } from "./fingerprints.ts";
import { readCertificate } from "./peer_certificate.ts";
import { refusalOf } from "./peer_policy.ts";
import { clientCertificateOf, type PeerSettings, replacesAuthorities } from "./peer_settings.ts";
import type { TlsContextOptions } from "./settings.ts";

// int (*cb)(X509_STORE_CTX *, void *), for SSL_CTX_set_cert_verify_callback(3)
const VERIFY_CHAIN = {
  parameters: ["pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/** What `verifyPeer` may return. */
const VERDICT: Kind<Error | undefined> = {
  allowed: "undefined, or an Error that refuses the peer",
  read(value) {
    if (value === undefined || value instanceof Error) return value;
    throw new Misfit(false, `must be ${VERDICT.allowed}, not ${show(value)}`);
  },
  good: [undefined, new Error("refused")],
  wrongKinds: [null, true, false, 0, "refused", {}],
  wrongValues: [],
};

/** Why a peer is refused that has no certificate; goes on after "the peer's certificate". */
export const NO_CERTIFICATE = "is missing: the peer has shown none";

/** So many fingerprints are named in an error. */
const MAX_NAMED = 3;

/** What a context asks of its peers' certificates by itself. */
export class PeerCheck implements Callback {
  /** Whether OpenSSL's own verification is left out. */
  readonly isAlone: boolean;
  /** Whether a peer may show no certificate at all. */
  readonly isOptional: boolean;
  readonly #lib: OpenSsl;
  readonly #role: "client" | "server";
  readonly #fingerprints: readonly string[] | undefined;
  readonly #verifyPeer: PeerSettings["verifyPeer"];
  readonly #callback: Deno.UnsafeCallback<typeof VERIFY_CHAIN>;

  private constructor({ lib, ctx }: ContextTarget, options: TlsContextOptions) {
    this.#lib = lib;
    this.#role = options.role;
    this.#fingerprints = options.peerFingerprints;
    this.#verifyPeer = options.verifyPeer;
    this.isAlone = replacesAuthorities(options);
    this.isOptional = options.role === "server" && clientCertificateOf(options) === "request";
    this.#callback = new Deno.UnsafeCallback(
      VERIFY_CHAIN,
      (check) => this.#verify(check) ? 1 : 0,
    );
    lib.SSL_CTX_set_cert_verify_callback(ctx, this.#callback.pointer, null);
  }

  /** Sets it for a context; null where the settings say nothing of it. */
  static apply(target: ContextTarget, options: TlsContextOptions): PeerCheck | null {
    const isAsked = options.peerFingerprints !== undefined || options.verifyPeer !== undefined;
    return isAsked ? new PeerCheck(target, options) : null;
  }

  /** After the context is freed. */
  close(): void {
    this.#callback.close();
  }

  /**
   * Within a session's call: whether a peer passes. Why it does not is noted there.
   *
   * @param chain X509s, the peer's own first
   * @param resumed whether they are a session's that is to be resumed
   */
  passes(chain: readonly Deno.PointerObject[], resumed: boolean): boolean {
    const lib = this.#lib;
    const [own] = chain;
    if (!own) return refuse(NO_CERTIFICATE);
    const refusal = this.isAlone ? refusalOf(lib, own, true) : null;
    if (refusal !== null) return refuse(refusal);
    const pem = x509Text(lib, own);
    if (!this.#hasFingerprint(pem) || !this.#isVerified(chain, resumed)) return false;
    noteCheckedPeer(fingerprintOf(pem, "sha-256"));
    return true;
  }

  /**
   * Within a session's call, when its handshake is done: whether the peer has what has passed. Why it
   * has not is noted.
   *
   * @param own the certificate that the peer has, an X509; NULL for none
   * @param checked SHA-256 of the one that has passed
   */
  hasPassed(own: Deno.PointerValue, checked: string | null): boolean {
    if (own === null) {
      return this.isOptional || refuse(NO_CERTIFICATE);
    }
    const isIt = fingerprintOf(x509Text(this.#lib, own), "sha-256") === checked;
    return isIt || refuse("is refused: it is not the one that was checked");
  }

  /** All of OpenSSL's verification in a full handshake (ssl_verify_cert_chain() of ssl/ssl_cert.c). */
  #verify(check: Deno.PointerValue): boolean {
    const lib = this.#lib;
    if (!this.isAlone) {
      const isGood = lib.X509_verify_cert(check) === 1 &&
        lib.X509_STORE_CTX_get_error(check) === X509_V.OK;
      if (!isGood) return false;
    }
    const chain = this.isAlone
      ? withOthers(
        lib,
        lib.X509_STORE_CTX_get0_cert(check),
        lib.X509_STORE_CTX_get0_untrusted(check),
      )
      : stackOf(lib, lib.X509_STORE_CTX_get0_chain(check));
    const passes = this.passes(chain, false);
    lib.X509_STORE_CTX_set_error(check, passes ? X509_V.OK : X509_V.CERT_REJECTED);
    return passes;
  }

  #hasFingerprint(pem: string): boolean {
    const expected = this.#fingerprints;
    if (!expected) return true;
    if (expected.some((one) => one === fingerprintOf(pem, hashOf(one)))) return true;
    const seen = fingerprintOf(pem, hashOf(expected[0]!));
    const more = expected.length - MAX_NAMED;
    const named = expected.slice(0, MAX_NAMED).join(" or ") + (more > 0 ? ` or ${more} more` : "");
    return refuse(`has the fingerprint ${seen}, and peerFingerprints asks for ${named}`);
  }

  #isVerified(chain: readonly Deno.PointerObject[], resumed: boolean): boolean {
    const lib = this.#lib;
    const verifyPeer = this.#verifyPeer;
    if (!verifyPeer) return true;
    return guarded(lib, "verifyPeer", false, () => {
      const shown = Object.freeze(chain.map((x509) => readCertificate(lib, x509)));
      const facts = { role: this.#role, ...currentPeer(), resumed };
      const result: unknown = verifyPeer(shown, facts);
      ignore(result);
      const verdict = checkValue(VERDICT, result, "its result", "verify the peer");
      return verdict === undefined ||
        refuse(`is refused by verifyPeer: ${describe(verdict)}`, verdict);
    });
  }
}

function refuse(why: string, cause?: Error): false {
  noteRefusal(why, cause);
  return false;
}

/** The entries of a STACK_OF(X509); NULL has none. */
export function stackOf(lib: OpenSsl, stack: Deno.PointerValue): Deno.PointerObject[] {
  const length = Math.max(lib.OPENSSL_sk_num(stack), 0);
  return Array.from({ length }, (_, i) => lib.OPENSSL_sk_value(stack, i)).filter((one) =>
    one !== null
  );
}

/** A peer's own certificate, and after it what else it has shown, in which its own may be again. */
export function withOthers(
  lib: OpenSsl,
  own: Deno.PointerValue,
  others: Deno.PointerValue,
): Deno.PointerObject[] {
  if (own === null) return [];
  return [own, ...stackOf(lib, others).filter((one) => !Deno.UnsafePointer.equals(one, own))];
}
