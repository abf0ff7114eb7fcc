/**
 * What a server makes of a message that has arrived: is it one, and is it new.
 *
 * @module
 */
import { parseSize } from "./message.ts";
import { MAX_REPEAT, type Plan } from "./plan.ts";
import { HEADER_BYTES } from "./protocol.ts";

/** Tells a peer's datagrams that came before from new ones. */
export class Arrivals {
  readonly #times: ReadonlyMap<number, number>;
  readonly #seen = new Map<number, number>();

  constructor(plan: Plan) {
    this.#times = new Map(plan.sizes.map((size) => [size, timesIn(plan.sizes, size)]));
  }

  /** True where the message came no more often yet than the plan has it. */
  isNew(sizeBytes: number, no: number): boolean {
    const key = sizeBytes * MAX_REPEAT + no;
    const seen = this.#seen.get(key) ?? 0;
    if (seen >= (this.#times.get(sizeBytes) ?? 1)) return false;
    this.#seen.set(key, seen + 1);
    return true;
  }
}

export function timesIn(sizes: readonly number[], size: number): number {
  return sizes.filter((other) => other === size).length;
}

/** A datagram is a message where its header says its own length. */
export function isMessage(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  try {
    return parseSize(bytes) === bytes.length;
  } catch {
    return false;
  }
}
