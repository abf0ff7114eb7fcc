/**
 * Bounds that lanes have to keep, whatever they took before: `--max p99=5ms`.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { shownArgument } from "../../common/base/visible.ts";
import type { Option } from "../../common/cli/arguments.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import { describeMode } from "./answer.ts";
import { figureOf, type Pick, slowestOf, totalOf } from "./figures.ts";
import { median, quantile } from "./inference.ts";
import { type Job, modeKey, modesOf, type Round, TRACED } from "./jobs.ts";
import { nameOf } from "./lane_rows.ts";
import { formatDuration, formatPercent } from "./units.ts";

/** The figures that can have a bound: times, and the part of the messages that was lost. */
const FIGURES = ["p50", "p90", "p99", "p99.9", "mean", "max", "lost"] as const;

type FigureName = typeof FIGURES[number];

/** What a figure may be at most. */
export interface Bound {
  /** A lane's name, or the beginning of several; null for all lanes. */
  lane: string | null;
  figure: FigureName;
  /** Microseconds; of what was lost, a part of 1. */
  max: number;
  /** As it was written. */
  text: string;
}

/** A lane and a bound. */
export interface BoundCheck {
  /** The lane's name, with its mode where there are several; a bound's own where no lane fits. */
  lane: string;
  /** As it was written. */
  bound: string;
  figure: FigureName;
  /** In the unit of {@linkcode Bound}; null where it is not known. */
  value: number | null;
  max: number;
  /** False for a figure that is not known, too. */
  isKept: boolean;
}

const UNITS_US: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6 };

const EXAMPLES = "use p99=5ms, lost=1% or dtls-sync-openssl:p99=5ms";

/**
 * Reads a bound.
 *
 * @param name the option, for errors
 * @throws {UsageError} where it is none
 */
export function readBound(text: string, name: string): Bound {
  const fail = (what: string) => new UsageError(`${name} ${shownArgument(text)}: ${what}`);
  const parts = /^(?:([a-z0-9-]+):)?([^:=]+)=([0-9]+(?:\.[0-9]+)?)([a-z%]+)$/.exec(text);
  if (!parts) throw fail(`no bound; ${EXAMPLES}`);
  const [, lane = null, word, number, unit = ""] = parts;
  const figure = FIGURES.find((figure) => figure === word);
  if (!figure) throw fail(`no such figure; there are ${FIGURES.join(", ")}`);
  const factor = figure === "lost" ? unit === "%" ? 0.01 : undefined : UNITS_US[unit];
  if (factor === undefined) {
    throw fail(figure === "lost" ? "a part of all messages in % is wanted" : "use us, ms or s");
  }
  return { lane, figure, max: Number(number) * factor, text };
}

/** `--max`. */
export const MAX_OPTION: Option<Bound[]> = {
  value: "[LANE:]FIGURE=MAX",
  help:
    `fail where a lane is above it, or not known: ${FIGURES.join(", ")}; in us, ms or s, lost ` +
    "in %; may be given several times",
  absent: [],
  read: (texts, name) => texts.map((text) => readBound(text, name)),
};

/** Whether the bounds want what only logs may tell. */
export function wantsLogs(bounds: readonly Bound[]): boolean {
  return bounds.some(({ figure }) => figure === "p99.9");
}

/**
 * Holds the lanes, as their clients saw them, against bounds. Times are those of a report: of all
 * sizes together, the median over rounds; `max` is the slowest message of all rounds.
 *
 * @returns every bound with every lane that it is for, in the order of the bounds
 */
export function checkBounds(jobs: readonly Job[], bounds: readonly Bound[]): BoundCheck[] {
  const clients = jobs.filter(({ role }) => role === "client");
  const isOneMode = modesOf(clients).length === 1;
  return bounds.flatMap((bound) => {
    const { figure, max, text } = bound;
    const base = { bound: text, figure, max };
    const own = clients.filter(({ name }) => isFor(bound, name, clients));
    if (own.length === 0) return [{ lane: bound.lane ?? "", ...base, value: null, isKept: false }];
    return own.map((job) => {
      const value = valueOf(job, figure, jobs);
      const name = nameOf(job, clients);
      const lane = isOneMode ? name : `${name}, ${describeMode(job)}`;
      return { lane, ...base, value, isKept: value !== null && value <= max };
    });
  });
}

/**
 * A whole name is that lane alone, traced or not; a beginning, up to a dash, is all that begin so.
 */
function isFor({ lane }: Bound, name: string, jobs: readonly Job[]): boolean {
  const isWhole = (name: string) => name === lane || name === `${lane}${TRACED}`;
  if (lane === null || isWhole(name)) return true;
  return !jobs.some(({ name }) => isWhole(name)) && name.startsWith(`${lane}-`);
}

function valueOf(job: Job, figure: FigureName, jobs: readonly Job[]): number | null {
  switch (figure) {
    case "lost":
      return lostOf(job, jobs);
    case "max":
      return slowestOf(job)?.us ?? null;
    case "p99.9": {
      const values = job.rounds.map(rarestOf);
      return values.length === 0 || values.includes(null) ? null : median(values as number[]);
    }
    default:
      return figureOf(job, ALL_SIZES, ({ result }) => result.messageUs[figure]).value;
  }
}

/** Where messages are not answered, the server alone knows what was lost. */
function lostOf(job: Job, jobs: readonly Job[]): number | null {
  const server = jobs.find(({ role, name, machine, ...mode }) =>
    role === "server" && name === job.name && machine === job.machine &&
    modeKey(mode) === modeKey(job)
  );
  const total = (of: Job | undefined, pick: Pick) => of ? totalOf(of, [ALL_SIZES], pick) : null;
  const lost = [job, server].map((end) => total(end, ({ result }) => result.lost))
    .find((count) => count !== null);
  const sent = total(job, ({ result }) => result.sent);
  return lost === undefined || !sent ? null : lost / sent;
}

/** A percentile wants a sample beyond it. */
const MIN_SAMPLES = 1000;

/** A round's 99.9th percentile: the document's, or the log's. */
function rarestOf({ run, log }: Round): number | null {
  const p999 = run.allSizes?.messageUs.p999;
  if (p999 !== undefined || !log) return p999 ?? null;
  const samples = [...log.values()].flatMap(({ messagesUs }) => messagesUs);
  return samples.length < MIN_SAMPLES ? null : quantile(samples.sort((a, b) => a - b), 0.999);
}

/** The bounds that are not kept, a line each. */
export function brokenBounds(checks: readonly BoundCheck[]): string[] {
  return checks.filter(({ isKept }) => !isKept).map(({ lane, bound, figure, value }) => {
    const format = figure === "lost" ? formatPercent : formatDuration;
    const of = lane === "" ? "no lane was measured by a client" : lane;
    return value === null
      ? `${of}: ${figure} is not known, so it does not pass --max ${bound}`
      : `${of}: ${figure} is ${format(value)}, over --max ${bound}`;
  });
}
