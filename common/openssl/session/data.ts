/**
 * How a session's data is read and written: SSL_read(3), SSL_write(3).
 *
 * @module
 */
import { ENDED, NOT_YET } from "../../base/read_result.ts";
import { takeError } from "../bindings/errors.ts";
import { emptyQueue, type OpenSsl } from "../bindings/library.ts";
import type { SessionInput } from "./input.ts";
import type { SessionOutput } from "./output.ts";
import { SealedVolume } from "./sealed_volume.ts";
import type { SessionSsl } from "./ssl.ts";

/** What a session reads and writes with. */
export interface DataParts {
  readonly lib: OpenSsl;
  readonly ssl: SessionSsl;
  readonly input: SessionInput;
  readonly output: SessionOutput;
  /** True where a call gives one message. */
  readonly datagram: boolean;
}

/** Opens what OpenSSL has been fed, and seals. */
export class SessionData {
  readonly #parts: DataParts;
  /** What has broken the session after bytes that were read. */
  #broken: { error: unknown } | null = null;
  readonly #sealed: SealedVolume;

  /** The parts are the session's. */
  constructor(parts: DataParts) {
    this.#parts = parts;
    this.#sealed = new SealedVolume(parts.lib);
  }

  /**
   * Reads as much of a stream as is there, or one message.
   *
   * @returns how many bytes, {@linkcode NOT_YET} or {@linkcode ENDED}
   * @throws {OpenSslError} where the session is broken
   */
  read(into: Uint8Array<ArrayBuffer>): number {
    this.#checkWhole();
    const { lib, input, output, datagram } = this.#parts;
    const ssl = this.#parts.ssl.begin();
    try {
      emptyQueue(lib);
      const result = lib.SSL_read(ssl, into, into.length);
      lib.queueIsEmpty = result > 0;
      if (result > 0 && input.unread === "one record") {
        // A record is read to its end where there is room: then OpenSSL need not be asked for more.
        // And one with data in it has nothing else, that would be answered.
        if (result < into.length) input.unread = "nothing";
        return result;
      }
      output.isPending = true;
      if (result > 0) return datagram ? result : this.#readOn(ssl, into, result);
      return this.#nothingRead(ssl, result);
    } finally {
      this.#parts.ssl.end(output);
    }
  }

  /**
   * Seals bytes, on DTLS as one record.
   *
   * @throws {OpenSslError} where the session is broken
   * @throws {KeyLimitError} where its keys have sealed as much as is safe
   */
  write(bytes: Uint8Array<ArrayBuffer>): void {
    this.#checkWhole();
    const { lib, output } = this.#parts;
    const ssl = this.#parts.ssl.begin();
    try {
      this.#sealed.add(ssl, bytes.length);
      output.isPending = true;
      emptyQueue(lib);
      const result = lib.SSL_write(ssl, bytes, bytes.length);
      // A memory BIO takes everything: there is no "not yet" and no part.
      if (result <= 0) throw takeError(lib, "write", ssl);
      lib.queueIsEmpty = true;
    } finally {
      this.#parts.ssl.end(output);
    }
  }

  #checkWhole(): void {
    if (this.#broken) throw this.#broken.error;
  }

  /** Fills the rest of `into` from the records of a stream that are there: SSL_read gives one a call. */
  #readOn(ssl: Deno.PointerObject, into: Uint8Array<ArrayBuffer>, length: number): number {
    const { lib } = this.#parts;
    let at = length;
    while (at < into.length && !this.#parts.ssl.isRefused) {
      const result = lib.SSL_read(ssl, into.subarray(at), into.length - at);
      if (result > 0) {
        at += result;
        continue;
      }
      lib.queueIsEmpty = false;
      try {
        this.#nothingRead(ssl, result);
      } catch (error) {
        // What came before it counts first.
        this.#broken = { error };
      }
      break;
    }
    return at;
  }

  #nothingRead(ssl: Deno.PointerObject, result: number): number {
    if (!this.#parts.ssl.wantsMore(ssl, result, "read")) return ENDED;
    this.#parts.input.allRead(ssl);
    return NOT_YET;
  }
}
