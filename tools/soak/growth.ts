/**
 * Whether memory goes on growing, or has only settled: heaps and caches grow at first, by jumps, and
 * a process that leaks grows for ever.
 *
 * @module
 */

/** Memory is looked at so often, at equal distances. */
const POINTS = 8;

/** How much may be added, as {@linkcode growthOf} has it. */
export const ALLOWED_GROWTH = 0.1;

/** Numbers of the cycles after which memory is looked at: the last one is the end. */
export function pointsOf(cycles: number): number[] {
  const points = Array.from({ length: POINTS }, (_, i) => Math.ceil(cycles * (i + 1) / POINTS));
  return [...new Set(points)];
}

/**
 * How much of its memory a process adds while all cycles run, as far as it still does in the end.
 *
 * Each of the last two quarters says it for itself, and the lesser counts: what has settled adds
 * nothing more in one of them, and a single jump of the heap is in one of them alone.
 *
 * @param bytes resident memory at each of the points; the first half is not looked at
 * @returns as a part of the memory at the middle, 0 or more
 */
export function growthOf(bytes: readonly number[]): number {
  const at = (part: number) => bytes[Math.round((bytes.length - 1) * part)]!;
  // With few points, as in few cycles, the parts are not quite quarters: such runs are not judged.
  const [middle, later, end] = [at(3 / 7), at(5 / 7), at(1)];
  return Math.max(Math.min(later - middle, end - later) * 4 / middle, 0);
}
