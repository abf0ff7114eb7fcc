/**
 * Tests of what ends by its time: a busy machine may need longer for what is to come before.
 *
 * @module
 */

/** So many times the short time is the longer one. */
const LONGER = 10;

/**
 * Does something with a short time, as a test waits for all of it; where that fails, once more with a
 * longer one. What is wrong, and not only slow, fails with both.
 *
 * @param ms the short time, in milliseconds
 */
export async function inShortTime(ms: number, act: (ms: number) => Promise<void>): Promise<void> {
  try {
    await act(ms);
  } catch (error) {
    console.log(`with ${ms} ms: ${error}`);
    await act(LONGER * ms);
  }
}
