/**
 * How many sessions a listener takes, and what it has counted.
 *
 * @module
 */
import { type ListenerCounters, type ListenSettings, MAX_SESSIONS } from "./settings.ts";

/** A session's place among those that are open. */
export interface Ticket {
  /** Gives the place back. May be called twice. */
  leave(): void;
}

/** Counts sessions, in all and by address. */
export class SessionLimits {
  /** What was counted until now. */
  readonly counters: ListenerCounters = {
    sessions: 0,
    established: 0,
    cookies: 0,
    refused: 0,
    errors: 0,
  };
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #byAddress = new Map<string, number>();

  /** @param settings as they were checked */
  constructor(
    { maxSessions = MAX_SESSIONS, maxSessionsPerAddress = maxSessions }: Pick<
      ListenSettings,
      "maxSessions" | "maxSessionsPerAddress"
    >,
  ) {
    this.#max = maxSessions;
    this.#maxPerAddress = maxSessionsPerAddress;
  }

  /** Whether one more session from an address may be; counts it as refused where not. */
  admits(hostname: string): boolean {
    const there = this.#byAddress.get(hostname) ?? 0;
    if (this.counters.sessions < this.#max && there < this.#maxPerAddress) return true;
    this.counters.refused++;
    return false;
  }

  /** One more session. */
  enter(hostname: string): Ticket {
    this.counters.sessions++;
    this.#byAddress.set(hostname, (this.#byAddress.get(hostname) ?? 0) + 1);
    let inside = true;
    return {
      leave: () => {
        if (!inside) return;
        inside = false;
        this.counters.sessions--;
        const left = this.#byAddress.get(hostname)! - 1;
        if (left > 0) this.#byAddress.set(hostname, left);
        else this.#byAddress.delete(hostname);
      },
    };
  }
}
