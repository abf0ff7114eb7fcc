/**
 * Connections as the streams of the web.
 *
 * @module
 */
/** A chunk is that long as long as it suffices: most connections carry short messages. */
const FIRST_CHUNK_BYTES = 4096;

/** Some records. */
const MAX_CHUNK_BYTES = 65_536;

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
  let bytes = new Uint8Array(FIRST_CHUNK_BYTES);
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const length = await conn.read(bytes);
      if (length === null) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else if (length <= bytes.length / 2) {
        controller.enqueue(bytes.slice(0, length));
      } else {
        // Memory that is handed over cannot be used again.
        const isFull = length === bytes.length;
        const next = isFull ? Math.min(4 * length, MAX_CHUNK_BYTES) : bytes.length;
        controller.enqueue(bytes.subarray(0, length));
        bytes = new Uint8Array(next);
      }
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
