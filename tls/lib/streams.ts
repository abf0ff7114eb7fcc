/**
 * A TLS connection as the streams of the web.
 *
 * @module
 */
import { MAX_PLAINTEXT_BYTES } from "../../common/base/tls_record.ts";

/** What the streams need of a connection. */
interface StreamedConn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): Promise<void>;
  abandon(): void;
}

/** What is read, until the peer has ended; cancelling closes the connection. */
export function readableOf(conn: StreamedConn): ReadableStream<Uint8Array<ArrayBuffer>> {
  // Each chunk is a copy as long as what came: memory that is handed over cannot be used again.
  const bytes = new Uint8Array(MAX_PLAINTEXT_BYTES);
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const length = await conn.read(bytes);
      if (length === null) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else controller.enqueue(bytes.slice(0, length));
    },
    cancel: () => conn.close(),
  });
}

/** What is written; closing ends the writing, aborting frees the connection. */
export function writableOf(conn: StreamedConn): WritableStream<Uint8Array> {
  return new WritableStream({
    // Its own abort() would wait for a write() that may wait for ever.
    start: ({ signal }) => signal.addEventListener("abort", () => conn.abandon()),
    write: async (bytes) => void await conn.write(bytes),
    close: () => conn.closeWrite(),
  });
}
