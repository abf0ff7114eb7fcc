/**
 * Lines about single clients' troubles, of which any host on the network can cause any number.
 *
 * @module
 */

/** So many lines are written within the time below; what is more is counted. */
export const LINES_AT_ONCE = 20;
const WITHIN_MS = 1000;

/** Writes lines, and of a flood of them some and their number. */
export class TroubleLines {
  readonly #write: (line: string) => void;
  readonly #nowMs: () => number;
  #sinceMs = -Infinity;
  #lines = 0;

  /** @param nowMs any clock that does not run backwards, in milliseconds */
  constructor(write: (line: string) => void, nowMs: () => number = () => performance.now()) {
    this.#write = write;
    this.#nowMs = nowMs;
  }

  /** Writes a line, if there were not too many just before it. */
  add(line: string): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#sinceMs >= WITHIN_MS) {
      this.flush();
      this.#sinceMs = nowMs;
    }
    if (++this.#lines <= LINES_AT_ONCE) this.#write(line);
  }

  /** Says how many lines were left out. */
  flush(): void {
    if (this.#lines > LINES_AT_ONCE) {
      this.#write(`and ${this.#lines - LINES_AT_ONCE} more such lines, left out`);
    }
    this.#lines = 0;
  }
}
