/**
 * What all charts have in common: axes with names, colours by protocol, shapes by kind of I/O.
 *
 * @module
 */
import type { Io } from "../../common/model/protocol.ts";
import { type ChartOption, type Ink, ink, type View } from "./chart.ts";
import type { Job } from "./jobs.ts";
import type { Scale } from "./scales.ts";

/** Kinds of I/O as the page calls them. */
export const IO_NAMES: Readonly<Record<Io, string>> = {
  async: "event loop (async)",
  sync: "blocking calls (sync)",
  spin: "never sleeping (spin)",
};

/** Marks by kind of I/O. */
export const IO_SHAPES: Readonly<Record<Io, string>> = {
  async: "circle",
  sync: "rect",
  spin: "triangle",
};

/** About how many pixels a text takes, and rather more. */
export function widthOf(text: string, { fontSize }: View): number {
  return Math.ceil(text.length * fontSize * 0.58);
}

interface TextStyle {
  color: string;
  fontSize: number;
  textBorderWidth: number;
}

/** The longest name that a lane has: names get so much room, so that charts are in line. */
const LONGEST_NAME = "dtls-async-openssl-resumed";

/** How much room names get beside a wide chart. */
export function widthOfNames(names: readonly string[], view: View): number {
  return Math.max(...[LONGEST_NAME, ...names].map((name) => widthOf(name, view)));
}

const LINE = { lineStyle: { color: ink("grid") } };

/** Pixels between the lower axis and its name. */
const BELOW = 30;

/** Pixels that the lower axis with its name takes. */
export const AXIS_HEIGHT = 56;

/** An axis below the plot, its name below its middle. */
export function axisBelow(view: View, name: string, scale: Scale): ChartOption {
  return { ...axis(view, name, scale), nameLocation: "middle", nameGap: BELOW };
}

/** An axis on the left of the plot, its name above it, from the chart's left edge on. */
export function axisBeside(view: View, name: string, scale: Scale, left: number): ChartOption {
  const option = axis(view, name, scale);
  const nameTextStyle = { ...textOf(view), align: "left", padding: [0, 0, 0, 4 - left] };
  return { ...option, nameLocation: "end", nameGap: 14, nameTextStyle };
}

function axis(view: View, name: string, { type, min, max, ticks, tell }: Scale): ChartOption {
  const customValues = ticks(view);
  return {
    ...{ type, name, min, max, nameTextStyle: textOf(view), nameMoveOverlap: false },
    axisLine: { show: true, ...LINE },
    axisTick: { show: false, customValues },
    splitLine: { show: true, customValues, ...LINE },
    axisLabel: {
      ...{ color: ink("quiet"), fontSize: view.fontSize, hideOverlap: true },
      ...{ customValues, formatter: tell },
    },
  };
}

/** How texts look. */
export function textOf({ fontSize }: View): TextStyle {
  return { color: ink("text"), fontSize, textBorderWidth: 0 };
}

/**
 * An axis of lanes, from top to bottom. Their names stand on the left of the plot or, where that is
 * narrow, above their rows.
 */
export function laneAxis(view: View, names: readonly string[], name: string): ChartOption {
  const isWide = view.name === "wide";
  const beside = { margin: 10 };
  const above = { inside: true, margin: 0, align: "left", verticalAlign: "bottom" };
  return {
    ...{ type: "category", data: names, inverse: true, name, nameLocation: "start", nameGap: 8 },
    nameTextStyle: isWide
      ? { ...textOf(view), align: "right", padding: [0, 10, 0, 0] }
      : { ...textOf(view), align: "left" },
    axisLine: { show: true, ...LINE },
    axisTick: { show: false },
    axisLabel: {
      ...textOf(view),
      ...{ interval: 0, hideOverlap: false },
      ...(isWide ? beside : { ...above, padding: [0, 0, 12, 4] }),
    },
    z: 2,
  };
}

/** A job's colour. */
export function inkOf({ protocol }: Job): string {
  return ink(protocol satisfies Ink);
}

/** Full marks for full handshakes, hollow ones for resumed sessions. */
export function markOf(job: Job): ChartOption {
  return {
    ...{ color: job.resume ? ink("page") : inkOf(job), opacity: 1 },
    ...{ borderColor: inkOf(job), borderWidth: 2 },
  };
}

/** Solid; dashed with resumed sessions, dotted with the engine that is not the usual one. */
export function lineOf(job: Job): ChartOption {
  const type = job.resume ? "dashed" : job.engine === "rustls" ? "dotted" : "solid";
  return { color: inkOf(job), width: 2, type };
}
