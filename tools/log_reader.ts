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
  const current = new Map<number, LoggedMessage>();
  let firstUs = Infinity;
  let lastUs = -Infinity;
  let warmUp: LoggedMessage | undefined;
  const record = (message: LoggedMessage | undefined) => {
    if (!message || message === warmUp || message.lost) return;
    totals.message.record(message.endUs - message.startUs);
  };
  for (const line of readLog(text)) {
    const endUs = line.startUs + line.durationUs;
    firstUs = Math.min(firstUs, line.startUs);
    lastUs = Math.max(lastUs, endUs);
    let message = current.get(line.client);
    if (!message || !belongsTo(line, message)) {
      record(message);
      current.set(line.client, message = { ...line, endUs });
      warmUp ??= message;
    }
    message.step = line.step;
    message.startUs = Math.min(message.startUs, line.startUs);
    message.endUs = Math.max(message.endUs, endUs);
    if (message === warmUp || line.lost) continue;
    (totals.steps[line.step] ??= new Distribution()).record(line.durationUs);
  }
  for (const message of current.values()) record(message);
  if (lastUs > firstUs) totals.elapsedUs = lastUs - firstUs;
  return totals;
}

/** A message as far as its lines were read; `step` is its latest. */
type LoggedMessage = LoggedStep & { endUs: number };

/** A message's lines follow each other in the order of the steps; a size may come twice in a plan. */
function belongsTo(line: LoggedStep, message: LoggedMessage): boolean {
  return line.sizeBytes === message.sizeBytes && line.no === message.no &&
    STEPS.indexOf(line.step) > STEPS.indexOf(message.step);
}
