/**
 * Numbers that look random and come again for the same seed.
 *
 * @module
 */

/**
 * A generator of numbers from 0 up to 1 (mulberry32, by Tommy Ettinger, public domain).
 *
 * @param seed 32 bits; the same one gives the same numbers
 */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The largest seed that a command takes: people copy it. */
export const MAX_SEED = 999_999_999;

/** A seed that nobody has chosen, from 0 to {@linkcode MAX_SEED}. */
export function seedByChance(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! % (MAX_SEED + 1);
}
