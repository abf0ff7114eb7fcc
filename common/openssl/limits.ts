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

  /** @throws {RangeError} where a limit is not a whole number from 1 */
  constructor({ maxSessions = MAX_SESSIONS, maxSessionsPerAddress = maxSessions }: ListenSettings) {
    for (const limit of [maxSessions, maxSessionsPerAddress]) {
      if (Number.isSafeInteger(limit) && limit >= 1) continue;
      throw new RangeError(`Cannot limit sessions to ${limit}: a whole number from 1 is wanted`);
    }
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

/** Tells of an error; one that the program's own function throws ends no listener. */
export function tell(
  onError: ListenSettings["onError"],
  error: unknown,
  remoteAddr: Deno.NetAddr,
): void {
  try {
    onError?.(error, remoteAddr);
  } catch (thrown) {
    reportError(thrown);
  }
}
