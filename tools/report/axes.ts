/**
 * What all charts have in common: axes with names, colours by protocol, shapes by kind of I/O.
 *
 * @module
 */
import type { Io } from "../../common/model/protocol.ts";
import { type ChartOption, type Ink, ink } from "./chart.ts";
import type { Job } from "./jobs.ts";
import { formatDuration } from "./units.ts";

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

/** A logarithmic axis wants powers of ten that hold all values. */
export function decadesOf(values: readonly number[]): { min: number; max: number } {
  const positive = values.filter((value) => value > 0);
  const [low, high] = [Math.min(...positive), Math.max(...positive)].map(Math.log10);
  const min = Math.floor(low ?? 0);
  return { min: 10 ** min, max: 10 ** Math.max(Math.ceil(high ?? 1), min + 1) };
}

const TEXT = { color: ink("text"), fontSize: 13 };
const LINE = { lineStyle: { color: ink("grid") } };

/** An axis, its name beside its middle. */
export function axis(type: string, name: string, gap: number, more: ChartOption): ChartOption {
  const { axisLabel, ...rest } = more;
  return {
    ...{ type, name, nameLocation: "middle", nameGap: gap, nameTextStyle: TEXT },
    axisLine: { show: true, ...LINE },
    axisTick: { show: false },
    splitLine: { show: type !== "category", ...LINE },
    axisLabel: { color: ink("quiet"), fontSize: 12, hideOverlap: true, ...axisLabel as object },
    ...rest,
  };
}

/** A logarithmic axis of durations in microseconds. */
export function durationAxis(name: string, gap: number, values: readonly number[]): ChartOption {
  return axis("log", `${name} (µs, ms, s; log scale)`, gap, {
    ...decadesOf(values),
    axisLabel: { formatter: formatTick },
  });
}

/** A tick's number with its unit, without digits that say nothing. */
export function formatTick(us: number): string {
  return formatDuration(us).replace(/\.0+ /, " ");
}

/** An axis of message sizes. */
export function sizeAxis(sizes: readonly number[]): ChartOption {
  const [min, max] = [Math.min(...sizes), Math.max(...sizes)];
  return axis("log", "message size (bytes, log scale)", 26, {
    ...{ min, max },
    axisLabel: { formatter: (size: number) => String(size), showMinLabel: true },
  });
}

/** An axis of lanes, from top to bottom; its name stands above it. */
export function laneAxis(labels: readonly string[]): ChartOption {
  return axis("category", "protocol", 8, {
    ...{ data: labels, inverse: true, nameLocation: "start" },
    nameTextStyle: { ...TEXT, align: "right", padding: [0, 6, 0, 0] },
    axisLabel: { color: ink("text"), fontSize: 12, interval: 0, hideOverlap: false },
  });
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
