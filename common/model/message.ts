/**
 * The message on the wire: an ASCII header, then filler; and the answer to it.
 *
 * The header is what printf makes of `%5d,%4s, %6d,% 5ld.%06lu,`: index, type, size, and the
 * sender's clock. Within the plan's limits it is always 32 bytes long. Earlier programs wrote the
 * index with `%4d`: their header has 31 bytes, and is read, too.
 *
 * @module
 */
import { RunError } from "../base/errors.ts";
import { HEADER_BYTES, type Protocol } from "./protocol.ts";

/** How much of the header a receiver prints: of 32 bytes all but the comma at the end. */
export const HEADER_TEXT_BYTES = 31;

/** The answer to a message: `ack` with its terminating zero byte. */
export const ACK: Uint8Array<ArrayBuffer> = Uint8Array.of(0x61, 0x63, 0x6b, 0);

/** The sender's clock runs modulo one hour. */
const HOUR_US = 3_600_000_000;
const HOUR_SECONDS = 3600;

const TYPES: Readonly<Record<Protocol, string>> = {
  tcp: " tcp",
  udp: " udp",
  tls: " ssl",
  dtls: "dtls",
};

const TYPE_BYTES = Object.values(TYPES).map((type) => new TextEncoder().encode(type));

/** Columns of the header; where the index has four columns, all others begin one earlier. */
const NO = { at: 0, width: 5 };
const TYPE = { at: 6, width: 4 };
const SIZE = { at: 12, width: 6 };
const SECONDS = { at: 19, width: 5 };
const MICROS = { at: 25, width: 6 };
/** Where the comma is behind an index of four columns; one of five has its last digit there. */
const NO_COMMA_AT = 4;
const COMMA = 0x2c;
const POINT = 0x2e;
const BLANK = 0x20;
const ZERO = 0x30;

/**
 * What stands between the columns. The format has a blank before the size, and `% 5ld` one before
 * the seconds of an hour: a digit there belongs to a number that is longer than its column.
 */
const BETWEEN: readonly (readonly [at: number, byte: number])[] = [
  ...[[5, COMMA], [10, COMMA], [11, BLANK], [18, COMMA]] as const,
  ...[[19, BLANK], [24, POINT], [31, COMMA]] as const,
];

/** What a header says. */
export interface Header {
  /** Index of the message within its size, from 0. */
  no: number;
  /** Four characters: " tcp", " udp", " ssl" or "dtls". */
  type: string;
  /** Length of the whole message in bytes. */
  sizeBytes: number;
  /** The sender's clock in microseconds, modulo one hour. */
  sentUs: number;
}

/** Bytes arrived that are no message of this format. */
export class MessageError extends RunError {
  override readonly name = "MessageError";
}

/**
 * Writes messages, each into the same memory: what it returns holds until the next call.
 *
 * @example
 * ```ts
 * const writer = new MessageWriter("tcp", 100);
 * const message = writer.prepare(7, 100);
 * writer.stamp(1_500_000);
 * const header = new TextDecoder().decode(message.subarray(0, 32));
 * if (header !== "    7, tcp,    100,    1.500000,") throw new Error(header);
 * ```
 */
