/**
 * Connections as the streams of the web.
 *
 * @module
 */
import { MAX_PLAINTEXT_BYTES } from "../base/tls_record.ts";

/** What a stream of bytes that is read needs of its connection. */
interface ByteSource {
  read(into: Uint8Array): Promise<number | null>;
  close(): Promise<void>;
}

/** What a stream of messages that is read needs of its connection. */
interface MessageSource {
  receive(): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** What a stream that is written to needs of its connection. */
interface Sink {
  write(chunk: Uint8Array): Promise<unknown>;
  end(): Promise<void>;
  abandon(): void;
}

/** Bytes that are read, until the peer has ended; cancelling closes the connection. */
export function bytesOfConn(conn: ByteSource): ReadableStream<Uint8Array<ArrayBuffer>> {
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

/** Messages that are received, a chunk each, until the peer has ended; cancelling closes the connection. */
export function messagesOfConn(conn: MessageSource): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const message = await conn.receive();
      if (message === null) controller.close();
      else controller.enqueue(message);
    },
    cancel: () => conn.close(),
    // What nobody asks for stays where the connection keeps it, within its bounds.
  }, { highWaterMark: 0 });
}

/** What is written; closing ends the writing, aborting frees the connection. */
export function writableOf(sink: Sink): WritableStream<Uint8Array> {
  return new WritableStream({
    // Its own abort() would wait for a write that may wait for ever.
    start: ({ signal }) => signal.addEventListener("abort", () => sink.abandon()),
    write: async (chunk) => void await sink.write(chunk),
    close: () => sink.end(),
  });
}
