/**
 * Finds the name that was probably meant.
 *
 * @module
 */

/**
 * The known name that a misspelt one is nearest to.
 *
 * @returns undefined where none is near: more than a third of its letters, or three, are wrong
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const written = word.toLowerCase();
  const [best] = names.map((name) => ({ name, steps: distance(name.toLowerCase(), written) }))
    .toSorted((a, b) => a.steps - b.steps);
  return best && best.steps <= Math.min(3, Math.ceil(word.length / 3)) ? best.name : undefined;
}

/** How many letters have to be put in, left out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const swapped = row[j]! + (letter === b[j] ? 0 : 1);
      next.push(Math.min(swapped, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
