/**
 * A chart with a line for each lane over the start times of its runs.
 *
 * @module
 */
import type { Drawing } from "./chart.ts";
import { linesChart } from "./charts_by_number.ts";
import type { Job } from "./jobs.ts";
import { durationScale, timeScale } from "./scales.ts";

/** What a run took. */
export interface TimePoint {
  /** Milliseconds since the epoch. */
  startMs: number;
  us: number;
  /** Whether it is one of the report's own documents: it has a larger mark. */
  isOwn: boolean;
}

/** A lane's line. */
export interface TimeCurve {
  job: Job;
  /** The lane's name, with its machine where there are several. */
  name: string;
  points: readonly TimePoint[];
}

/** Durations in microseconds over start times. */
export function overTimeChart(curves: readonly TimeCurve[]): Drawing {
  const all = curves.flatMap(({ points }) => points);
  const lines = curves.map(({ job, name, points }) => ({
    ...{ job, name, hasMarks: true },
    points: points.map(({ startMs, us }) => [startMs, us] as const),
    large: points.map(({ isOwn }) => isOwn),
  }));
  return linesChart(lines, {
    x: timeScale(all.map(({ startMs }) => startMs)),
    xName: "start of the run (UTC)",
    y: durationScale(all.map(({ us }) => us)),
    yName: "median time (log scale)",
  });
}
