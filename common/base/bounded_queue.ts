/**
 * What waits for its turn, bounded by the memory it takes: a number of things says nothing of that
 * where a peer chooses how long each is.
 *
 * @module
 */

/** What each thing takes beside its own bytes, about: an object or two, and a place in the queue. */
export const ENTRY_BYTES = 128;

/** First in, first out; what does not fit any more is dropped, as by a socket whose buffer is full. */
export class BoundedQueue<T> {
  readonly #maxBytes: number;
  readonly #sizeOf: (item: T) => number;
  readonly #items: T[] = [];
  #bytes = 0;

  /** @param sizeOf how many bytes a thing has */
  constructor(maxBytes: number, sizeOf: (item: T) => number) {
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  /** What it holds, in bytes, {@linkcode ENTRY_BYTES} for each thing among them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room for a thing of so many bytes; an empty queue takes one of any length. */
  hasRoomFor(sizeBytes: number, maxBytes = this.#maxBytes): boolean {
    return this.#items.length === 0 || this.#bytes + sizeBytes + ENTRY_BYTES <= maxBytes;
  }

  /** Takes a thing, to be called where {@linkcode hasRoomFor} says so. */
  push(item: T): void {
    this.#items.push(item);
    this.#bytes += this.#sizeOf(item) + ENTRY_BYTES;
  }

  /** The oldest thing; undefined where there is none. */
  shift(): T | undefined {
    const item = this.#items.shift();
    if (item !== undefined) this.#bytes -= this.#sizeOf(item) + ENTRY_BYTES;
    return item;
  }
}
