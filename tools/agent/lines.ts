/**
 * Lines of JSON over a connection, none longer than it may be.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { SILENCE_MS } from "./messages.ts";

/** What lines are read from and written to: a `TlsConn`, say. */
export interface LineConn {
  read(into: Uint8Array, timeoutMs?: number): Promise<number | null>;
  write(bytes: Uint8Array, timeoutMs?: number): Promise<number>;
}

/** A line that has come, and when. */
export interface Line {
  value: unknown;
  /** When its last bytes were read, on the clock that {@linkcode Lines} was given. */
  atUs: number;
}

const LINE_FEED = 0x0a;
const READ_BYTES = 16_384;

/** Reads lines one at a time, and writes them in the order of the calls. */
export class Lines {
  readonly #conn: LineConn;
  readonly #maxBytes: number;
  readonly #nowUs: () => number;
  readonly #writeMs: number;
  readonly #into = new Uint8Array(READ_BYTES);
  #bytes = new Uint8Array(0);
  /** Up to here there is no line feed in what is there. */
  #searched = 0;
  #atUs = 0;
  #writing: Promise<unknown> = Promise.resolve();

  /**
   * @param maxBytes of a line that is read, without its line feed
   * @param writeMs longest wait until a line has left: a peer may not read
   */
  constructor(conn: LineConn, maxBytes: number, nowUs: () => number, writeMs = SILENCE_MS) {
    this.#conn = conn;
    this.#maxBytes = maxBytes;
    this.#nowUs = nowUs;
    this.#writeMs = writeMs;
  }

  /**
   * The next line.
   *
   * @param timeoutMs longest wait for bytes
   * @returns null where the peer has ended, after a whole line
   * @throws {RunError} where a line is too long, cut off, or no JSON
   * @throws what the connection throws
   */
  async read(timeoutMs: number): Promise<Line | null> {
    for (;;) {
      const end = this.#bytes.indexOf(LINE_FEED, this.#searched);
      const length = end < 0 ? this.#bytes.length : end;
      if (length > this.#maxBytes) {
        throw new RunError(`a line has more than ${this.#maxBytes} bytes`);
      }
      if (end >= 0) return this.#take(end);
      this.#searched = length;
      const read = await this.#conn.read(this.#into, timeoutMs);
      this.#atUs = this.#nowUs();
      if (read === null) {
        if (length === 0) return null;
        throw new RunError("its last line is cut off");
      }
      this.#append(this.#into.subarray(0, read));
    }
  }

  /** Writes a line; a promise of it rejects where the connection has failed. */
  write(value: object): Promise<void> {
    return this.writeLate(() => value);
  }

  /** The same with what is made at the moment it is written. */
  writeLate(make: () => object): Promise<void> {
    const written = this.#writing.then(async () => {
      const bytes = new TextEncoder().encode(`${JSON.stringify(make())}\n`);
      await this.#conn.write(bytes, this.#writeMs);
    });
    this.#writing = written.catch(() => {});
    return written;
  }

  #append(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    this.#bytes = all;
  }

  #take(end: number): Line {
    const bytes = this.#bytes.subarray(0, end);
    this.#bytes = this.#bytes.slice(end + 1);
    this.#searched = 0;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return { value: JSON.parse(text), atUs: this.#atUs };
    } catch (cause) {
      // What is wrong with it would be said with parts of it.
      throw new RunError("a line is no JSON", { cause });
    }
  }
}
