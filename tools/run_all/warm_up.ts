/**
 * The warm-up of lanes on the event loop. V8 needs some hundred messages until its code is good:
 * they are exchanged first, as messages of a size that the plan does not have. They stand in the
 * logs, and in no figure. What calls the system itself warms up before its first message.
 *
 * @module
 */
import type { AllSizes, RunResult } from "../../common/measure/result.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import { byStep, type ConnectMode, HEADER_BYTES, type Step } from "../../common/model/protocol.ts";
import type { LoggedMessage } from "../report/messages.ts";
import type { Exchange, Job } from "./job.ts";

/** After so many messages times hardly fall any more: a connection's beginning is much code. */
const MESSAGES: Readonly<Record<ConnectMode, number>> = { message: 100, size: 800, once: 800 };

/** A run of so many times as many messages of each size is warm for nearly all of them. */
const LONG_RUN = 2;

/** Sizes that are exchanged before a plan's own. */
export interface WarmUp {
  /** Of each of its messages, next to the plan's first one. */
  sizeBytes: number;
  /** The plan's sizes, with those of the warm-up before them. */
  sizes: readonly number[];
}

/** The warm-up of a job; null where it needs none, or would take longer than it is worth. */
export function warmUpOf({ lane, connect }: Job, exchange: Exchange): WarmUp | null {
  const { sizes, waitMs, rate } = exchange;
  const repeat = exchange.repeat && exchange.repeat[connect];
  if (lane.io !== "async" || repeat === null || waitMs > 0 || rate !== null) return null;
  if (repeat >= LONG_RUN * MESSAGES[connect]) return null;
  const [first] = sizes;
  // A smaller one is none that a protocol has no room for.
  const sizeBytes = [1, 2, 3, -1].map((less) => first! - less).find((size) =>
    size >= HEADER_BYTES && !sizes.includes(size)
  );
  if (sizeBytes === undefined) return null;
  const wanted = Math.ceil(MESSAGES[connect] / repeat);
  // Where each takes a handshake it is not longer than the run itself.
  const times = connect === "message" ? Math.min(wanted, sizes.length) : wanted;
  return { sizeBytes, sizes: [...Array<number>(times).fill(sizeBytes), ...sizes] };
}

/**
 * A run without its warm-up.
 *
 * @param messages of its log; null where there is none
 */
export function withoutWarmUp(
  run: RunResult,
  { sizeBytes }: WarmUp,
  messages: Iterable<LoggedMessage> | null,
): RunResult {
  const { allSizes: _, ...rest } = run;
  const sizes = run.sizes.filter((size) => size.sizeBytes !== sizeBytes);
  return { ...rest, sizes, ...(messages ? { allSizes: allOf(messages, sizeBytes) } : {}) };
}

function allOf(messages: Iterable<LoggedMessage>, left: number): AllSizes {
  const all = new Distribution();
  const steps: Partial<Record<Step, Distribution>> = {};
  for (const { sizeBytes, totalUs, stepsUs, isCounted } of messages) {
    if (!isCounted || sizeBytes === left) continue;
    all.record(totalUs);
    for (const [step, us] of Object.entries(stepsUs) as [Step, number][]) {
      (steps[step] ??= new Distribution()).record(us);
    }
  }
  return { messageUs: all.summary(), steps: byStep((step) => steps[step]?.summary() ?? null) };
}
