/**
 * Reads the step logs that clients and servers write.
 *
 * @module
 */
import { type Step, STEPS } from "../common/protocol.ts";
import { Distribution } from "../common/statistics.ts";
import { LOG_COLUMNS } from "../common/step_log.ts";

/** One line of a log. */
export interface LoggedStep {
  startUs: number;
  durationUs: number;
  step: Step;
  lane: string;
  role: string;
  client: number;
  sizeBytes: number;
  no: number;
  lost: boolean;
}

/**
 * Reads the lines of one log; a last line that was cut off is left out.
 *
 * @throws {SyntaxError} naming the line that is none
 */
export function* readLog(text: string): Generator<LoggedStep> {
  const lines = text.split("\n");
  lines.pop();
  if (lines[0] !== undefined && lines[0] !== LOG_COLUMNS) {
    throw new SyntaxError(`line 1: the columns of a step log are ${LOG_COLUMNS}`);
  }
  for (let i = 1; i < lines.length; i++) {
    const cells = lines[i]!.split(",");
    const [start, duration, step, lane, role, client, size, no, lost] = cells;
    if (cells.length !== 9 || !STEPS.includes(step as Step)) {
      throw new SyntaxError(`line ${i + 1}: not a line of a step log: ${lines[i]}`);
    }
    yield {
      startUs: Number(start),
      durationUs: Number(duration),
      step: step as Step,
      lane: lane!,
      role: role!,
      client: Number(client),
      sizeBytes: Number(size),
      no: Number(no),
      lost: lost === "1",
    };
  }
}

/** What a log comes to, over all sizes. */
export interface LogTotals {
  /** From a message's first step to its last. */
  message: Distribution;
  steps: Partial<Record<Step, Distribution>>;
  /** From the first step to the end of the last, in microseconds. */
  elapsedUs: number;
}

/** Sums a log up; the first message, which is warm-up, and lost ones stay out of the series. */
export function totalsOf(text: string): LogTotals {
  const totals: LogTotals = { message: new Distribution(), steps: {}, elapsedUs: 0 };
  const messages = new Map<string, { startUs: number; endUs: number }>();
  let firstUs = Infinity;
  let lastUs = -Infinity;
  let warmUp: string | undefined;
  for (const { startUs, durationUs, step, client, sizeBytes, no, lost } of readLog(text)) {
    firstUs = Math.min(firstUs, startUs);
    lastUs = Math.max(lastUs, startUs + durationUs);
    const key = `${client},${sizeBytes},${no}`;
    warmUp ??= key;
    if (key === warmUp || lost) continue;
    (totals.steps[step] ??= new Distribution()).record(durationUs);
    const message = messages.get(key);
    if (message) message.endUs = startUs + durationUs;
    else messages.set(key, { startUs, endUs: startUs + durationUs });
  }
  for (const { startUs, endUs } of messages.values()) totals.message.record(endUs - startUs);
  if (lastUs > firstUs) totals.elapsedUs = lastUs - firstUs;
  return totals;
}
