/**
 * What becomes of datagrams on a network in memory: when each arrives, how often, and how altered.
 *
 * @module
 */
import { randomNumbers } from "../base/random.ts";
import type { Faults, Sent } from "./memory_net.ts";

/** How long a datagram is under way, in virtual milliseconds, where nothing else is said. */
export const DELAY_MS = 20;
/** One that is reordered takes up to so much longer: more than a first wait. */
const REORDER_MS = 1500;

/** What becomes of a datagram: one that arrives after a time, in virtual milliseconds. */
export interface Arrival {
  bytes: Uint8Array<ArrayBuffer>;
  delayMs: number;
}

/** Says what becomes of a datagram; `index` counts those of a connection. */
export type Fate = (sent: Sent, index: number) => Arrival[];

/** Everything arrives once, unaltered, in order. */
export const faithful: Fate = ({ bytes }) => [{ bytes, delayMs: DELAY_MS }];

/** Loses, doubles, reorders and alters by chance. */
export function byChance({ lose = 0, double = 0, reorder = 0, alter = 0 }: Faults, seed: number) {
  const random = randomNumbers(seed);
  return ({ bytes }: Sent): Arrival[] => {
    if (random() < lose) return [];
    return Array.from({ length: random() < double ? 2 : 1 }, () => {
      const copy = bytes.slice();
      if (random() < alter) copy[Math.floor(random() * copy.length)]! ^= 1 << random() * 8;
      const delayMs = DELAY_MS + (random() < reorder ? random() * REORDER_MS : 0);
      return { bytes: copy, delayMs };
    });
  };
}
