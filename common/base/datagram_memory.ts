/**
 * Memory that datagrams and messages are received into. Who waits needs room for the longest, and
 * hardly any comes: of large pieces, which the system gives page by page as they are written to, each
 * takes a page or two.
 *
 * @module
 */
import { MAX_DATAGRAM_BYTES } from "./datagrams.ts";

/** Sockets that share a piece, each on pages of its own. */
const SHARES = 64;
const SHARE_BYTES = 65_536;

/** One piece, and what of it is free. */
interface Piece {
  readonly free: Uint8Array<ArrayBuffer>[];
}

/** Pieces of which something is free; a piece that is free as a whole is kept where it is the only one. */
const open = new Set<Piece>();

/** Room for a datagram of any length, until it is disposed of; what was there before is still in it. */
export class DatagramMemory implements Disposable {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #piece: Piece | null;

  constructor() {
    const [piece = newPiece()] = open;
    this.#piece = piece;
    this.bytes = piece.free.pop()!;
    if (piece.free.length === 0) open.delete(piece);
  }

  /** Gives it back. May be called twice. */
  [Symbol.dispose](): void {
    const piece = this.#piece;
    if (!piece) return;
    this.#piece = null;
    piece.free.push(this.bytes);
    open.add(piece);
    if (piece.free.length === SHARES && open.size > 1) open.delete(piece);
  }
}

function newPiece(): Piece {
  const memory = new ArrayBuffer(SHARES * SHARE_BYTES);
  const free = Array.from(
    { length: SHARES },
    (_, i) => new Uint8Array(memory, i * SHARE_BYTES, MAX_DATAGRAM_BYTES),
  );
  const piece = { free };
  open.add(piece);
  return piece;
}
