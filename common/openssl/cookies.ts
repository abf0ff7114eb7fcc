/**
 * DTLS cookies: HMAC-SHA256 over the peer's address, with secrets that change (RFC 6347 4.2.1).
 *
 * @module
 */
import type { OpenSsl } from "./library.ts";

/** SHA-256 gives 32 bytes (FIPS 180-4). */
const COOKIE_BYTES = 32;

/** A cookie is good for that long at least, and for twice as long at most. */
export const COOKIE_LIFETIME_MS = 60_000;

/**
 * Makes and checks a context's cookies. The callbacks are told of no address when the SSL sits
 * on memory BIOs, so it is set here before every DTLSv1_listen(3).
 */
export class CookieSecrets {
  readonly #lib: OpenSsl;
  readonly #sha256: Deno.PointerValue;
  readonly #encoder = new TextEncoder();
  /** What the peer's cookie has to be. */
  readonly #expected = new Uint8Array(COOKIE_BYTES);
  readonly #expectedPointer = Deno.UnsafePointer.of(this.#expected);
  readonly #length = new Uint32Array(1);
  readonly #lengthPointer = Deno.UnsafePointer.of(this.#length);
  /** The secret it was made with; null where it was not made for this peer yet. */
  #expectedOf: Uint8Array<ArrayBuffer> | null = null;
  readonly #generate: Deno.UnsafeCallback<typeof GENERATE>;
  readonly #verify: Deno.UnsafeCallback<typeof VERIFY>;
  #current = newSecret();
  #previous = newSecret();
  #rotatedMs = -Infinity;
  #closed = false;
  #peer = "";
  #peerBytes: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** Registers the callbacks; they live until {@linkcode close}. */
  constructor(lib: OpenSsl, ctx: Deno.PointerObject) {
    this.#lib = lib;
    this.#sha256 = lib.EVP_sha256();
    this.#generate = new Deno.UnsafeCallback(
      GENERATE,
      (_ssl, cookie, length) => this.#hmac(this.#current, cookie, length),
    );
    this.#verify = new Deno.UnsafeCallback(
      VERIFY,
      (_ssl, cookie, length) => this.#isGood(cookie, length) ? 1 : 0,
    );
    lib.SSL_CTX_set_cookie_generate_cb(ctx, this.#generate.pointer);
    lib.SSL_CTX_set_cookie_verify_cb(ctx, this.#verify.pointer);
  }

  /**
   * Says whose cookie is made or checked next.
   *
   * @param peer the address in any form that is the peer's alone
   * @param nowMs the clock by which secrets grow old
   * @throws {TypeError} after {@linkcode close}, when C must not call back any more
   */
  prepare(peer: string, nowMs: number): void {
    if (this.#closed) throw new TypeError("Cannot make a cookie: its context is closed");
    if (peer !== this.#peer) {
      this.#peer = peer;
      this.#peerBytes = this.#encoder.encode(peer);
      this.#expectedOf = null;
    }
    const age = nowMs - this.#rotatedMs;
    if (age < COOKIE_LIFETIME_MS) return;
    // A secret that was not replaced in time is too old to stay as the previous one.
    this.#previous = age < 2 * COOKIE_LIFETIME_MS ? this.#current : newSecret();
    this.#current = newSecret();
    // In even steps, so that a late change does not make the previous secret live longer.
    this.#rotatedMs = age < 2 * COOKIE_LIFETIME_MS ? this.#rotatedMs + COOKIE_LIFETIME_MS : nowMs;
  }

  /** Frees the callbacks; the context must not be used any more. */
  close(): void {
    this.#closed = true;
    this.#generate.close();
    this.#verify.close();
  }

  /** HMAC(3) writes the cookie and its length where OpenSSL wants them. */
  #hmac(
    secret: Uint8Array<ArrayBuffer>,
    cookie: Deno.PointerValue,
    length: Deno.PointerValue,
  ): number {
    const peer = this.#peerBytes;
    const made = this.#lib.HMAC(
      this.#sha256,
      secret,
      secret.length,
      peer,
      BigInt(peer.length),
      cookie,
      length,
    );
    return made === null ? 0 : 1;
  }

  #isGood(cookie: Deno.PointerValue, length: number): boolean {
    if (length !== COOKIE_BYTES) return false;
    return this.#isMadeWith(this.#current, cookie) || this.#isMadeWith(this.#previous, cookie);
  }

  /** A handshake checks again what has begun it: mostly the secret is the one of last time. */
  #isMadeWith(secret: Uint8Array<ArrayBuffer>, cookie: Deno.PointerValue): boolean {
    if (this.#expectedOf !== secret) {
      this.#expectedOf = null;
      if (this.#hmac(secret, this.#expectedPointer, this.#lengthPointer) !== 1) return false;
      this.#expectedOf = secret;
    }
    return this.#lib.CRYPTO_memcmp(cookie, this.#expectedPointer, BigInt(COOKIE_BYTES)) === 0;
  }
}

// int (*app_gen_cookie_cb)(SSL *ssl, unsigned char *cookie, unsigned int *cookie_len)
const GENERATE = {
  parameters: ["pointer", "pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// int (*app_verify_cookie_cb)(SSL *ssl, const unsigned char *cookie, unsigned int cookie_len)
const VERIFY = {
  parameters: ["pointer", "pointer", "u32"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

function newSecret(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(COOKIE_BYTES));
}
