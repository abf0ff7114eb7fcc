/**
 * The messages of a step log, put together from its lines.
 *
 * @module
 */
import { type Step, STEPS } from "../../common/model/protocol.ts";
import { type LoggedStep, readLog } from "./log_reader.ts";

/** One message of a log. */
export interface LoggedMessage {
  client: number;
  sizeBytes: number;
  no: number;
  lost: boolean;
  /** False for the first message of a run, which is warm-up, and for lost ones: in no figure. */
  isCounted: boolean;
  /** When its first step began, in microseconds since the epoch. */
  startUs: number;
  /** From its first step to its last. */
  totalUs: number;
  stepsUs: Partial<Record<Step, number>>;
}

/** A message as far as its lines were read. */
interface OpenMessage extends LoggedMessage {
  latest: Step;
  isWhole: boolean;
}

/**
 * Reads a log's messages, in the order of their first lines.
 *
 * @param pieces see {@linkcode readLog}
 * @throws {SyntaxError} naming the line that is none
 */
export function* readMessages(pieces: Iterable<string>): Generator<LoggedMessage> {
  // Several clients' lines are mixed in a server's log: a message waits for those before it.
  const current = new Map<number, OpenMessage>();
  const waiting: OpenMessage[] = [];
  let isFirst = true;
  for (const line of readLog(pieces)) {
    let message = current.get(line.client);
    if (!message || !belongsTo(line, message)) {
      if (message) message.isWhole = true;
      const open = waiting.findIndex(({ isWhole }) => !isWhole);
      if (open !== 0) yield* waiting.splice(0, open < 0 ? Infinity : open);
      const { client, sizeBytes, no, lost, step, startUs } = line;
      const rest = { totalUs: 0, stepsUs: {}, latest: step, isWhole: false };
      message = { client, sizeBytes, no, lost, isCounted: !isFirst && !lost, startUs, ...rest };
      isFirst = false;
      current.set(line.client, message);
      waiting.push(message);
    }
    message.latest = line.step;
    message.stepsUs[line.step] = line.durationUs;
    // A step begins where the one before ends; starts have fewer digits than durations.
    message.totalUs += line.durationUs;
  }
  yield* waiting;
}

/** A message's lines follow each other in the order of the steps; a size may come twice in a plan. */
function belongsTo(line: LoggedStep, message: OpenMessage): boolean {
  return line.sizeBytes === message.sizeBytes && line.no === message.no &&
    STEPS.indexOf(line.step) > STEPS.indexOf(message.latest);
}
