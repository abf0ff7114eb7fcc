/**
 * The call of a session that is on the stack: C may call back from within it, and a callback may do
 * anything to the session.
 *
 * @module
 */
import {
  type CallbackError,
  type CallRecord,
  endKeys,
  enterCall,
  noKeys,
  report,
} from "../bindings/calls.ts";

/** A call is "given up" when a callback has done so: its result counts for nothing. */
type CallState = "none" | "running" | "given up";

/** One session's calls: one at a time, each between {@linkcode begin} and {@linkcode end}. */
export class RunningCall {
  /** What the program's functions did within the session's calls. */
  readonly record: CallRecord = {
    pskIdentity: null,
    origin: null,
    isWelcome: false,
    checkedPeer: null,
    peerName: null,
    remoteAddr: null,
    failure: null,
    taker: null,
    keys: noKeys(),
  };
  #state: CallState = "none";
  /** Of the call that was on the stack before, which is another session's. */
  #outer: CallRecord | null = null;

  /** True within the callbacks of a call. */
  get isRunning(): boolean {
    return this.#state !== "none";
  }

  /**
   * Right before a call.
   *
   * @throws {TypeError} where one is running
   */
  begin(): void {
    if (this.#state !== "none") {
      throw new TypeError("Cannot use a TLS session: a callback runs within one of its calls");
    }
    this.#state = "running";
    this.#outer = enterCall(this.record);
  }

  /**
   * Right after a call, whether it has returned or thrown.
   *
   * @returns what went wrong in a callback, which counts for more than the call's own result; where
   * the call was given up, that is written to stderr
   */
  end(): CallbackError | null {
    const wasGivenUp = this.#state === "given up";
    this.#state = "none";
    enterCall(this.#outer);
    const { failure } = this.record;
    this.record.failure = null;
    if (failure === null || !wasGivenUp) return failure;
    report(failure);
    return null;
  }

  /**
   * Nothing waits for the result of a call that is running any more, nor for what the program has
   * promised. What has gone wrong since the last call is written to stderr: no call tells it.
   */
  giveUp(): void {
    endKeys(this.record.keys);
    if (this.#state === "running") this.#state = "given up";
    const { failure } = this.record;
    if (this.#state !== "none" || failure === null) return;
    this.record.failure = null;
    report(failure);
  }
}
