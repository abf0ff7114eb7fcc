/**
 * All sizes of a run as if they were one: counts are sums, times those of all messages together.
 *
 * @module
 */
import type { OneWay } from "../../common/measure/one_way.ts";
import type { AllSizes, RunResult, SizeResult } from "../../common/measure/result.ts";
import { Distribution, type Summary } from "../../common/measure/statistics.ts";
import { byStep, type STEPS } from "../../common/model/protocol.ts";
import type { LogFigures } from "./logs.ts";

/** Stands for all sizes together, where a size is wanted. */
export const ALL_SIZES = 0;

/**
 * A run's figures, all sizes together.
 *
 * @param log where the document does not have them, as those of earlier versions, the log does;
 * without either there are none, unless there is one size alone
 */
export function allSizesOf(run: RunResult, log: LogFigures | null): SizeResult {
  const sum = (pick: (size: SizeResult) => number | null) => sumOf(run.sizes, pick);
  return {
    sizeBytes: ALL_SIZES,
    sent: sum((size) => size.sent),
    answered: sum((size) => size.answered),
    lost: sum((size) => size.lost),
    resumed: sum((size) => size.resumed) ?? 0,
    ...timesOf(run, log),
    ...(run.reply ? {} : { oneWay: oneWayOf(run.sizes) }),
  };
}

function timesOf(run: RunResult, log: LogFigures | null): AllSizes {
  const [only, ...more] = run.sizes;
  if (run.allSizes) return run.allSizes;
  if (only && more.length === 0) return only;
  return { messageUs: logged(log), steps: byStep((step) => meansOf(run.sizes, step)) };
}

function logged(log: LogFigures | null): Summary {
  const message = new Distribution();
  for (const { messagesUs } of log?.values() ?? []) for (const us of messagesUs) message.record(us);
  return message.summary();
}

/** Of steps a log has sums alone, as the document has them by size: their means are means of all. */
function meansOf(sizes: readonly SizeResult[], step: typeof STEPS[number]): Summary | null {
  const parts = sizes.flatMap(({ steps }) => steps[step] ?? []);
  const n = parts.reduce((total, part) => total + part.n, 0);
  if (n === 0) return null;
  const mean = parts.reduce((total, part) => total + part.n * (part.mean ?? 0), 0) / n;
  return { ...new Distribution().summary(), n, mean };
}

function sumOf<T>(parts: readonly T[], pick: (part: T) => number | null): number | null {
  const counts = parts.map(pick);
  if (counts.length === 0 || counts.includes(null)) return null;
  return counts.reduce<number>((total, count) => total + count!, 0);
}

/** What a receiver counted: rates weigh as much as the time they held. */
function oneWayOf(sizes: readonly SizeResult[]): OneWay {
  const parts = sizes.flatMap(({ oneWay }) => oneWay ?? []);
  const seconds = sumOf(parts, (part) => part.seconds);
  const rate = (name: "messagesPerSecond" | "megabytesPerSecond") => {
    const all = sumOf(
      parts,
      (part) => part[name] === null ? null : part[name] * (part.seconds ?? 0),
    );
    return all !== null && seconds ? all / seconds : null;
  };
  return {
    seconds,
    messagesPerSecond: rate("messagesPerSecond"),
    megabytesPerSecond: rate("megabytesPerSecond"),
    duplicates: sumOf(parts, (part) => part.duplicates),
    reordered: sumOf(parts, (part) => part.reordered),
    delayUs: null,
  };
}
