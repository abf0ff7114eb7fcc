/**
 * How long the steps of setting up take.
 *
 * @module
 */
import { type SetupStep, watchSetup } from "../base/setup_steps.ts";
import { nowUs } from "./clock.ts";

/** One step. */
export interface SetupTime {
  step: SetupStep;
  /** When it began, see {@linkcode nowUs}. */
  startUs: number;
  durationUs: number;
}

/** A server may set up sessions for ever, for strangers who send no message. */
const MAX_STEPS = 50;

/** Times the steps of this process until it is stopped; there is one at a time. */
export class SetupTimes implements Disposable {
  /** What was done, in the order in which it ended. */
  readonly times: SetupTime[] = [];
  #stopped = false;

  /** Begins. */
  constructor() {
    watchSetup((step, act) => {
      const startUs = nowUs();
      const done = () => this.#add({ step, startUs, durationUs: nowUs() - startUs });
      const result = act();
      if (result instanceof Promise) result.then(done, () => {});
      else done();
      return result;
    });
  }

  /** Times no more. May be called twice. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    watchSetup(undefined);
  }

  /** Same as {@linkcode stop}. */
  [Symbol.dispose](): void {
    this.stop();
  }

  #add(time: SetupTime): void {
    if (this.#stopped) return;
    this.times.push(time);
    if (this.times.length === MAX_STEPS) this.stop();
  }
}
