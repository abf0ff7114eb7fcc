/**
 * A TLS session on a stream of bytes, such as a TCP connection of Deno's.
 *
 * @module
 */
import type { TlsSession } from "../../common/openssl/session.ts";
import type { SessionSocket } from "../../common/secure/driver.ts";
import type { ByteStream } from "./byte_stream.ts";
import { PIECE_BYTES } from "../../common/secure/session_steps.ts";

/** So much is read at once as long as it suffices: most connections carry short messages. */
const FIRST_PIECE_BYTES = 4096;

/** Carries a session's bytes. Closing it ends every wait. */
export class StreamSocket implements SessionSocket {
  /** Told why the connection cannot be used any more. */
  readonly failed: (error: unknown) => void;
  readonly #stream: ByteStream;
  readonly #session: TlsSession;
  #piece = new Uint8Array(FIRST_PIECE_BYTES);
  /** Writes go one after the other. */
  #written: Promise<void> = Promise.resolve();

  /** Takes the stream over. */
  constructor(
    stream: ByteStream,
    session: TlsSession,
    failed: (error: unknown) => void,
  ) {
    this.#stream = stream;
    this.#session = session;
    this.failed = failed;
  }

  /** The bytes are copied, as the session's memory is used again. */
  send(bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    return this.#written = this.#written.then(() => this.#writeAll(copy));
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let written = await this.#stream.write(bytes);
    while (written < bytes.length) written += await this.#stream.write(bytes.subarray(written));
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
    this.#session.feed(this.#piece.subarray(0, length));
    // Full: more is there already.
    if (length === this.#piece.length && length < PIECE_BYTES) {
      this.#piece = new Uint8Array(length * 4);
    }
    return true;
  }

  close(): void {
    try {
      this.#stream.close();
    } catch {
      // It is closed already.
    }
  }
}
