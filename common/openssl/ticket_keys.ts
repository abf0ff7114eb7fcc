/**
 * The keys that a server's tickets are sealed with (RFC 5077 4, RFC 8446 4.6.1), where a program has
 * them: processes that share them resume each other's sessions.
 *
 * @module
 */
import { type Kind, Misfit } from "../settings/kind.ts";
import { byteString, listOf } from "../settings/kinds.ts";
import { write } from "./callbacks.ts";
import type { Callback, ContextTarget } from "./context_target.ts";
import { type OpenSsl, toCString } from "./bindings/library.ts";

/** Parts of a key: the name that stands in a ticket, HMAC-SHA256's key, and AES-256's. */
const NAME_BYTES = 16;
const MAC_KEY_BYTES = 32;
const CIPHER_KEY_BYTES = 32;

/** Length of a key in bytes, as SSL_CTX_set_tlsext_ticket_keys(3) has it. */
export const TICKET_KEY_BYTES = NAME_BYTES + MAC_KEY_BYTES + CIPHER_KEY_BYTES;

/** A block of AES. */
const IV_BYTES = 16;

// int (*)(SSL *s, unsigned char key_name[16], unsigned char iv[EVP_MAX_IV_LENGTH],
//         EVP_CIPHER_CTX *ctx, EVP_MAC_CTX *hctx, int enc)
const TICKET_KEY = {
  parameters: ["pointer", "pointer", "pointer", "pointer", "pointer", "i32"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/** What the callback returns: SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
const FAILED = -1;
const NO_KEY = 0;
const USED = 1;
const USED_AND_OLD = 2;

type Keys = readonly Uint8Array<ArrayBuffer>[];

/** One key at least, and no two of one name. */
export const TICKET_KEYS: Kind<readonly (ArrayBuffer | ArrayBufferView)[]> = ticketKeys();

function ticketKeys(): Kind<Keys> {
  const one = byteString(TICKET_KEY_BYTES, TICKET_KEY_BYTES);
  const list = listOf(one, 1);
  const twice = [1, 2].map((last) => new Uint8Array(TICKET_KEY_BYTES).fill(last, NAME_BYTES));
  return {
    ...list,
    read(value) {
      const keys = list.read(value);
      const names = new Set(keys.map((key) => key.subarray(0, NAME_BYTES).toHex()));
      if (names.size === keys.length) return keys;
      throw new Misfit(true, `must differ in their first ${NAME_BYTES} bytes`);
    },
    good: [[new Uint8Array(TICKET_KEY_BYTES)]],
    wrongValues: [...list.wrongValues, twice],
  };
}

/** A key, taken apart for C. */
interface Parts {
  readonly name: Uint8Array<ArrayBuffer>;
  readonly cipherKey: Uint8Array<ArrayBuffer>;
  readonly mac: MacParameters;
}

/** The keys of one context, which may be changed while it is used. */
export class TicketKeys implements Callback {
  readonly #callback: Deno.UnsafeCallback<typeof TICKET_KEY>;
  #keys: readonly Parts[] = [];

  /** @param keys the first one seals, all of them open */
  constructor({ lib, ctx }: ContextTarget, keys: Keys) {
    this.set(keys);
    this.#callback = new Deno.UnsafeCallback(
      TICKET_KEY,
      (_ssl, name, iv, cipher, mac, seals) =>
        seals === 1
          ? this.#seal(lib, name, iv, cipher, mac)
          : this.#open(lib, name, iv, cipher, mac),
    );
    lib.SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, this.#callback.pointer);
  }

  /** Uses these from now on. */
  set(keys: Keys): void {
    this.#keys = keys.map((key) => ({
      name: key.slice(0, NAME_BYTES),
      mac: new MacParameters(key.slice(NAME_BYTES, NAME_BYTES + MAC_KEY_BYTES)),
      cipherKey: key.slice(NAME_BYTES + MAC_KEY_BYTES),
    }));
  }

  close(): void {
    this.#callback.close();
  }

  #seal(
    lib: OpenSsl,
    nameOut: Deno.PointerValue,
    ivOut: Deno.PointerValue,
    cipher: Deno.PointerValue,
    mac: Deno.PointerValue,
  ): number {
    const { name, cipherKey, mac: parameters } = this.#keys[0]!;
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    write(nameOut, name);
    write(ivOut, iv);
    const done = lib.EVP_EncryptInit_ex(cipher, lib.EVP_aes_256_cbc(), null, cipherKey, iv) === 1 &&
      lib.EVP_MAC_CTX_set_params(mac, parameters.bytes) === 1;
    return done ? USED : FAILED;
  }

  #open(
    lib: OpenSsl,
    nameIn: Deno.PointerValue,
    ivIn: Deno.PointerValue,
    cipher: Deno.PointerValue,
    mac: Deno.PointerValue,
  ): number {
    const name = bytesAt(nameIn, NAME_BYTES);
    const at = this.#keys.findIndex((key) => key.name.every((byte, i) => byte === name[i]));
    if (at < 0) return NO_KEY;
    const { cipherKey, mac: parameters } = this.#keys[at]!;
    const iv = bytesAt(ivIn, IV_BYTES);
    const done = lib.EVP_DecryptInit_ex(cipher, lib.EVP_aes_256_cbc(), null, cipherKey, iv) === 1 &&
      lib.EVP_MAC_CTX_set_params(mac, parameters.bytes) === 1;
    if (!done) return FAILED;
    return at === 0 ? USED : USED_AND_OLD;
  }
}

/** OSSL_PARAM of openssl/core.h: name, type, data, its size and what was written, 8 bytes each. */
const PARAM_WORDS = 5;
const UTF8_STRING = 4n;
const OCTET_STRING = 5n;

/** An OSSL_PARAM array that sets an HMAC's key and hash function: EVP_MAC-HMAC(7). */
class MacParameters {
  /** The array, which is borrowed for a call; what it points to is kept here. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];

  constructor(key: Uint8Array<ArrayBuffer>) {
    const words = new BigUint64Array(3 * PARAM_WORDS);
    const hash = toCString("SHA256");
    this.#put(words, 0, "key", OCTET_STRING, key, key.length);
    this.#put(words, 1, "digest", UTF8_STRING, hash, hash.length - 1);
    this.bytes = new Uint8Array(words.buffer);
  }

  #put(
    words: BigUint64Array,
    at: number,
    name: string,
    type: bigint,
    data: Uint8Array<ArrayBuffer>,
    length: number,
  ): void {
    const text = toCString(name);
    this.#kept.push(text, data);
    const [nameAt, dataAt] = [text, data].map((one) =>
      BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(one)))
    );
    words.set([nameAt!, type, dataAt!, BigInt(length), 0n], at * PARAM_WORDS);
  }
}

function bytesAt(pointer: Deno.PointerValue, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer!, length));
}
