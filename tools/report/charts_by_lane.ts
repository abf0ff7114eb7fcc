/**
 * Charts with a row for each lane: marks at times, bars of parts, and marks by kind of I/O.
 *
 * @module
 */
import { type Io, IO_KINDS, STEPS } from "../../common/model/protocol.ts";
import {
  AXIS_HEIGHT,
  axisBelow,
  inkOf,
  IO_SHAPES,
  laneAxis,
  markOf,
  textOf,
  widthOf,
  widthOfNames,
} from "./axes.ts";
import { type ChartOption, type Drawing, type Ink, ink, type View } from "./chart.ts";
import { sum } from "./inference.ts";
import type { Job } from "./jobs.ts";
import { durationScale, formatTick, linearScale, partOf, type Scale } from "./scales.ts";
import { formatDuration } from "./units.ts";

/** Pixels of one row: narrow charts have the lane's name in it, above the mark. */
const ROW: Readonly<Record<View["name"], number>> = { wide: 32, narrow: 50 };

/** Pixels above the rows: for the lane axis's name. */
const HEAD = 30;

/** The height of a chart with so many rows, and a legend of these names above them. */
export function heightOf(rows: number, legend: readonly string[] = []): (view: View) => number {
  return (view) => HEAD + heightOfLegend(legend, view) + rows * ROW[view.name] + AXIS_HEIGHT;
}

/** What a row of every chart has. */
export interface Row {
  job: Job;
  /** The lane's name, with its machine where there are several. */
  name: string;
  /** What else is to be known of the lane, such as that it has failed. */
  note?: string | null;
}

/** One row of {@linkcode costChart}; figures are microseconds, null for a lane without. */
export interface Cost extends Row {
  p50: number | null;
  p90: number | null;
}

/**
 * A mark at the median, a line to the time of which nine of ten are faster.
 *
 * @param range values that the scale has to hold, those of other charts among them
 */
export function costChart(
  costs: readonly Cost[],
  range: readonly (number | null)[],
  name = "time per message",
): Drawing {
  const marks = costs.map(({ job, p50 }, row) => ({
    ...{ type: "scatter", data: p50 === null ? [] : [[p50, row]], z: 3, silent: true },
    ...{ symbol: IO_SHAPES[job.io], symbolSize: 12, itemStyle: markOf(job) },
  }));
  const lines = costs.map(({ job, p50, p90 }, row) => ({
    ...{ type: "line", data: [[p50, row], [p90 ?? p50, row]], silent: true, symbol: "none" },
    lineStyle: { color: inkOf(job), width: 4, opacity: 0.55 },
  }));
  return byLane(costs, {
    name: `${name} (log scale)`,
    scale: durationScale(range),
    series: [...lines, ...marks],
    end: (row, view) => ({ at: row.p90 ?? row.p50, text: describeCost(row, view) }),
  });
}

/** Where there is room, both ends of the line. */
function describeCost({ p50, p90 }: Cost, { name }: View): string {
  if (p50 === null) return "";
  const text = formatDuration(p50);
  return name === "wide" && p90 !== null ? `p50 ${text}, p90 ${formatDuration(p90)}` : text;
}

/** One row of {@linkcode barsChart}: the parts of its bar, null for one it has not. */
export interface Bar extends Row {
  parts: readonly (number | null)[];
  /** What stands at its end. */
  text: string;
  /** What stands there, too, where there is room. */
  more?: string;
}

/** What the bars of a chart are made of. */
export interface Bars {
  parts: readonly { name: string; ink: Ink }[];
  axis: string;
  /** What its ticks say. */
  tell: (value: number) => string;
  /** Lengths that the scale has to hold, those of other charts among them. */
  range: readonly number[];
}

/** Pale parts stand out from the page by a line around them. */
const OUTLINE = { borderColor: ink("quiet"), borderWidth: 1 };

/** Of the scale: the line around a thinner part would be all there is to see of it. */
const THIN = 0.012;

/** Bars made of parts, from zero on. */
export function barsChart(rows: readonly Bar[], bars: Bars): Drawing {
  const scale = linearScale(bars.range, bars.tell);
  const series = bars.parts.map((part, i) => ({
    ...{ type: "bar", name: part.name, stack: "parts", barWidth: 18, silent: true },
    itemStyle: { color: ink(part.ink), ...OUTLINE },
    data: rows.map(({ parts }) => {
      const value = parts[i];
      const isThin = value && value < scale.max * THIN;
      return !value ? "-" : isThin ? { value, itemStyle: { borderWidth: 0 } } : value;
    }),
  }));
  return byLane(rows, {
    ...{ name: bars.axis, scale, series },
    legend: bars.parts.filter((_, i) => rows.some(({ parts }) => parts[i])).map(({ name }) => name),
    end: (row, { name }) => ({
      at: lengthOf(row),
      text: name === "wide" && row.more ? `${row.text}, ${row.more}` : row.text,
    }),
  });
}

/** What the parts of a bar come to. */
export function lengthOf({ parts }: Pick<Bar, "parts">): number {
  return sum(parts.map((part) => part ?? 0));
}

/** Bars made of the mean microseconds of steps, with their sums at their ends. */
export function stepsChart(rows: readonly Omit<Bar, "text">[], range: readonly number[]): Drawing {
  const bars = rows.map((row) => {
    const us = lengthOf(row);
    return { ...row, text: us > 0 ? formatDuration(us) : "" };
  });
  const parts = STEPS.map((step) => ({ name: step, ink: step }));
  return barsChart(bars, { parts, axis: "mean time", tell: formatTick, range });
}

