/**
 * Charts with a line for each lane: over the message size, and over the share of the messages.
 *
 * @module
 */
import {
  AXIS_HEIGHT,
  axisBelow,
  axisBeside,
  inkOf,
  IO_SHAPES,
  lineOf,
  markOf,
  textOf,
  widthOf,
  widthOfNames,
} from "./axes.ts";
import { type ChartOption, type Drawing, ink, type View } from "./chart.ts";
import { figureOf, type Pick } from "./figures.ts";
import { type Job, sizesOf } from "./jobs.ts";
import {
  durationScale,
  formatPlain,
  logScale,
  partOf,
  type Scale,
  shareScale,
  sizeScale,
} from "./scales.ts";
import { spread } from "./spread.ts";

/** A lane's line. */
export interface Curve {
  job: Job;
  /** The lane's name, with its machine where there are several. */
  name: string;
  points: readonly (readonly [number, number])[];
  /** Whether each point is marked, as there is nothing known between them. */
  hasMarks: boolean;
  /** The points whose marks are larger; absent where all are alike. */
  large?: readonly boolean[];
  /** Whether it is there to hold the others against: grey and dashed. */
  isBackdrop?: boolean;
}

/** A job's points over the message sizes; what was not measured, or is nothing, is left out. */
export function pointsOverSizes(job: Job, pick: Pick): [number, number][] {
  return sizesOf([job]).flatMap((sizeBytes): [number, number][] => {
    const { value } = figureOf(job, sizeBytes, pick);
    return value ? [[sizeBytes, value]] : [];
  });
}

/** Round trips in microseconds over sizes in bytes. */
export function sizesChart(curves: readonly Curve[], range: readonly number[]): Drawing {
  return linesChart(curves, {
    x: sizeScale(curves.flatMap(({ points }) => points.map(([size]) => size))),
    xName: "message size (bytes, log scale)",
    y: durationScale(range),
    yName: "time per message (log scale)",
  });
}

/** Throughput in MB/s over sizes in bytes. */
export function throughputChart(curves: readonly Curve[], range: readonly number[]): Drawing {
  return linesChart(curves, {
    x: sizeScale(curves.flatMap(({ points }) => points.map(([size]) => size))),
    xName: "message size (bytes, log scale)",
    y: logScale(range, formatPlain),
    yName: "throughput (MB/s, log scale)",
  });
}

/**
 * Durations in microseconds over the share of messages that are faster. The points' first numbers
 * are 1 / (1 - share): 10 for 90 %, 100 for 99 %, so that the few slow ones get room.
 */
export function shareChart(
  curves: readonly Curve[],
  range: readonly number[],
  rarest = rarestOf(curves),
): Drawing {
  return linesChart(curves, {
    x: shareScale(rarest),
    xName: "share of messages that are faster (%)",
    y: durationScale(range),
    yName: "time per message (log scale)",
  });
}

/** The rarest message of some lanes: where the scale of their shares ends. */
export function rarestOf(curves: readonly Curve[]): number {
  return Math.max(...curves.flatMap(({ points }) => points.map(([rarity]) => rarity)));
}

/** Pixels of a line in the legend below a narrow chart. */
const LEGEND_ROW = 22;

/** Pixels between the names of lines. */
const NAME_GAP = 18;

/** Pixels of the plot with what is above and below it. */
const PLOT: Readonly<Record<View["name"], number>> = { wide: 420, narrow: 320 };

/** Pixels above the plot: for the name of the axis beside it. */
const TOP = 36;

/** The height of a chart with so many lines: names stand beside them or, in a narrow one, below. */
export function linesHeight(curves: number): (view: View) => number {
  return ({ name }) => name === "wide" ? PLOT.wide : PLOT.narrow + curves * LEGEND_ROW;
}

/** Ticks get so much room, so that charts are in line. */
const USUAL_TICK = "100 ms";

/** Scales of both axes, and what stands at them. */
export interface Axes {
  x: Scale;
  xName: string;
  y: Scale;
  yName: string;
}

