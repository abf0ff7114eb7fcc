/**
 * How much one end seals with one key. Ciphers of blocks are safe up to a volume alone: RFC 8446 5.5 and
 * RFC 9325 4.4 say 2^24.5 records of full size for AES-GCM, RFC 9147 4.5.3 2^23 for AES-CCM.
 *
 * @module
 */
import { KeyLimitError } from "../../base/errors.ts";
import { MAX_PLAINTEXT_BYTES } from "../../base/tls_record.ts";
import { cString, type OpenSsl } from "../bindings/library.ts";

/** The analysis counts blocks: records that are shorter may be more. */
const MAX_BYTES = { gcm: 2 ** 24.5 * MAX_PLAINTEXT_BYTES, ccm: 2 ** 23 * MAX_PLAINTEXT_BYTES };

/** What a record has besides its data, in bytes: two blocks, one for what is not full and one for the tag. */
const RECORD_BYTES = 32;

/** SSL_KEY_UPDATE_NOT_REQUESTED: openssl/ssl.h, SSL_key_update(3). */
const NOT_REQUESTED = 0;

/** Part of the limits that is used; tests have less to seal. */
let share = 1;

/** For tests: lowers the limits to a part of what they are, until it is disposed. */
export function shareOfLimits(part: number): Disposable {
  share = part;
  return { [Symbol.dispose]: () => void (share = 1) };
}

/** Of one session, as far as it sends. */
export class SealedVolume {
  readonly #lib: OpenSsl;
  #bytes = 0;
  /** Before it the cipher is not looked at. */
  #limit = Math.min(...Object.values(MAX_BYTES)) * share;

  constructor(lib: OpenSsl) {
    this.#lib = lib;
  }

  /**
   * Right before bytes are sealed. Where the key has had its time, a new one is taken; up to version 1.2
   * there is no way to one but a new connection.
   *
   * @throws {KeyLimitError} where there is no new one
   */
  add(ssl: Deno.PointerObject, length: number): void {
    this.#bytes += length + RECORD_BYTES;
    if (this.#bytes > this.#limit) this.#renew(ssl, length);
  }

  #renew(ssl: Deno.PointerObject, length: number): void {
    const lib = this.#lib;
    this.#limit = share *
      limitOf(cString(lib.SSL_CIPHER_get_name(lib.SSL_get_current_cipher(ssl))));
    if (this.#bytes <= this.#limit) return;
    if (lib.SSL_key_update(ssl, NOT_REQUESTED) !== 1) {
      lib.ERR_clear_error();
      throw new KeyLimitError(
        `Cannot write: ${
          Math.floor(this.#limit / 2 ** 30)
        } GiB were sealed with this connection's ` +
          "keys, as much as is safe, and its version has no way to new ones; connect anew",
      );
    }
    this.#bytes = length + RECORD_BYTES;
  }
}

/** In bytes; a stream cipher has none. */
function limitOf(cipher: string | null): number {
  if (cipher?.includes("CHACHA20")) return Infinity;
  return cipher?.includes("CCM") ? MAX_BYTES.ccm : MAX_BYTES.gcm;
}