/** A row of {@linkcode ioChart}: the same lane on several kinds of I/O, microseconds. */
export interface IoRow extends Row {
  name: string;
  values: Partial<Record<Io, number>>;
}

/** A mark for each kind of I/O on one line. */
export function ioChart(rows: readonly IoRow[]): Drawing {
  const ends = (row: IoRow) => {
    const all = Object.values(row.values);
    return [Math.min(...all), Math.max(...all)] as const;
  };
  const links = rows.map((one, row) => ({
    ...{ type: "line", symbol: "none", silent: true, data: ends(one).map((us) => [us, row]) },
    lineStyle: { color: inkOf(one.job), width: 2, opacity: 0.45 },
  }));
  const marks = IO_KINDS.map((io) => ({
    ...{ type: "scatter", name: io, symbol: IO_SHAPES[io], symbolSize: 12 },
    ...{ silent: true, z: 3, itemStyle: { color: ink("text"), opacity: 1 } },
    data: rows.flatMap(({ job, values }, row) => {
      const us = values[io];
      return us === undefined ? [] : [{ value: [us, row], itemStyle: markOf(job) }];
    }),
  }));
  return byLane(rows, {
    name: "time per message (log scale)",
    scale: durationScale(rows.flatMap(({ values }) => Object.values(values))),
    series: [...links, ...marks],
    legend: IO_KINDS,
    end: (row) => ({ at: ends(row)[1], text: "" }),
  });
}

/** Pixels for the half of the last tick's text that is beyond the plot, and for a usual end. */
const LAST_TICK = 40;

/** Pixels on both sides of a text at the end of a row. */
const END_GAP = 20;

/** What charts with a row for each lane differ in. */
interface ByLane<T> {
  name: string;
  scale: Scale;
  series: readonly ChartOption[];
  legend?: readonly string[];
  /** What stands on the right of a row, and of which value. */
  end: (row: T, view: View) => { at: number | null; text: string };
}

function byLane<T extends Row>(rows: readonly T[], chart: ByLane<T>): Drawing {
  return (view) => {
    const { name, scale, series, legend, end } = chart;
    const isWide = view.name === "wide";
    const names = rows.map((row) => row.name);
    const ends = rows.map((row) => {
      const { at, text } = end(row, view);
      const note = isWide || text === "" ? row.note : null;
      return { at: at || scale.min, short: text, text: [text, note].filter(Boolean).join(", ") };
    });
    // Without room on the right, what is to be known stands beside the name.
    const labels = names.map((name, i) => {
      const { note } = rows[i]!;
      return note && !ends[i]!.text.endsWith(note) ? `${name}: ${note}` : name;
    });
    const left = isWide ? 12 + widthOfNames(labels, view) : 24;
    // Charts are in line where usual texts get their room, and longer ones as far as they need it.
    const usual = END_GAP +
      Math.max(...[LAST_TICK, ...ends.map(({ short }) => widthOf(short, view))]);
    const needed = ends.map(({ at, text }) => {
      const room = view.width - left;
      return room - (room - END_GAP - widthOf(text, view)) / Math.max(partOf(scale, at), 0.01);
    });
    return {
      grid: {
        left,
        right: Math.max(usual, ...needed),
        top: HEAD + heightOfLegend(legend ?? [], view),
        bottom: AXIS_HEIGHT,
        outerBoundsMode: "none",
      },
      ...(legend ? { legend: legendOf(legend, view) } : {}),
      xAxis: axisBelow(view, name, scale),
      yAxis: laneAxis(view, labels, "lane"),
      series: [...series, ...ends.map(({ at, text }, row) => endLabel(view, [at, row], text))],
    };
  };
}

/** A text to the right of a point. */
function endLabel(view: View, point: readonly [number, number], text: string): ChartOption {
  return {
    ...{ type: "scatter", symbolSize: 0.1, silent: true, data: [point] },
    itemStyle: { opacity: 1 },
    label: {
      ...{ ...textOf(view), show: text !== "", position: "right", distance: 10, formatter: text },
      // Lines of the grid end at it.
      ...{ textBorderColor: ink("page"), textBorderWidth: 4 },
    },
  };
}

/** Pixels of a line of a legend. */
const LEGEND_LINE = 24;

/** Pixels between two names in it, and of the mark before each. */
const LEGEND_GAP = 28;

/** So many lines as its names take, with some space below. */
function heightOfLegend(names: readonly string[], view: View): number {
  if (names.length === 0) return 0;
  let [lines, used] = [1, 0];
  for (const name of names) {
    const width = widthOf(name, view) + LEGEND_GAP;
    if (used + width > view.width) [lines, used] = [lines + 1, 0];
    used += width;
  }
  return lines * LEGEND_LINE + 6;
}

function legendOf(data: readonly string[], view: View): ChartOption {
  return {
    ...{ top: 0, left: 0, width: view.width - 10, itemWidth: 12, itemHeight: 12 },
    itemGap: view.name === "wide" ? LEGEND_GAP + 8 : 16,
    itemStyle: { borderWidth: 0 },
    ...{ selectedMode: false, data, textStyle: textOf(view) },
  };
}
