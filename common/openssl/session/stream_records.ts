/**
 * Where the records of a stream begin and end: RFC 8446 5.1.
 *
 * @module
 */
import { TLS_HEADER_BYTES } from "../../base/tls_record.ts";
import { isOneRecord } from "../records.ts";

/** Follows what comes of a stream, record by record. */
export class StreamRecords {
  /** How much of a record is to come behind its header. */
  #rest = 0;
  /** How much of the next one's header has come. */
  #headerBytes = 0;

  /**
   * Passes over what comes next. That it looks like a record says nothing by itself: a peer can choose
   * what stands in the midst of another one.
   *
   * @returns whether it is one record of data, from its beginning to its end
   */
  pass(bytes: Uint8Array): boolean {
    if (this.#rest === 0 && this.#headerBytes === 0 && isOneRecord(bytes)) return true;
    for (let at = 0; at < bytes.length;) {
      if (this.#headerBytes < TLS_HEADER_BYTES) {
        const byte = bytes[at++]!;
        if (++this.#headerBytes > TLS_HEADER_BYTES - 2) this.#rest = this.#rest << 8 | byte;
      } else {
        const part = Math.min(this.#rest, bytes.length - at);
        this.#rest -= part;
        at += part;
      }
      if (this.#headerBytes === TLS_HEADER_BYTES && this.#rest === 0) this.#headerBytes = 0;
    }
    return false;
  }
}
