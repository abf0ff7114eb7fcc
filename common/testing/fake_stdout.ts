/**
 * A stdout that keeps what is written to it.
 *
 * @module
 */

type WriteSync = typeof Deno.stdout.writeSync;

/** Stands in for stdout until it is disposed. */
export class FakeStdout implements Disposable {
  /** What was written, one text a write. */
  readonly texts: string[] = [];
  readonly #real: WriteSync = Deno.stdout.writeSync;

  /** @param write what a write does; takes everything where it is left out */
  constructor(write: WriteSync = (bytes) => bytes.length) {
    Deno.stdout.writeSync = (bytes) => {
      const written = write(bytes);
      this.texts.push(new TextDecoder().decode(bytes.subarray(0, written)));
      return written;
    };
  }

  [Symbol.dispose](): void {
    Deno.stdout.writeSync = this.#real;
  }
}
