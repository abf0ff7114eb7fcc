/**
 * DTLS cookies: HMAC-SHA256 over the peer's address and what its hello says, with secrets that
 * change (RFC 6347 4.2.1).
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { OpenSsl } from "./bindings/library.ts";
import type { HelloParameters } from "./records.ts";

/** RFC 6347 4.2.1 takes up to 255 bytes; clients of DTLS 1.0 took 32 (RFC 4347 4.2.1). */
const COOKIE_BYTES = 32;

/** SHA-256 gives 32 bytes (FIPS 180-4). */
const MAC_BYTES = 32;

/** Half of what HMAC-SHA256 gives, which RFC 2104 5 allows. */
const HALF_BYTES = COOKIE_BYTES / 2;

/** A cookie is good for that long at least, and for twice as long at most. */
export const COOKIE_LIFETIME_MS = 30_000;

/**
 * Makes and checks a context's cookies. The callbacks are told of neither address nor hello when the
 * SSL sits on memory BIOs, so both are set here before every DTLSv1_listen(3).
 */
export class CookieSecrets {
  /**
   * Set while a handshake goes on whose cookie was good when it began: OpenSSL asks once more, in
   * the middle of it.
   */
  isKnown = false;
  readonly #lib: OpenSsl;
  readonly #sha256: Deno.PointerValue;
  readonly #mac = new Uint8Array(MAC_BYTES);
  readonly #macPointer = Deno.UnsafePointer.of(this.#mac);
  readonly #encoder = new TextEncoder();
  readonly #generate: Deno.UnsafeCallback<typeof GENERATE>;
  readonly #verify: Deno.UnsafeCallback<typeof VERIFY>;
  #current = newSecret();
  #previous = newSecret();
  #rotatedMs = -Infinity;
  #closed = false;
  #address = new Uint8Array();
  #hello: HelloParameters = { identity: new Uint8Array(), suites: new Uint8Array() };

  /** Registers the callbacks; they live until {@linkcode close}. */
  constructor(lib: OpenSsl, ctx: Deno.PointerObject) {
    this.#lib = lib;
    this.#sha256 = lib.EVP_sha256();
    this.#generate = new Deno.UnsafeCallback(
      GENERATE,
      (_ssl, cookie, length) => this.#write(cookie, length),
    );
    this.#verify = new Deno.UnsafeCallback(
      VERIFY,
      (_ssl, cookie, length) => this.isKnown || this.#isGood(cookie, length) ? 1 : 0,
    );
    lib.SSL_CTX_set_cookie_generate_cb(ctx, this.#generate.pointer);
    lib.SSL_CTX_set_cookie_verify_cb(ctx, this.#verify.pointer);
  }

  /**
   * Says what the next cookie is made or checked for.
   *
   * @param peer the address in any form that is the peer's alone
   * @param nowMs the clock by which secrets grow old
   * @throws {TypeError} after {@linkcode close}, when C must not call back any more
   */
  prepare(peer: string, hello: HelloParameters, nowMs: number): void {
    if (this.#closed) throw new TypeError("Cannot make a cookie: its context is closed");
    this.#address = this.#encoder.encode(peer);
    this.#hello = hello;
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

  /**
   * A cookie has two halves: the MAC of what always stands in a hello's first fragment, and of that
   * with the suites, which a longer hello (as one with a cookie is) may have in a later one.
   */
  #write(cookie: Deno.PointerValue, length: Deno.PointerValue): 0 | 1 {
    if (cookie === null || length === null) return 0;
    const into = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(cookie, COOKIE_BYTES));
    into.set(this.#half(this.#current));
    into.set(this.#half(this.#current, this.#hello.suites), HALF_BYTES);
    new Uint32Array(Deno.UnsafePointerView.getArrayBuffer(length, 4))[0] = COOKIE_BYTES;
    return 1;
  }

  #isGood(cookie: Deno.PointerValue, length: number): boolean {
    if (length !== COOKIE_BYTES || cookie === null) return false;
    const given = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(cookie, COOKIE_BYTES));
    const [first, second] = [given.subarray(0, HALF_BYTES), given.subarray(HALF_BYTES)];
    const { suites } = this.#hello;
    const secret = [this.#current, this.#previous].find((one) =>
      timingSafeEqual(this.#half(one), first)
    );
    if (!secret) return false;
    // Where they are in a later fragment now, or were when it was made, they are not known.
    return suites.length === 0 || timingSafeEqual(this.#half(secret, suites), second) ||
      timingSafeEqual(this.#half(secret, NONE), second);
  }

  /** Half a MAC: HMAC(3), in memory that the next call uses again. */
  #half(secret: Uint8Array<ArrayBuffer>, suites?: Uint8Array): Uint8Array {
    const { identity } = this.#hello;
    const subject = joined(suites ? [this.#address, identity, suites] : [this.#address, identity]);
    const { length } = subject;
    const into = this.#macPointer;
    this.#lib.HMAC(this.#sha256, secret, secret.length, subject, BigInt(length), into, null);
    return this.#mac.subarray(0, HALF_BYTES);
  }
}

/** Each part with its length before it, so that no two lists have the same bytes. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 2 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes[at] = part.length >> 8;
    bytes[at + 1] = part.length;
    bytes.set(part, at + 2);
    at += 2 + part.length;
  }
  return bytes;
}

const NONE = new Uint8Array();

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
  return crypto.getRandomValues(new Uint8Array(MAC_BYTES));
}
