/**
 * A TLS 1.3 peer that asks for new keys without end, and makes each record itself: no library does
 * that as fast as is wanted here.
 *
 * @module
 */
import { createCipheriv, createHmac } from "node:crypto";
import type { Role } from "../model/protocol.ts";

/** RFC 8446 5.1 and 4. */
const APPLICATION_DATA = 23;
const HANDSHAKE = 22;
const KEY_UPDATE = 24;
const UPDATE_REQUESTED = 1;
const TAG_BYTES = 16;

/** The one suite that these records are sealed with. */
export const KEY_UPDATE_SUITE = "TLS_AES_128_GCM_SHA256";

/** Bytes of each of a KeyUpdate's records, and of the answer to it. */
export const KEY_UPDATE_BYTES = 5 + 5 + 1 + TAG_BYTES;

/** HKDF-Expand-Label of RFC 8446 7.1, with SHA-256 and no context. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  const info = Uint8Array.of(0, length, name.length, ...name, 0, 1);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}

/**
 * The secret that an end's first application key is made of.
 *
 * @param keyLog lines of an NSS key log
 */
export function trafficSecret(keyLog: readonly string[], end: Role): Uint8Array {
  const name = `${end.toUpperCase()}_TRAFFIC_SECRET_0 `;
  return Uint8Array.fromHex(keyLog.find((line) => line.startsWith(name))!.split(" ")[2]!);
}

/**
 * A record of {@linkcode KEY_UPDATE_SUITE}.
 *
 * @param sequence how many records were sealed with the key before, 255 at most
 * @param inner what is sealed, type at its end
 */
export function sealedRecord(
  secret: Uint8Array,
  sequence: number,
  inner: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const key = expandLabel(secret, "key", 16);
  const nonce = expandLabel(secret, "iv", 12).slice();
  nonce[11]! ^= sequence;
  const length = inner.length + TAG_BYTES;
  const header = Uint8Array.of(APPLICATION_DATA, 3, 3, length >> 8, length & 255);
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  cipher.setAAD(header);
  const sealed = cipher.update(inner);
  cipher.final();
  return Uint8Array.of(...header, ...sealed, ...cipher.getAuthTag());
}

/** Records that each ask for an answer, every one sealed with a key of its own (RFC 8446 4.6.3). */
export class KeyUpdates {
  #secret: Uint8Array;
  #sequence: number;

  /**
   * @param keyLog lines of an NSS key log
   * @param end whose records they are
   * @param sequence how many records that end has sealed with its first application key
   */
  constructor(keyLog: readonly string[], end: Role, sequence: number) {
    this.#secret = trafficSecret(keyLog, end);
    this.#sequence = sequence;
  }

  /** The next ones, one behind the other. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const records = new Uint8Array(count * KEY_UPDATE_BYTES);
    for (let i = 0; i < count; i++) records.set(this.#next(), i * KEY_UPDATE_BYTES);
    return records;
  }

  #next(): Uint8Array {
    const message = Uint8Array.of(KEY_UPDATE, 0, 0, 1, UPDATE_REQUESTED, HANDSHAKE);
    const record = sealedRecord(this.#secret, this.#sequence, message);
    this.#secret = expandLabel(this.#secret, "traffic upd", 32);
    this.#sequence = 0;
    return record;
  }
}