/** A line for each lane, with its name beside its end or, in a narrow chart, in a legend. */
export function linesChart(curves: readonly Curve[], { x, xName, y, yName }: Axes): Drawing {
  return (view) => {
    const isWide = view.name === "wide";
    const ticks = y.ticks(view).map(y.tell);
    const left = 12 + Math.max(...[USUAL_TICK, ...ticks].map((text) => widthOf(text, view)));
    const longest = widthOfNames(curves.map(({ name }) => name), view);
    const grid = {
      ...{ left, top: TOP, right: isWide ? LEADER + longest : 24, outerBoundsMode: "none" },
      bottom: AXIS_HEIGHT + (isWide ? 0 : 8 + curves.length * LEGEND_ROW),
    };
    const plot = {
      ...{ left, top: TOP, right: view.width - grid.right, bottom: PLOT.wide - AXIS_HEIGHT },
      ...{ x, y },
    };
    return {
      grid,
      ...(isWide
        ? { graphic: namesBeside(curves, plot, view) }
        : { legend: legendOf(curves, view) }),
      xAxis: axisBelow(view, xName, x),
      yAxis: axisBeside(view, yName, y, left),
      series: curves.map(line),
    };
  };
}

function line(curve: Curve): ChartOption {
  const { job, name, points, hasMarks, large, isBackdrop } = curve;
  const color = colorOf(curve);
  const mark = { ...markOf(job), borderColor: color, ...(isBackdrop ? { color } : {}) };
  return {
    ...{ type: "line", name, silent: true, showAllSymbol: true, showSymbol: hasMarks },
    data: large ? points.map((value, i) => ({ value, symbolSize: large[i] ? 11 : 4 })) : points,
    ...{ symbol: IO_SHAPES[job.io], symbolSize: 6, itemStyle: mark },
    lineStyle: isBackdrop ? { color, width: 2, type: "dashed" } : lineOf(job),
  };
}

function colorOf({ job, isBackdrop }: Curve): string {
  return isBackdrop ? ink("quiet") : inkOf(job);
}

function legendOf(curves: readonly Curve[], view: View): ChartOption {
  return {
    ...{ orient: "vertical", left: 0, bottom: 0, selectedMode: false, itemWidth: 34 },
    ...{ itemGap: LEGEND_ROW - 14, itemHeight: 14, data: curves.map(({ name }) => name) },
    textStyle: textOf(view),
  };
}

/** Where the plot is, in pixels, and what its axes show. */
interface Plot {
  left: number;
  top: number;
  right: number;
  bottom: number;
  x: Scale;
  y: Scale;
}

/** Pixels between the plot and the names, for a thin line from each curve's end to its name. */
const LEADER = 40;

/** Names in a column on the right, as near to their lines' ends as they do not touch. */
function namesBeside(curves: readonly Curve[], plot: Plot, view: View): ChartOption[] {
  const ends = curves.map(({ points }) => {
    const [x, y] = points.at(-1)!;
    return {
      x: plot.left + partOf(plot.x, x) * (plot.right - plot.left),
      y: plot.bottom - partOf(plot.y, y) * (plot.bottom - plot.top),
    };
  });
  const heights = spread(ends.map(({ y }) => y), NAME_GAP, plot);
  return curves.flatMap((curve, i) => {
    const [{ x, y }, height] = [ends[i]!, heights[i]!];
    const leader = [[x + 5, y], [plot.right + 8, y], [plot.right + LEADER - 12, height]];
    return [{
      ...{ type: "polyline", silent: true, shape: { points: leader } },
      style: { stroke: colorOf(curve), lineWidth: 1, lineDash: [2, 3], fill: "none" },
    }, {
      ...{ type: "text", silent: true, x: plot.right + LEADER - 8, y: height },
      style: {
        text: curve.name,
        fill: colorOf(curve),
        fontSize: view.fontSize,
        verticalAlign: "middle",
      },
    }];
  });
}
