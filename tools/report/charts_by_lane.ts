/**
 * Charts with a row for each lane: what a message costs, what it is made of, and by kind of I/O.
 *
 * @module
 */
import { type Io, IO_KINDS, STEPS } from "../../common/model/protocol.ts";
import { axis, durationAxis, formatTick, inkOf, IO_SHAPES, laneAxis, markOf } from "./axes.ts";
import { type ChartOption, ink } from "./chart.ts";
import { sum } from "./inference.ts";
import type { Job } from "./jobs.ts";
import { formatDuration } from "./units.ts";

/** Pixels of one row. */
const ROW = 30;

/** Pixels for names, for numbers at the ends, and for the axis and its name below. */
const GRID = { left: 162, right: 58, bottom: 50 };

/** The height of a chart with so many rows and so much above them. */
export function heightOf(rows: number, above = 28): number {
  return above + rows * ROW + GRID.bottom;
}

/** One row of {@linkcode costChart}; figures are microseconds. */
export interface Cost {
  job: Job;
  p50: number;
  p90: number | null;
}

/** A mark at the median message, a line to the one of which nine of ten are faster. */
export function costChart(costs: readonly Cost[], range: readonly number[]): ChartOption {
  const marks = costs.map(({ job, p50 }, row) => ({
    ...{ type: "scatter", data: [[p50, row]], z: 3, silent: true },
    ...{ symbol: IO_SHAPES[job.io], symbolSize: 11, itemStyle: markOf(job) },
  }));
  const lines = costs.map(({ job, p50, p90 }, row) => ({
    ...{ type: "line", data: [[p50, row], [p90 ?? p50, row]], silent: true, symbol: "none" },
    lineStyle: { color: inkOf(job), width: 3, opacity: 0.55 },
  }));
  const ends = costs.map(({ p50, p90 }, row) => endLabel(p90 ?? p50, row, formatDuration(p50)));
  return {
    grid: { ...GRID, top: 28 },
    xAxis: durationAxis("time per message", 28, range),
    yAxis: laneAxis(costs.map(({ job }) => job.label)),
    series: [...lines, ...marks, ...ends],
  };
}

/** A text to the right of a point. */
function endLabel(value: number, row: number, text: string): ChartOption {
  return {
    ...{ type: "scatter", symbolSize: 0.1, silent: true, data: [[value, row]] },
    itemStyle: { opacity: 1 },
    label: {
      ...{ show: true, position: "right", distance: 10, formatter: text, fontSize: 13 },
      ...{ color: ink("text"), textBorderWidth: 0 },
    },
  };
}

/** One row of {@linkcode stepsChart}: mean microseconds of each step, null for one it has not. */
export interface Parts {
  job: Job;
  meansUs: readonly (number | null)[];
}

/** What the steps of a row come to, in microseconds. */
export function sumOf({ meansUs }: Parts): number {
  return sum(meansUs.map((us) => us ?? 0));
}

/** Bars made of the steps, from zero on, with the sum at their ends. */
export function stepsChart(rows: readonly Parts[], longestUs: number): ChartOption {
  const bars = STEPS.map((step, i) => ({
    ...{ type: "bar", name: step, stack: "steps", barWidth: 16, silent: true },
    itemStyle: { color: ink(step) },
    data: rows.map(({ meansUs }) => meansUs[i] ?? "-"),
  }));
  const ends = rows.map(sumOf).map((us, row) => endLabel(us, row, formatDuration(us)));
  return {
    grid: { ...GRID, top: 76 },
    legend: { ...legend(), data: [...STEPS] },
    xAxis: axis("value", "mean time (µs, ms)", 28, {
      ...{ min: 0, max: longestUs, splitNumber: 3 },
      axisLabel: { formatter: (us: number) => us === 0 ? "0" : formatTick(us) },
    }),
    yAxis: laneAxis(rows.map(({ job }) => job.label)),
    series: [...bars, ...ends],
  };
}

/** A row of {@linkcode ioChart}: the same lane on several kinds of I/O, microseconds. */
export interface IoRow {
  job: Job;
  values: Partial<Record<Io, number>>;
}

/** A mark for each kind of I/O on one line. */
export function ioChart(rows: readonly IoRow[]): ChartOption {
  const all = rows.flatMap(({ values }) => Object.values(values));
  const links = rows.map(({ job, values }, row) => ({
    ...{ type: "line", symbol: "none", silent: true },
    lineStyle: { color: inkOf(job), width: 2, opacity: 0.45 },
    data: [Math.min(...Object.values(values)), Math.max(...Object.values(values))]
      .map((us) => [us, row]),
  }));
  const marks = IO_KINDS.map((io) => ({
    ...{ type: "scatter", name: io, symbol: IO_SHAPES[io], symbolSize: 11 },
    ...{ silent: true, z: 3, itemStyle: { color: ink("text"), opacity: 1 } },
    data: rows.flatMap(({ job, values }, row) => {
      const us = values[io];
      return us === undefined ? [] : [{ value: [us, row], itemStyle: markOf(job) }];
    }),
  }));
  return {
    grid: { ...GRID, right: 46, top: 54 },
    legend: { ...legend(), data: [...IO_KINDS] },
    xAxis: durationAxis("time per message", 28, all),
    yAxis: laneAxis(rows.map(({ job }) => job.label)),
    series: [...links, ...marks],
  };
}

function legend(): ChartOption {
  return {
    ...{
      top: 0,
      left: 0,
      width: 350,
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 12,
      selectedMode: false,
    },
    textStyle: { color: ink("text"), fontSize: 13 },
  };
}
