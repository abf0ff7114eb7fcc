/**
 * Charts with a line for each lane: over the message size, and over the share of the messages.
 *
 * @module
 */
import {
  axis,
  decadesOf,
  durationAxis,
  inkOf,
  IO_SHAPES,
  lineOf,
  markOf,
  sizeAxis,
} from "./axes.ts";
import { type ChartOption, ink } from "./chart.ts";
import { figureOf, type Pick } from "./figures.ts";
import { type Job, sizesOf } from "./jobs.ts";

/** A lane's line. */
export interface Curve {
  job: Job;
  /** What stands at its end; default: the lane's label. */
  name?: string;
  /** Whether it is there to hold the others against: grey and dashed. */
  isBackdrop?: boolean;
  points: readonly (readonly [number, number])[];
}

/** A job's line over the message sizes; what was not measured, or is nothing, is left out. */
export function curveOverSizes(job: Job, pick: Pick): Curve {
  const points = sizesOf([job]).flatMap((sizeBytes) => {
    const { value } = figureOf(job, sizeBytes, pick);
    return value ? [[sizeBytes, value] as const] : [];
  });
  return { job, points };
}

/** The height of a chart with lines. */
export const LINES_HEIGHT = 340;

const GRID = { left: 62, right: 116, top: 14, bottom: 50 };

/** Round trips in microseconds over sizes in bytes. */
export function sizesChart(curves: readonly Curve[], range: readonly number[]): ChartOption {
  return {
    grid: GRID,
    xAxis: sizeAxis(curves.flatMap(({ points }) => points.map(([size]) => size))),
    yAxis: durationAxis("time per message", 48, range),
    series: curves.map((curve) => line(curve, true)),
  };
}

/** Throughput over sizes in bytes. */
export function throughputChart(
  curves: readonly Curve[],
  range: readonly number[],
  name: string,
): ChartOption {
  return {
    grid: GRID,
    xAxis: sizeAxis(curves.flatMap(({ points }) => points.map(([size]) => size))),
    yAxis: axis("log", name, 48, {
      ...decadesOf(range),
      axisLabel: { formatter: (value: number) => String(value) },
    }),
    series: curves.map((curve) => line(curve, true)),
  };
}

/**
 * Durations in microseconds over the share of messages that are faster. The points' first numbers
 * are 1 / (1 - share): 10 for 90 %, 100 for 99 %, so that the few slow ones get room.
 */
export function shareChart(curves: readonly Curve[], range: readonly number[]): ChartOption {
  const rarest = Math.max(...curves.flatMap(({ points }) => points.map(([rarity]) => rarity)));
  return {
    grid: GRID,
    xAxis: axis("log", "share of messages that are faster (%)", 26, {
      ...{ min: 1, max: rarest },
      axisLabel: {
        formatter: (rarity: number) => formatShare(rarity),
        // 99.7846 is no figure to read.
        showMaxLabel: Number.isInteger(Math.log10(rarest)),
      },
    }),
    yAxis: durationAxis("time per message", 48, range),
    series: curves.map((curve) => line(curve, false)),
  };
}

function formatShare(rarity: number): string {
  const percent = 100 - 100 / rarity;
  return String(Math.round(percent * 1e4) / 1e4);
}

function line(curve: Curve, hasMarks: boolean): ChartOption {
  const { job, points, name = job.label, isBackdrop = false } = curve;
  return {
    ...{ type: "line", name, data: points, silent: true, showAllSymbol: true },
    ...{ symbol: IO_SHAPES[job.io], symbolSize: hasMarks ? 5 : 0.1, itemStyle: markOf(job) },
    lineStyle: isBackdrop ? { color: ink("quiet"), width: 2, type: "dashed" } : lineOf(job),
    endLabel: {
      ...{ show: true, formatter: name.replace(", ", ",\n"), distance: 6 },
      ...{ color: isBackdrop ? ink("quiet") : inkOf(job), fontSize: 12, textBorderWidth: 0 },
    },
    labelLayout: { moveOverlap: "shiftY" },
  };
}
