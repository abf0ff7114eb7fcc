/**
 * A TLS session on a stream of bytes, such as a TCP connection of Deno's.
 *
 * @module
 */
import type { ReusedMemory } from "../../common/base/reused_memory.ts";
import { feedLent, type TlsSession } from "../../common/openssl/session.ts";
import type { SessionSocket } from "../../common/secure/driver.ts";
import { giveBackOutput, keepOutput } from "../../common/openssl/session/output.ts";
import type { ByteStream } from "./byte_stream.ts";
import { PIECE_BYTES } from "../../common/secure/session_steps.ts";

/** So much is read at once as long as it suffices: most connections carry short messages. */
const FIRST_PIECE_BYTES = 4096;

/** After so many reads that would have had room in that, it is so much again. */
const SHORT_READS = 16;

/** Shorter ones are copied: the memory that they are in is some records long. */
const KEPT_BYTES = 16_384;

/** Carries a session's bytes. Closing it ends every wait. */
export class StreamSocket implements SessionSocket {
  /** Told why the connection cannot be used any more. */
  readonly failed: (error: unknown) => void;
  readonly #stream: ByteStream;
  readonly #session: TlsSession;
  readonly #isOwn: boolean;
  #piece = new Uint8Array(FIRST_PIECE_BYTES);
  #shortReads = 0;
  /** Writes go one after the other. */
  #written: Promise<void> = Promise.resolve();

  /**
   * Takes the stream over.
   *
   * @param isOwn true for a connection of Deno's that no program has: nobody has a hand in what is read
   */
  constructor(
    stream: ByteStream,
    session: TlsSession,
    failed: (error: unknown) => void,
    isOwn = false,
  ) {
    this.#isOwn = isOwn;
    this.#stream = stream;
    this.#session = session;
    this.failed = failed;
  }

  /** What is short is copied, as the session's memory is used again; other memory is kept so long. */
  send(bytes: Uint8Array): Promise<void> {
    const isKept = bytes.length >= KEPT_BYTES && !this.#stream.keepsBytes;
    const kept = isKept ? keepOutput(bytes) : null;
    const own = kept ? bytes : bytes.slice();
    return this.#written = this.#written.then(() => this.#writeAll(own, kept));
  }

  async #writeAll(bytes: Uint8Array, kept: ReusedMemory | null): Promise<void> {
    try {
      let written = await this.#stream.write(bytes);
      while (written < bytes.length) written += await this.#stream.write(bytes.subarray(written));
    } finally {
      if (kept) giveBackOutput(kept);
    }
  }

  /**
   * Feeds one piece of the stream. The wait has no bound here, as Deno takes no read back: closing the
   * socket ends it.
   */
  async feed(): Promise<true> {
    const length = await this.#stream.read(this.#piece);
    if (length === null) {
      throw new Deno.errors.UnexpectedEof("the peer closed the connection early");
    }
    const received = this.#piece.subarray(0, length);
    if (this.#isOwn) feedLent(this.#session, received);
    else this.#session.feed(received);
    this.#fit(length);
    return true;
  }

  /** Makes the next piece longer where this one was full, as more is there already. */
  #fit(length: number): void {
    if (length > FIRST_PIECE_BYTES) this.#shortReads = 0;
    if (length < this.#piece.length) {
      if (length > FIRST_PIECE_BYTES || this.#piece.length === FIRST_PIECE_BYTES) return;
      if (++this.#shortReads < SHORT_READS) return;
      this.#piece = new Uint8Array(FIRST_PIECE_BYTES);
    } else if (length < PIECE_BYTES) this.#piece = new Uint8Array(length * 4);
  }

  close(): void {
    try {
      this.#stream.close();
    } catch {
      // It is closed already.
    }
  }
}
