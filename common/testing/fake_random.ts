/**
 * Random numbers that a printed seed brings back.
 *
 * @module
 */

/**
 * Makes a source of numbers from 0 up to 1, and prints its seed with the test's output.
 *
 * @param seed a failed test's, to see it fail again; otherwise another one each time
 */
export function seededRandom(
  seed: number = crypto.getRandomValues(new Uint32Array(1))[0]!,
): () => number {
  console.log(`seed ${seed}`);
  let state = seed;
  // Mulberry32, a generator with 32 bits of state; good enough to scatter test values.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `min` to `max`, both included. */
export function integerBetween(random: () => number, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}
