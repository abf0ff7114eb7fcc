/**
 * Memory that is used again and again, and the part of it that is in use.
 *
 * @module
 */

/** Hands out its beginning without making a new view where the length is the one of last time. */
export class ReusedMemory {
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #part: Uint8Array<ArrayBuffer>;

  /** @param size in bytes */
  constructor(size: number) {
    this.bytes = this.#part = new Uint8Array(size);
  }

  /** Its first `length` bytes, which the next user overwrites. */
  first(length: number): Uint8Array<ArrayBuffer> {
    if (this.#part.length !== length) this.#part = this.bytes.subarray(0, length);
    return this.#part;
  }
}
