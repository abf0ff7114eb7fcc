/**
 * Tables of text, for people.
 *
 * @module
 */

/**
 * Sets rows of cells in columns: the first one to the left, the others to the right.
 *
 * @param rows the first one is the head; all have the same number of cells
 * @param gap blanks between columns
 *
 * @example
 * ```ts
 * const table = formatTable([["lane", "p50 us"], ["tcp-async", "97"]]);
 * if (table !== "lane       p50 us\ntcp-async      97") throw new Error(table);
 * ```
 */
export function formatTable(rows: readonly (readonly string[])[], gap = 2): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join(
      " ".repeat(gap),
    )
  );
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** Microseconds for a table: three digits or more, and a dash for what was not measured. */
export function formatUs(us: number | null | undefined): string {
  if (us === null || us === undefined) return "-";
  return us.toFixed(us < 10 ? 2 : us < 100 ? 1 : 0);
}
