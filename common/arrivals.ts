/**
 * What a server makes of a message that has arrived: is it one, is it new, and how is it printed.
 *
 * @module
 */
import { HEADER_TEXT_BYTES, oneWayDelayUs, parseHeader, parseSize } from "./message.ts";
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

/** Own time, microseconds since the sender's stamp, and the header without its last comma. */
export function messageLine(header: Uint8Array, epochUs: number): string {
  const us = Math.floor(epochUs % 3_600_000_000);
  const seconds = Math.floor(us / 1e6);
  const own = `${String(seconds).padStart(5)}.${String(us % 1e6).padStart(6, "0")}`;
  const delay = oneWayDelayUs(parseHeader(header).sentUs, epochUs).toFixed(0).padStart(9);
  const text = String.fromCharCode(...header.subarray(0, HEADER_TEXT_BYTES));
  return `${own} ${delay} us ${text}`;
}
