/**
 * What a session puts out: bytes of a stream, or datagrams.
 *
 * @module
 */
import { ReusedMemory } from "../../base/reused_memory.ts";
import type { OpenSsl } from "../bindings/library.ts";
import { addToNumbers, numberGap, packDatagrams, RECORD_HEADER_BYTES } from "../records.ts";

/** No single thing that a session puts out at once is longer: some records of 2^14 bytes. */
const OUTPUT_BYTES = 128 * 1024;

/**
 * One buffer serves all sessions: what is drained is handed over before the next call, or its memory
 * is kept, and the next call has another.
 */
let memory: ReusedMemory | undefined;

/** What was given back; some connections keep two at a time while they send. */
const spare: ReusedMemory[] = [];
const MAX_SPARE = 4;

/**
 * Keeps what a drain hands over, instead of a copy. Called by who is handed it, within that call.
 *
 * @param bytes as they were handed over
 * @returns what is given back with {@linkcode giveBackOutput} when the bytes are not needed any more;
 * null where they are in no memory of a drain's
 */
export function keepOutput(bytes: Uint8Array): ReusedMemory | null {
  if (!memory || bytes.buffer !== memory.bytes.buffer) return null;
  const kept = memory;
  memory = undefined;
  return kept;
}

/** See {@linkcode keepOutput}. */
export function giveBackOutput(kept: ReusedMemory): void {
  if (spare.length < MAX_SPARE) spare.push(kept);
}

/** The BIO that a session's SSL writes to. */
export class SessionOutput {
  /** False where nothing can have been put out since the last {@linkcode drain}. */
  isPending = false;
  /** What was drained when it was said to be the last. */
  lastWords: Uint8Array<ArrayBuffer> | null = null;
  readonly #lib: OpenSsl;
  readonly #bio: Deno.PointerObject;
  readonly #mtu: number | null;
  /** The header of the ClientHello that the first record will answer. */
  #hello: Uint8Array | null = null;
  /** What is added to the numbers of records in the clear. */
  #gap = 0;

  /**
   * @param bio the SSL frees it
   * @param mtu longest datagram in bytes; null for a stream
   */
  constructor(lib: OpenSsl, bio: Deno.PointerObject, mtu: number | null) {
    this.#lib = lib;
    this.#bio = bio;
    this.#mtu = mtu;
  }

  /**
   * Server over datagrams: what comes out from now on goes on with the numbers of a ClientHello.
   *
   * @param hello borrowed for the call
   */
  continueFrom(hello: Uint8Array): void {
    this.#hello = hello.slice(0, RECORD_HEADER_BYTES);
  }

  /**
   * Hands over what is to be sent: a datagram at a time, or all bytes of the stream.
   *
   * @param emit the bytes are borrowed for the call; see {@linkcode keepOutput}
   * @param isLast keeps a copy, not cut into datagrams
   */
  drain(emit: (bytes: Uint8Array) => void, isLast = false): void {
    this.isPending = false;
    let length: number;
    do {
      memory ??= spare.pop() ?? new ReusedMemory(OUTPUT_BYTES);
      length = this.#lib.BIO_read(this.#bio, memory.bytes, OUTPUT_BYTES);
      if (length <= 0) return;
      const bytes = memory.first(length);
      if (this.#hello !== null) {
        this.#gap = numberGap(this.#hello, bytes);
        this.#hello = null;
      }
      if (this.#gap > 0) addToNumbers(bytes, this.#gap);
      if (isLast) this.lastWords = bytes.slice();
      if (this.#mtu === null) emit(bytes);
      else packDatagrams(bytes, this.#mtu, emit);
    } while (length === OUTPUT_BYTES);
  }
}
