/**
 * A chart with a line for each lane over the start times of its runs.
 *
 * @module
 */
import { axis, durationAxis, inkOf, IO_SHAPES, lineOf, markOf } from "./axes.ts";
import type { ChartOption } from "./chart.ts";
import type { Job } from "./jobs.ts";

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
  points: readonly TimePoint[];
}

/** Durations in microseconds over start times. */
export function overTimeChart(curves: readonly TimeCurve[]): ChartOption {
  const range = curves.flatMap(({ points }) => points.map(({ us }) => us));
  return {
    useUTC: true,
    grid: { left: 62, right: 116, top: 14, bottom: 50 },
    xAxis: axis("time", "start of the run (UTC)", 26, {
      axisLabel: { formatter: isLong(curves) ? "{yyyy}-{MM}-{dd}" : "{MM}-{dd} {HH}:{mm}" },
    }),
    yAxis: durationAxis("median time", 48, range),
    series: curves.map(line),
  };
}

/** So long a time is told in days, in milliseconds: three of them. */
const LONG_MS = 3 * 86_400_000;

function isLong(curves: readonly TimeCurve[]): boolean {
  const times = curves.flatMap(({ points }) => points.map(({ startMs }) => startMs));
  return Math.max(...times) - Math.min(...times) > LONG_MS;
}

function line({ job, points }: TimeCurve): ChartOption {
  return {
    ...{ type: "line", name: job.label, silent: true, showAllSymbol: true },
    data: points.map(({ startMs, us, isOwn }) => ({
      value: [startMs, us],
      symbolSize: isOwn ? 11 : 4,
    })),
    ...{ symbol: IO_SHAPES[job.io], itemStyle: markOf(job), lineStyle: lineOf(job) },
    endLabel: {
      ...{ show: true, formatter: job.label.replace(", ", ",\n"), distance: 6 },
      ...{ color: inkOf(job), fontSize: 12, textBorderWidth: 0 },
    },
    labelLayout: { moveOverlap: "shiftY" },
  };
}
