/**
 * What a server makes of a message that has come, over a connection or in a datagram.
 *
 * @module
 */
import type { Deadlines } from "../base/deadline.ts";
import { describe, InterruptedError } from "../base/errors.ts";
import { EPOCH_US } from "../measure/clock.ts";
import { noOutcome, type Outcome } from "../measure/outcome.ts";
import type { Recorder } from "../measure/recorder.ts";
import { oneWayDelayUs, parseNo, parseSentUs } from "../model/message.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { ExpectedMessages } from "./expected_messages.ts";
import { RunEnd } from "./run_end.ts";

/** What the exchange of a run works with. */
export interface ServerRun {
  readonly options: PairOptions;
  readonly recorder: Recorder;
  readonly deadlines: Deadlines;
  /** Told of every message received: its header, borrowed, and when it came, since the epoch. */
  readonly onMessage?: (header: Uint8Array, epochUs: number) => void;
  /** Told of every connection that failed; the server serves on. */
  readonly onTrouble: (line: string) => void;
}

/** Counts the messages of a run, and knows when it has ended. */
export class Intake {
  readonly end: RunEnd;
  // What every message needs has fields of its own: V8 makes code for one kind of object, and a
  // warm-up's run is another than the run's.
  readonly recorder: Recorder;
  readonly reply: boolean;
  readonly #shiftUs: number;
  readonly #expected: ExpectedMessages;
  readonly #onMessage: ServerRun["onMessage"];
  readonly #onTrouble: ServerRun["onTrouble"];

  /** For one run. */
  constructor({ options, recorder, deadlines, onMessage, onTrouble }: ServerRun) {
    this.end = new RunEnd(options, deadlines, recorder);
    this.recorder = recorder;
    this.reply = options.reply;
    this.#shiftUs = options.clockShiftUs;
    this.#expected = new ExpectedMessages(options.plan, options.forever);
    this.#onMessage = onMessage;
    this.#onTrouble = onTrouble;
  }

  /** What all messages have in common. */
  get outcome(): Outcome {
    return noOutcome(0, this.reply);
  }

  /** False for a message that is answered and not counted: see {@linkcode unexpected}. */
  expects(sizeBytes: number, no: number): boolean {
    return this.#expected.has(sizeBytes, no);
  }

  /** Says that a message is not counted. */
  unexpected(peer: string, sizeBytes: number, no: number): void {
    const message = `message ${no} of ${sizeBytes} bytes`;
    this.#onTrouble(`${peer}: ${message} is not in this server's plan, and not counted`);
  }

  /**
   * Notes a new message down, and ends the run with the last one.
   *
   * @param client as it is told from others: a peer or its connection
   * @param outcome filled in
   * @param ahead what its number says, see `SequenceTracker.take()`
   */
  arrived(
    client: unknown,
    outcome: Outcome,
    header: Uint8Array,
    sizeBytes: number,
    ahead: number | null,
    arrivedUs: number,
  ): void {
    this.recorder.header(header);
    outcome.sizeBytes = sizeBytes;
    outcome.no = parseNo(header);
    const epochUs = EPOCH_US + arrivedUs;
    if (!this.reply) {
      const delayUs = oneWayDelayUs(parseSentUs(header), epochUs + this.#shiftUs);
      this.recorder.arrival(sizeBytes, ahead, arrivedUs, delayUs);
    }
    this.#onMessage?.(header, epochUs);
    if (this.end.isFinal(sizeBytes, outcome.no)) this.end.finalCame(client);
  }

  /** Says what has gone wrong with one peer; the end of the run is no trouble. */
  trouble(peer: string, error: unknown): void {
    if (error instanceof InterruptedError) return;
    this.#onTrouble(`${peer}: ${typeof error === "string" ? error : describe(error)}`);
  }
}
