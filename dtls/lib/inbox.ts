/**
 * The messages that a DTLS connection has received.
 *
 * @module
 */
import { BoundedQueue } from "../../common/base/bounded_queue.ts";
import type { Deadline, Deadlines } from "../../common/base/deadline.ts";
import { ENDED, NOT_YET } from "../../common/base/read_result.ts";
import type { TlsSession } from "../../common/openssl/session.ts";
import { MAX_MESSAGE_BYTES } from "../../common/openssl/session/arguments.ts";
import { checkInto } from "../../common/settings/kinds.ts";

interface Reader extends Omit<PromiseWithResolvers<Uint8Array | null>, "promise"> {
  /** Where the message goes; absent for memory of its own. */
  into: Uint8Array<ArrayBuffer> | undefined;
}

/** Keeps messages until they are asked for, and gives the next one to the call that waits for it. */
export class Inbox implements Disposable {
  readonly #kept: BoundedQueue<Uint8Array>;
  readonly #deadline: Deadline;
  #reader: Reader | null = null;

  /** @param maxBytes what comes when so much is kept is lost */
  constructor(maxBytes: number, deadlines: Deadlines) {
    this.#kept = new BoundedQueue(maxBytes, ({ length }) => length);
    this.#deadline = deadlines.add((error) => this.settle(null, error));
  }

  /** Whether a call of {@linkcode next} waits. */
  get isAwaited(): boolean {
    return this.#reader !== null;
  }

  /**
   * The oldest message that is kept.
   *
   * @param into where it goes; default is memory of its own
   */
  take(into?: Uint8Array): Uint8Array | null {
    const kept = this.#kept.shift();
    if (!kept) return null;
    return into ? cutOff(kept, into) : kept;
  }

  /** Waits for the next message: one call at a time. */
  next(into?: Uint8Array, timeoutMs = Infinity): Promise<Uint8Array | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>();
    this.#reader = { into: into as Uint8Array<ArrayBuffer> | undefined, resolve, reject };
    if (timeoutMs < Infinity) this.#deadline.arm(timeoutMs);
    return promise;
  }

  /**
   * Takes all messages of the datagram that the session was fed.
   *
   * @returns whether there was one, or the peer's end
   */
  fill(session: TlsSession): boolean {
    for (let heard = false;; heard = true) {
      const reader = this.#reader;
      // What a short buffer left of a message would be read as the next one.
      const own = reader?.into;
      // Its memory may have been given away since.
      checkInto(own);
      const into = own && own.length >= MAX_MESSAGE_BYTES ? own : scratch();
      const length = session.read(into);
      if (length === NOT_YET) return heard;
      if (length === ENDED) {
        this.settle(null);
        return true;
      }
      if (reader && own) this.settle(cutOff(into.subarray(0, length), own));
      else if (reader) this.settle(into.slice(0, length));
      else if (this.#kept.hasRoomFor(length)) this.#kept.push(into.slice(0, length));
    }
  }

  /** Ends the call that waits: with a message, with null where none will come, or with an error. */
  settle(message: Uint8Array | null, error?: unknown): void {
    const reader = this.#reader;
    if (!reader) return;
    this.#reader = null;
    this.#deadline.disarm();
    if (error === undefined) reader.resolve(message);
    else reader.reject(error);
  }

  /** Forgets the time that a call waits; what is kept can be taken. */
  [Symbol.dispose](): void {
    this.#deadline[Symbol.dispose]();
  }
}

/** As much of a message as `into` has room for, there. */
function cutOff(message: Uint8Array, into: Uint8Array): Uint8Array {
  const part = message.subarray(0, into.length);
  if (part.buffer !== into.buffer) into.set(part);
  return into.subarray(0, part.length);
}

let scratchMemory: Uint8Array<ArrayBuffer> | undefined;

/** Memory for messages that no call waits for; they are copied out of it at once. */
function scratch(): Uint8Array<ArrayBuffer> {
  return scratchMemory ??= new Uint8Array(MAX_MESSAGE_BYTES);
}
