/**
 * ClientHellos that have had their session: none of them begins another one.
 *
 * @module
 */
import { COOKIE_LIFETIME_MS } from "../openssl/cookies.ts";
import { hasRandom } from "../openssl/records.ts";

/** A client that is not, or no more, served. */
interface Past {
  /** Of the ClientHello that it began with. */
  random: Uint8Array;
  /** The alert that has refused it, which may have got lost. */
  answer: Uint8Array<ArrayBuffer> | null;
  untilMs: number;
}

/** So long a cookie may be good, and a hello with it be sent again. */
const PAST_MS = 2 * COOKIE_LIFETIME_MS;

/** So many are remembered; the oldest is forgotten first. */
const MAX_PAST = 4096;

/** The last hello of each address, as long as its cookie may be good. */
export class PastHellos {
  readonly #byKey = new Map<string, Past>();
  readonly #nowMs: () => number;

  /** @param nowMs any clock that does not run backwards, in milliseconds */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * A hello's session is over.
   *
   * @param answer the alert that says why, if its client may need to be told again
   */
  remember(key: string, random: Uint8Array, answer: Uint8Array<ArrayBuffer> | null): void {
    this.#byKey.delete(key);
    if (this.#byKey.size >= MAX_PAST) {
      const [oldest] = this.#byKey.keys();
      this.#byKey.delete(oldest!);
    }
    this.#byKey.set(key, { random, answer, untilMs: this.#nowMs() + PAST_MS });
  }

  /** What became of a hello; null where it begins something new. */
  find(key: string, hello: Uint8Array): Pick<Past, "answer"> | null {
    const past = this.#byKey.get(key);
    if (!past) return null;
    if (this.#nowMs() < past.untilMs && hasRandom(hello, past.random)) return past;
    this.#byKey.delete(key);
    return null;
  }

  /** Forgets them all. */
  clear(): void {
    this.#byKey.clear();
  }
}
