/**
 * Reads the step logs that clients and servers write.
 *
 * @module
 */
import { type Step, STEPS } from "../../common/model/protocol.ts";
import { LOG_COLUMNS, OTHER_STEPS } from "../../common/measure/step_log.ts";

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

/** A log has several times the length that a text can have: it is read in pieces of so many bytes. */
const PIECE_BYTES = 1 << 20;

/** No line is longer: without a line break for that long it is no log. */
const MAX_LINE_LENGTH = 1000;

/**
 * The text of a file, piece by piece.
 *
 * @throws {Deno.errors.NotFound} and others of Deno's, where it cannot be read
 */
export function* piecesOf(file: string): Generator<string> {
  using open = Deno.openSync(file);
  const bytes = new Uint8Array(PIECE_BYTES);
  const decoder = new TextDecoder();
  for (let length; (length = open.readSync(bytes));) {
    yield decoder.decode(bytes.subarray(0, length), { stream: true });
  }
}

/**
 * Reads the lines of one log that belong to messages; a last line that was cut off is left out.
 *
 * @param pieces its text, cut anywhere
 * @throws {SyntaxError} naming the line that is none
 */
export function* readLog(pieces: Iterable<string>): Generator<LoggedStep> {
  let count = 0;
  for (const line of linesIn(pieces)) {
    if (++count > 1) {
      const step = parseLine(line, count);
      if (step) yield step;
    } else if (line !== LOG_COLUMNS) {
      throw new SyntaxError(`line 1: the columns of a step log are ${LOG_COLUMNS}`);
    }
  }
}

/** Whole lines, without their ends. */
function* linesIn(pieces: Iterable<string>): Generator<string> {
  let rest = "";
  for (const piece of pieces) {
    const lines = `${rest}${piece}`.split("\n");
    rest = lines.pop()!;
    yield* lines;
    // It is no line of a log, and will be refused as such.
    if (rest.length > MAX_LINE_LENGTH) return yield rest.slice(0, MAX_LINE_LENGTH);
  }
}

/** No time and no count is less, or more. */
function isPossible(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** Null for a line that belongs to no message. */
function parseLine(line: string, no: number): LoggedStep | null {
  const cells = line.split(",");
  const [start, duration, step, lane, role, client, size, message, lost] = cells;
  const numbers = [start, duration, client, size, message].map(Number);
  const isOfNone = OTHER_STEPS.some((other) => other === step);
  const isKnown = isOfNone || STEPS.some((known) => known === step);
  if (cells.length !== 9 || !isKnown || !numbers.every(isPossible)) {
    throw new SyntaxError(`line ${no}: not a line of a step log`);
  }
  if (isOfNone) return null;
  return {
    startUs: numbers[0]!,
    durationUs: numbers[1]!,
    step: step as Step,
    lane: lane!,
    role: role!,
    client: numbers[2]!,
    sizeBytes: numbers[3]!,
    no: numbers[4]!,
    lost: lost === "1",
  };
}
