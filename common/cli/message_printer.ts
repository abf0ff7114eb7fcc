/**
 * Prints a line for every message that a server has received.
 *
 * @module
 */
import { HEADER_TEXT_BYTES, oneWayDelayUs, parseHeader } from "../model/message.ts";
import { print } from "../base/output.ts";
import { HEADER_BYTES } from "../model/protocol.ts";

/** Longest time that a message waits to be printed, and how many of them may wait. */
const FLUSH_MS = 100;
const FLUSH_MESSAGES = 2048;

/** Keeps messages as they came, as to make a text of each would slow down what is measured. */
export class MessagePrinter {
  readonly #headers = new Uint8Array(FLUSH_MESSAGES * HEADER_BYTES);
  readonly #epochUs = new Float64Array(FLUSH_MESSAGES);
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Of a write between messages: kept for the end, where it can be reported. Lines then go. */
  #failure: unknown;

  /**
   * Adds a message. Never throws: what fails, {@linkcode flush} reports.
   *
   * @param header its first bytes, copied
   * @param epochUs when it came, in microseconds since the epoch
   */
  add(header: Uint8Array, epochUs: number): void {
    if (this.#failure !== undefined) return;
    const at = this.#count * HEADER_BYTES;
    for (let i = 0; i < HEADER_BYTES; i++) this.#headers[at + i] = header[i]!;
    this.#epochUs[this.#count++] = epochUs;
    if (this.#count === FLUSH_MESSAGES) this.#flushLate();
    else this.#timer ??= setTimeout(() => this.#flushLate(), FLUSH_MS);
  }

  /** Prints what waits. */
  flush(): void {
    if (this.#failure !== undefined) throw this.#failure;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count === 0) return;
    let text = "";
    for (let i = 0; i < this.#count; i++) {
      const header = this.#headers.subarray(i * HEADER_BYTES, (i + 1) * HEADER_BYTES);
      text += `${messageLine(header, this.#epochUs[i]!)}\n`;
    }
    this.#count = 0;
    print(text);
  }

  #flushLate(): void {
    try {
      this.flush();
    } catch (error) {
      this.#failure = error;
    }
  }
}

/** Own time, microseconds since the sender's stamp, and the header's first 31 characters. */
export function messageLine(header: Uint8Array, epochUs: number): string {
  const us = Math.floor(epochUs % 3_600_000_000);
  const seconds = Math.floor(us / 1e6);
  const own = `${String(seconds).padStart(5)}.${String(us % 1e6).padStart(6, "0")}`;
  const delay = oneWayDelayUs(parseHeader(header).sentUs, epochUs).toFixed(0).padStart(9);
  const text = String.fromCharCode(...header.subarray(0, HEADER_TEXT_BYTES));
  return `${own} ${delay} us ${text}`;
}
