/**
 * The messages of a step log, put together from its lines.
 *
 * @module
 */
import { type Step, STEPS } from "../../common/protocol.ts";
import { type LoggedStep, readLog } from "../log_reader.ts";

/** One message of a log. */
export interface LoggedMessage {
  sizeBytes: number;
  no: number;
  lost: boolean;
  /** From its first step to its last. */
  totalUs: number;
  stepsUs: Partial<Record<Step, number>>;
}

/** A message as far as its lines were read. */
interface OpenMessage extends LoggedMessage {
  latest: Step;
}

/**
 * Reads a log's messages, in the order of their first lines.
 *
 * @throws {SyntaxError} naming the line that is none
 */
export function readMessages(text: string): LoggedMessage[] {
  const messages: LoggedMessage[] = [];
  // Several clients' lines are mixed in a server's log.
  const open = new Map<number, OpenMessage>();
  for (const line of readLog(text)) {
    let message = open.get(line.client);
    if (!message || !belongsTo(line, message)) {
      const { sizeBytes, no, lost, step } = line;
      message = { sizeBytes, no, lost, totalUs: 0, stepsUs: {}, latest: step };
      open.set(line.client, message);
      messages.push(message);
    }
    message.latest = line.step;
    message.stepsUs[line.step] = line.durationUs;
    // A step begins where the one before ends; starts have fewer digits than durations.
    message.totalUs += line.durationUs;
  }
  return messages;
}

/** A message's lines follow each other in the order of the steps; a size may come twice in a plan. */
function belongsTo(line: LoggedStep, message: OpenMessage): boolean {
  return line.sizeBytes === message.sizeBytes && line.no === message.no &&
    STEPS.indexOf(line.step) > STEPS.indexOf(message.latest);
}
