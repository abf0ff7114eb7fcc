/**
 * The scales of charts' axes: where they begin and end, and which ticks they name how.
 *
 * @module
 */
import type { View } from "./chart.ts";
import { formatDuration, formatNumber } from "./units.ts";

/** From where to where an axis goes, and what is written at it. */
export interface Scale {
  type: "log" | "value" | "time";
  min: number;
  max: number;
  /** Where something is written. */
  ticks: (view: View) => readonly number[];
  /** What is written there, with the unit. */
  tell: (value: number) => string;
}

/** Where on a scale a value is, from 0 to 1. */
export function partOf({ type, min, max }: Scale, value: number): number {
  if (type === "log") return Math.log(value / min) / Math.log(max / min);
  return (value - min) / (max - min);
}

/** With so few decades there is room between them. */
const FEW_DECADES: Readonly<Record<View["name"], number>> = { wide: 2, narrow: 1 };

/** A logarithmic scale between powers of ten that hold all values, each of them named. */
export function logScale(
  values: readonly (number | null)[],
  tell: (value: number) => string,
): Scale {
  const logs = values.flatMap((value) => value !== null && value > 0 ? Math.log10(value) : []);
  const low = Math.floor(logs.length > 0 ? Math.min(...logs) : 0);
  const high = Math.max(Math.ceil(logs.length > 0 ? Math.max(...logs) : 0), low + 1);
  const ticks = ({ name }: View) =>
    Array.from({ length: high - low + 1 }, (_, i) => low + i).flatMap((exponent) => {
      const isFine = high - low <= FEW_DECADES[name] && exponent < high;
      return (isFine ? [1, 2, 5] : [1]).map((digit) => digit * 10 ** exponent);
    });
  return { type: "log", min: 10 ** low, max: 10 ** high, ticks, tell };
}

/** A logarithmic scale of durations in microseconds. */
export function durationScale(values: readonly (number | null)[]): Scale {
  return logScale(values, formatTick);
}

/** A tick's number with its unit, without digits that say nothing. */
export function formatTick(us: number): string {
  if (us === 0) return "0";
  const [number, unit] = formatDuration(us).split(" ");
  return `${Number(number)} ${unit}`;
}

/** How near to a decade an end of the scale of sizes is not named, in decades. */
const TOO_NEAR: Readonly<Record<View["name"], number>> = { wide: 0.15, narrow: 0.5 };

/** A logarithmic scale from the smallest message size to the largest. */
export function sizeScale(sizes: readonly number[]): Scale {
  const [min, max] = [Math.min(...sizes), Math.max(...sizes)];
  const ticks = ({ name }: View) => {
    const decades: number[] = [];
    for (let size = 10 ** Math.ceil(Math.log10(min)); size <= max; size *= 10) decades.push(size);
    const isNear = (end: number) =>
      decades.some((size) => Math.abs(Math.log10(size / end)) < TOO_NEAR[name]);
    return [...decades, ...[min, max].filter((end) => !isNear(end))].sort((a, b) => a - b);
  };
  return { type: "log", min, max, ticks, tell: String };
}

/**
 * A scale of the share of messages that are faster, so that the few slow ones get room.
 *
 * @param rarest its end, as all values 1 / (1 - share): 10 for 90 %, 100 for 99 %
 */
export function shareScale(rarest: number): Scale {
  const ticks = () => {
    const named = [1, 2];
    for (let rarity = 10; rarity <= rarest; rarity *= 10) named.push(rarity);
    return named;
  };
  const tell = (rarity: number) => `${Math.round((100 - 100 / rarity) * 1e4) / 1e4} %`;
  return { type: "log", min: 1, max: Math.max(rarest, 10), ticks, tell };
}

/** So many steps a scale from zero on has at most; where there is room, twice as many. */
const MOST_STEPS = 4;

/** A scale from zero on, to the end of the step that holds the largest value. */
export function linearScale(values: readonly number[], tell: (value: number) => string): Scale {
  const largest = Math.max(...values.filter((value) => value > 0), Number.EPSILON);
  const step = stepAbove(largest / MOST_STEPS);
  const steps = Math.ceil(largest / step - 1e-9);
  const ticks = ({ name }: View) => {
    const parts = name === "wide" ? 2 : 1;
    return Array.from({ length: steps * parts + 1 }, (_, i) => i * step / parts);
  };
  return { type: "value", min: 0, max: steps * step, ticks, tell };
}

/** The next of 1, 2, 5, 10, 20 and so on. */
function stepAbove(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 2, 5].find((digit) => digit * unit >= value * (1 - 1e-9)) ?? 10);
}

/** A tick's number by itself, without digits that say nothing. */
export function formatPlain(value: number): string {
  return String(Number(formatNumber(value)));
}

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

/** What can lie between two ticks of a scale of times, in milliseconds. */
const TIME_STEPS: readonly number[] = [
  ...[1, 5, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182].map((days) => days * DAY),
];

/** So many ticks with a date fit in. */
const MOST_TIMES: Readonly<Record<View["name"], number>> = { wide: 7, narrow: 2 };

/** A scale of times, in milliseconds since the epoch: UTC. */
export function timeScale(times: readonly number[]): Scale {
  const first = Math.min(...times);
  const max = Math.max(...times, first + SECOND);
  const stepFor = (most: number) =>
    TIME_STEPS.find((step) => (max - first) / step <= most) ??
      Math.ceil((max - first) / most / (365 * DAY)) * 365 * DAY;
  const ticks = ({ name }: View) => {
    const step = stepFor(MOST_TIMES[name]);
    const named: number[] = [];
    for (let time = Math.ceil(first / step) * step; time <= max; time += step) named.push(time);
    // Within the span there may be none of the round times.
    return named.length > 0 ? named : [first];
  };
  const isInDays = stepFor(MOST_TIMES.wide) >= DAY;
  const isInSeconds = stepFor(MOST_TIMES.wide) < MINUTE;
  const tell = (time: number) => {
    const text = new Date(time).toISOString().replace("T", " ");
    return isInDays ? text.slice(0, 10) : text.slice(5, isInSeconds ? 19 : 16);
  };
  return { type: "time", min: first, max, ticks, tell };
}
