/**
 * What the receiver of messages that are not answered makes of them.
 *
 * @module
 */
import { Distribution, type Summary } from "./statistics.ts";

/** How far the clocks of two machines are apart. */
export interface ClockOffset {
  /** The server's clock less the client's, in microseconds. */
  offsetUs: number;
  /** `offsetUs` is off by no more than this. */
  uncertaintyUs: number;
}

/** One message size of a one-way run, as its receiver counted it. */
export interface OneWay {
  /**
   * From the first message's arrival to the last one's; null with fewer than two messages, and
   * where the size stands in the plan several times, so that others came in between.
   */
  seconds: number | null;
  /** Messages after the first one, by `seconds`. */
  messagesPerSecond: number | null;
  /** The same in 10^6 bytes of messages, without what the protocols add. */
  megabytesPerSecond: number | null;
  /**
   * Messages that came again; null where the server cannot know: several clients with a connection
   * for each message.
   */
  duplicates: number | null;
  /**
   * Messages with a number lower than one of the same size and peer before (RFC 4737, 3.3); null as
   * `duplicates`, and where the size stands in the plan several times.
   */
  reordered: number | null;
  /**
   * From the sender's stamp to the arrival; good only where the two clocks agree, and null where
   * a message came before it was sent, as they do not agree there.
   */
  delayUs: Summary | null;
  /**
   * Where both ends' documents are joined and the clocks were compared: what `delayUs` is corrected
   * by; that is null then where the uncertainty is larger than its median.
   */
  clock?: ClockOffset;
}

/** Counts the messages of one size; allocates nothing for one. */
export class OneWayCount {
  readonly #delay = new Distribution();
  #clocksAgree = true;
  #received = 0;
  #duplicates = 0;
  #reordered = 0;
  /** Numbers up to each peer's highest. */
  #numbers = 0;
  #isNumbered = true;
  #firstUs = NaN;
  #lastUs = NaN;

  /**
   * Takes a message that came for the first time.
   *
   * @param ahead what its number says, see {@linkcode SequenceTracker.take}; null where nothing is known
   * @param arrivedUs when it arrived, see {@linkcode nowUs}
   */
  take(ahead: number | null, arrivedUs: number): void {
    if (this.#received === 0) this.#firstUs = arrivedUs;
    this.#lastUs = arrivedUs;
    this.#received++;
    if (ahead === null) this.#isNumbered = false;
    else if (ahead > 0) this.#numbers += ahead;
    else this.#reordered++;
  }

  /** Takes one that came before. */
  duplicate(): void {
    this.#duplicates++;
  }

  /** Takes a delay in microseconds. */
  delay(us: number): void {
    if (us < 0) this.#clocksAgree = false;
    else this.#delay.record(us);
  }

  /**
   * Messages that are missing among the numbers; null where these say nothing. What was lost after
   * a peer's last message to arrive is not among them.
   */
  get lost(): number | null {
    return this.#isNumbered ? Math.max(this.#numbers - this.#received, 0) : null;
  }

  /**
   * All figures.
   *
   * @param times how often the size stands in the plan
   */
  result(sizeBytes: number, times: number): OneWay {
    const seconds = times > 1 || this.#received < 2 ? null : (this.#lastUs - this.#firstUs) / 1e6;
    // The first message begins the time: what came in it came after.
    const rate = seconds ? (this.#received - 1) / seconds : null;
    return {
      seconds: seconds === null ? null : round(seconds),
      messagesPerSecond: rate === null ? null : round(rate),
      megabytesPerSecond: rate === null ? null : round(rate * sizeBytes / 1e6),
      duplicates: this.#isNumbered ? this.#duplicates : null,
      reordered: this.#isNumbered && times <= 1 ? this.#reordered : null,
      delayUs: this.#clocksAgree ? this.#delay.summary() : null,
    };
  }
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
