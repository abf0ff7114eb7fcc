/**
 * When messages are due that are sent at a rate, whether answers have come or not: the open loop.
 *
 * The schedule never moves. A message whose turn has come while the one before still waits for its
 * answer goes out as soon as that has it, and its time counts from when it was due: a server that
 * pauses shows in the times of all messages that it has kept waiting, not in one alone.
 *
 * @module
 */
import { nowUs, STEP_INDEX, type StepTimer } from "../measure/clock.ts";
import type { Rate } from "../measure/rate.ts";
import type { Deadlines } from "../base/deadline.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type { ClientTransport } from "./transport.ts";

/** The schedule that all clients of a run share. It begins anew with each size. */
export class Schedule {
  readonly #rate: number;
  readonly #clients: number;
  #beganUs = NaN;
  /** Of this size: messages sent, and when the last one was. */
  #sent = 0;
  #lastSentUs = NaN;
  /** Of the sizes before: messages after the first one, and what they took. */
  #others = 0;
  #tookUs = 0;

  /** @param rate messages a second of all clients together */
  constructor({ rate, clients }: { rate: number } & Pick<PairOptions, "clients">) {
    this.#rate = rate;
    this.#clients = clients;
  }

  /** A size begins: its first message is due now. */
  begin(): void {
    this.#add();
    this.#beganUs = nowUs();
  }

  /** When the size began, see {@linkcode nowUs}. */
  get beganUs(): number {
    return this.#beganUs;
  }

  /** When a client's message is due: clients take turns. Both numbers are from 0. */
  dueUs(client: number, turn: number): number {
    return this.#beganUs + (client + turn * this.#clients) * 1e6 / this.#rate;
  }

  /** A message has been sent. */
  sent(us: number): void {
    this.#sent++;
    if (!(us <= this.#lastSentUs)) this.#lastSentUs = us;
  }

  /** What was wanted, and what has been reached so far. */
  result(): Rate {
    this.#add();
    const reached = this.#tookUs > 0 ? this.#others * 1e6 / this.#tookUs : null;
    return {
      wanted: this.#rate,
      reached: reached === null ? null : Math.round(reached * 1000) / 1000,
    };
  }

  #add(): void {
    if (this.#sent > 1) {
      this.#others += this.#sent - 1;
      this.#tookUs += this.#lastSentUs - this.#beganUs;
    }
    this.#sent = 0;
    this.#lastSentUs = NaN;
  }
}

/** A client's turns; null where there is no schedule. */
export function turnsOf(
  { schedule, deadlines }: { schedule?: Schedule | undefined; deadlines: Deadlines },
  transport: Pick<ClientTransport, "until">,
  client: number,
): Turns | null {
  if (!schedule) return null;
  return new Turns(
    schedule,
    client,
    (dueMs) => transport.until?.(dueMs) ?? deadlines.until(dueMs),
  );
}

/** One client's turns in a schedule. */
export class Turns {
  readonly #schedule: Schedule;
  readonly #client: number;
  readonly #until: (dueMs: number) => Promise<void>;
  #turn = 0;
  /** When the next message is due, see {@linkcode nowUs}. */
  dueUs = NaN;
  /** Whether a message has begun of which it is not noted yet when it was sent. */
  #isOpen = false;

  /** @param until waits until a time on the clock of performance.now(); rejects when interrupted */
  constructor(schedule: Schedule, client: number, until: (dueMs: number) => Promise<void>) {
    this.#schedule = schedule;
    this.#client = client;
    this.#until = until;
  }

  /**
   * A size begins.
   *
   * @returns when it has, for all clients
   */
  begin(): number {
    this.#turn = 0;
    this.dueUs = this.#schedule.dueUs(this.#client, 0);
    return this.#schedule.beganUs;
  }

  /**
   * Waits until the next message is due, and begins it at that time.
   *
   * @param timer has the times of the message before
   * @returns undefined where it is late
   */
  next(timer: StepTimer): Promise<void> | undefined {
    this.ended(timer);
    const dueUs = this.dueUs;
    this.dueUs = this.#schedule.dueUs(this.#client, ++this.#turn);
    if (nowUs() < dueUs) return this.#wait(timer, dueUs);
    this.#start(timer, dueUs);
  }

  /** The last message has ended, or the run has. */
  ended(timer: StepTimer): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const sentUs = timer.startsUs[STEP_INDEX.send]! + timer.durationsUs[STEP_INDEX.send]!;
    // It is no number where the run ends before the message was sent.
    if (sentUs >= 0) this.#schedule.sent(sentUs);
  }

  async #wait(timer: StepTimer, dueUs: number): Promise<void> {
    await this.#until(dueUs / 1000);
    // Two clocks may be apart by a fraction of a microsecond.
    this.#start(timer, Math.min(dueUs, nowUs()));
  }

  #start(timer: StepTimer, us: number): void {
    this.#isOpen = true;
    timer.startAt(us);
  }
}
