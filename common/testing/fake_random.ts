/**
 * Random numbers that a printed seed brings back.
 *
 * @module
 */
import { randomNumbers } from "../base/random.ts";

/**
 * Makes a source of numbers from 0 up to 1, and prints its seed with the test's output.
 *
 * @param seed a failed test's, to see it fail again; otherwise another one each time
 */
export function seededRandom(
  seed: number = crypto.getRandomValues(new Uint32Array(1))[0]!,
): () => number {
  console.log(`seed ${seed}`);
  return randomNumbers(seed);
}

/** A whole number from `min` to `max`, both included. */
export function integerBetween(random: () => number, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}
