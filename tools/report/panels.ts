/**
 * Which jobs share a chart.
 *
 * @module
 */
import { IO_NAMES } from "./axes.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import type { Job, Mode } from "./jobs.ts";
import { formatBytes } from "./units.ts";

/** Jobs with the same kind of I/O on the same machine. */
export interface Panel {
  /** For ids. */
  id: string;
  title: string;
  jobs: readonly Job[];
}

/** What a section is made from: answered messages in one mode. */
export interface Part {
  /** Starts the ids of the section and its charts. */
  id: string;
  mode: Mode;
  jobs: readonly Job[];
  /** The size that charts for one size show; `ALL_SIZES` for all of them together. */
  sizeBytes: number;
}

/** A size in a title or a caption. */
export function describeSize(sizeBytes: number): string {
  return sizeBytes === ALL_SIZES ? "all sizes" : formatBytes(sizeBytes);
}

/** Splits jobs into panels, in their order. */
export function panelsOf(jobs: readonly Job[]): Panel[] {
  const panels = new Map<string, Job[]>();
  for (const job of jobs) {
    const id = `${job.io}-${job.machine + 1}`;
    panels.set(id, [...panels.get(id) ?? [], job]);
  }
  const hasOneMachine = new Set(jobs.map(({ machine }) => machine)).size === 1;
  return [...panels].map(([id, jobs]) => {
    const { io, machine } = jobs[0]!;
    const where = hasOneMachine ? "" : `, machine ${machine + 1}`;
    return { id, title: `${IO_NAMES[io]}${where}`, jobs };
  });
}
