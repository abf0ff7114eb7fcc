/**
 * What TLS can be spoken over: a connection, or two streams of the web.
 *
 * @module
 */
import { type Kind, Misfit, show, wrongKind } from "../../common/settings/kind.ts";
import { viewOf } from "../../common/settings/kinds.ts";

/**
 * Two streams of bytes, such as a `Deno.Conn`, a `WebSocketStream`'s connection or a child process's
 * stdout and stdin. Chunks are Uint8Arrays, or other views.
 *
 * @example
 * ```ts
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const loop: ByteStreams = { readable, writable };
 * if (loop.readable.locked) throw new Error("nobody reads it");
 * ```
 */
export interface ByteStreams {
  /** What the peer sends. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Takes what is sent to the peer. */
  readonly writable: WritableStream<Uint8Array>;
}

/** A stream of bytes both ways, in the shape of `Deno.Conn`. */
export interface ByteStream {
  /** Reads into `into`; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes, borrowed until the promise settles, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** True where what is written is not borrowed, but its own from then on. */
  readonly keepsBytes?: boolean;
  /** Ends every wait. */
  close(): void;
  /** Whether the process waits for it. */
  ref?(): void;
  unref?(): void;
  readonly remoteAddr?: Deno.Addr;
  readonly localAddr?: Deno.Addr;
}

/** What a program may hand over. */
export const BYTE_STREAM: Kind<ByteStream | ByteStreams> = {
  allowed: "an object with readable and writable streams of bytes, such as a Deno.Conn",
  read(value) {
    if (typeof value !== "object" || value === null) wrongKind(BYTE_STREAM.allowed, value);
    if (isConn(value)) return value;
    const { readable, writable } = value as Partial<ByteStreams>;
    if (!(readable instanceof ReadableStream) || !(writable instanceof WritableStream)) {
      wrongKind(BYTE_STREAM.allowed, value);
    }
    if (readable.locked) throw new Misfit(false, "has a readable stream that is read already");
    if (writable.locked) throw new Misfit(false, "has a writable stream that is written already");
    return { readable, writable };
  },
  good: [],
  wrongKinds: [null, undefined, {}, [], "stream", 1, { readable: {}, writable: {} }, {
    readable: new ReadableStream(),
  }],
  wrongValues: [],
};

/** A connection of Deno's has streams, too, which cost more. */
function isConn(value: object): value is Deno.Conn {
  const { read, write, close } = value as Partial<Deno.Conn>;
  return [read, write, close].every((method) => typeof method === "function");
}

/** Takes over what was checked: see {@linkcode BYTE_STREAM}. */
export function taken(stream: ByteStream | ByteStreams): ByteStream {
  return isConn(stream) ? stream : new JoinedStreams(stream as ByteStreams);
}

/**
 * So many bytes may wait for the stream below to take them, as a socket's buffer would hold them: what
 * ends a handshake waits for no reader then.
 */
const MAX_WAITING_BYTES = 64 * 1024;

/** Two streams as one that is read and written. */
export class JoinedStreams implements ByteStream {
  readonly keepsBytes = true;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** What has come and did not fit. */
  #left = new Uint8Array();
  #waitingBytes = 0;
  /** What the stream that is written has failed with. */
  #failure: { error: unknown } | null = null;
  /** Ends the wait of a write: a stream does not end it while what is below takes nothing. */
  #refuse: (reason: unknown) => void = () => {};

  /** Takes the streams over. */
  constructor({ readable, writable }: ByteStreams) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    // A write tells of it, or the next one.
    this.#writer.closed.catch(() => {});
    this.#reader.closed.catch(() => {});
  }

  /** @throws {TypeError} where a chunk is no bytes */
  async read(into: Uint8Array): Promise<number | null> {
    while (this.#left.length === 0) {
      const { done, value } = await this.#reader.read();
      this.#checkFailure();
      if (done) return null;
      const bytes = viewOf(value);
      if (!bytes) throw new TypeError(`the stream below gave ${show(value)} instead of bytes`);
      this.#left = bytes;
    }
    const length = Math.min(into.length, this.#left.length);
    into.set(this.#left.subarray(0, length));
    this.#left = this.#left.subarray(length);
    return length;
  }

  /** The bytes are the stream's then. */
  async write(bytes: Uint8Array): Promise<number> {
    const writing = this.#writer.write(bytes);
    this.#waitingBytes += bytes.length;
    writing.then(() => void (this.#waitingBytes -= bytes.length), (error) => this.#fail(error));
    if (this.#waitingBytes > MAX_WAITING_BYTES) await this.#taken(writing);
    this.#checkFailure();
    return bytes.length;
  }

  #taken(writing: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refuse = reject;
      writing.then(resolve, reject);
    });
  }

  /** Who reads is told of it, too. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#reader.cancel(error).catch(() => {});
  }

  #checkFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** What was written still leaves. */
  close(): void {
    this.#reader.cancel().catch(() => {});
    this.#writer.close().catch(() => {});
    this.#refuse(new Deno.errors.BadResource("the streams are closed"));
  }
}