export class MessageWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #message: Uint8Array<ArrayBuffer>;

  /** @param maxBytes size of the longest message that will be written */
  constructor(protocol: Protocol, maxBytes: number) {
    this.#bytes = new Uint8Array(maxBytes).fill(0x41);
    this.#message = this.#bytes;
    this.#bytes.set(new TextEncoder().encode(`    0,${TYPES[protocol]},      0,    0.000000,`));
  }

  /** Sets index and size; the message is this writer's memory, borrowed until the next call. */
  prepare(no: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
    writeNumber(this.#bytes, NO.at, NO.width, no, BLANK);
    writeNumber(this.#bytes, SIZE.at, SIZE.width, sizeBytes, BLANK);
    if (this.#message.length !== sizeBytes) this.#message = this.#bytes.subarray(0, sizeBytes);
    return this.#message;
  }

  /** Sets the sender's clock, in microseconds since the epoch. */
  stamp(epochUs: number): void {
    const us = Math.floor(epochUs % HOUR_US);
    const seconds = Math.floor(us / 1_000_000);
    writeNumber(this.#bytes, SECONDS.at, SECONDS.width, seconds, BLANK);
    writeNumber(this.#bytes, MICROS.at, MICROS.width, us - seconds * 1_000_000, ZERO);
  }

  /** Makes a copy of the message, see {@linkcode isCopy}; its clock is the message's own. */
  markCopy(): void {
    const seconds = readNumber(this.#bytes, SECONDS.at, SECONDS.width);
    const marked = seconds % HOUR_SECONDS + HOUR_SECONDS;
    writeNumber(this.#bytes, SECONDS.at, SECONDS.width, marked, BLANK);
  }
}

/**
 * Reads a header.
 *
 * @param bytes at least as many as the header has
 * @throws {MessageError} where the bytes are no header
 */
export function parseHeader(bytes: Uint8Array): Header {
  const sizeBytes = parseSize(bytes);
  const at = TYPE.at - missingColumns(bytes);
  return {
    no: parseNo(bytes),
    type: String.fromCharCode(...bytes.subarray(at, at + TYPE.width)),
    sizeBytes,
    sentUs: parseSentUs(bytes),
  };
}

/** How long a header is: 32 bytes or, where its index has four columns, 31. */
export function headerBytesOf(header: Uint8Array): number {
  return HEADER_BYTES - missingColumns(header);
}

/** The message's index out of a checked header. */
export function parseNo(header: Uint8Array): number {
  return readNumber(header, NO.at, NO.width - missingColumns(header));
}

/** The sender's clock out of a checked header: microseconds, modulo one hour. */
export function parseSentUs(header: Uint8Array): number {
  return readSeconds(header) % HOUR_SECONDS * 1_000_000 +
    readNumber(header, MICROS.at - missingColumns(header), MICROS.width);
}

/**
 * Whether a message is a copy of one that was sent before, out of a checked header: its clock says
 * an hour more than a clock modulo one hour can. It may be all that comes of the message, and is
 * counted by no receiver that knows it; any other one reads it as a message.
 */
export function isCopy(header: Uint8Array): boolean {
  return readSeconds(header) >= HOUR_SECONDS;
}

/**
 * The message's size, after a check of the header's whole form.
 *
 * @throws {MessageError} where the bytes are no header
 */
export function parseSize(header: Uint8Array): number {
  const missing = missingColumns(header);
  const length = HEADER_BYTES - missing;
  const size = readNumber(header, SIZE.at - missing, SIZE.width);
  let formed = header.length >= length && header[MICROS.at - missing] !== BLANK;
  for (const [at, byte] of BETWEEN) formed &&= header[at - missing] === byte;
  const numbers = readNumber(header, NO.at, NO.width - missing) + readSeconds(header) +
    readNumber(header, MICROS.at - missing, MICROS.width);
  // One number that is none makes the sum none.
  if (!formed || !(size >= length) || Number.isNaN(numbers) || !isType(header, missing)) {
    throw new MessageError("what arrived is not a message of this program");
  }
  return size;
}

/** Microseconds from the sender's stamp to `epochUs`; good only where the two clocks agree. */
export function oneWayDelayUs(sentUs: number, epochUs: number): number {
  const delay = (epochUs % HOUR_US) - sentUs;
  // The hour can turn between the two, in either direction.
  if (delay < -HOUR_US / 2) return delay + HOUR_US;
  return delay > HOUR_US / 2 ? delay - HOUR_US : delay;
}

/**
 * Finds the messages in a stream of bytes, in which one read may hold half a message or three.
 *
 * @example
 * ```ts
 * const stream = new MessageWriter("tcp", 100).prepare(0, 100);
 * const assembler = new MessageAssembler();
 * assembler.take(stream, 0, 60);
 * if (assembler.complete) throw new Error("40 bytes are missing");
 * assembler.take(stream, 60, 100);
 * if (!assembler.complete) throw new Error("all bytes are there");
 * ```
 */
export class MessageAssembler {
  /** The current message's header, once its bytes are there; of 31 bytes, what is behind is none. */
  readonly header = new Uint8Array(HEADER_BYTES);
  #got = 0;
  #size = 0;

  /** True when the last bytes taken ended a message; the next call begins another. */
  get complete(): boolean {
    return this.#got > 0 && this.#got === this.#size;
  }

  /** True when a message has begun and not ended. */
  get partial(): boolean {
    return this.#got > 0 && this.#got !== this.#size;
  }

  /** Size of the current message, 0 before its header is there. */
  get sizeBytes(): number {
    return this.#size;
  }

  /**
   * Takes bytes until a message is complete or none are left.
   *
   * @param bytes where they lie, borrowed for the call
   * @returns the offset of the first byte not taken
   * @throws {MessageError} where they are no message
   */
  take(bytes: Uint8Array, from: number, to: number): number {
    if (this.#got === this.#size) this.#got = this.#size = 0;
    let at = from;
    if (this.#size === 0) {
      const { header } = this;
      if (this.#got === 0) header[NO_COMMA_AT] = 0;
      let length = headerBytesOf(header);
      while (this.#got < length && at < to) {
        header[this.#got++] = bytes[at++]!;
        // Only now is it known how long the header is.
        if (this.#got === NO_COMMA_AT + 1) length = headerBytesOf(header);
      }
      if (this.#got < length) return at;
      this.#size = parseSize(header);
    }
    const taken = Math.min(this.#size - this.#got, to - at);
    this.#got += taken;
    return at + taken;
  }
}

function writeNumber(
  bytes: Uint8Array,
  at: number,
  width: number,
  value: number,
  padding: number,
): void {
  let rest = value;
  for (let i = at + width - 1; i >= at; i--) {
    // All values have six digits at most: 32 bits hold them.
    const next = (rest / 10) | 0;
    bytes[i] = rest > 0 || i === at + width - 1 ? ZERO + rest - next * 10 : padding;
    rest = next;
  }
}

/** How many columns fewer than in today's header the index has. */
function missingColumns(header: Uint8Array): number {
  return header[NO_COMMA_AT] === COMMA ? 1 : 0;
}

function readSeconds(header: Uint8Array): number {
  return readNumber(header, SECONDS.at - missingColumns(header), SECONDS.width);
}

function isType(header: Uint8Array, missing: number): boolean {
  const at = TYPE.at - missing;
  for (const type of TYPE_BYTES) {
    let same = 0;
    while (same < TYPE.width && header[at + same] === type[same]) same++;
    if (same === TYPE.width) return true;
  }
  return false;
}

/** A number of blanks and digits; NaN where it is none. */
function readNumber(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  let digits = 0;
  for (let i = at; i < at + width; i++) {
    const byte = bytes[i]!;
    if (byte === BLANK && digits === 0) continue;
    if (!(byte >= ZERO && byte <= ZERO + 9)) return NaN;
    value = value * 10 + byte - ZERO;
    digits++;
  }
  return digits > 0 ? value : NaN;
}
