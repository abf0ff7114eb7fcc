/**
 * Clients that are to be served whatever strangers do: some stay, some come and go.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { describe } from "../../common/base/errors.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import type { Client, Connect } from "../soak/clients.ts";

/** What became of the clients, since {@linkcode LegitimateClients.take} was called last. */
export interface Served {
  /** Messages that came back. */
  served: number;
  /** Sessions that were opened and closed. */
  visits: number;
  /** Messages that were sent again, as datagrams get lost. */
  again: number;
  /** Round trips, from the first sending on, in microseconds. */
  times: Distribution;
}

function nothing(): Served {
  return { served: 0, visits: 0, again: 0, times: new Distribution() };
}

/** A client that stays is starved where none of its messages came back for so long. */
export const STARVED_MS = 60_000;

/** Sessions that stay, and some that come and go, until they are told to end. */
export class LegitimateClients implements AsyncDisposable {
  /** What was lost, in one line each; none is allowed. */
  readonly lost: string[] = [];
  readonly #over = new AbortController();
  readonly #running: Promise<void>[] = [];
  /** When a message came back last to each that stays. */
  readonly #heardMs = new Map<string, number>();
  #counted = nothing();

  /** Opens a session, which sends a message every so many milliseconds; resolves when it is there. */
  async stay(connect: Connect, everyMs: number, name: string): Promise<void> {
    const client = await connect();
    await this.#exchange(client);
    this.#heardMs.set(name, performance.now());
    this.#run(name, async () => {
      while (!this.#over.signal.aborted) {
        await this.#pause(everyMs * (0.5 + Math.random()));
        await this.#exchange(client);
        this.#hear(name);
      }
      await client.close();
    });
  }

  /** Opens a session, sends some messages and closes it, over and over. */
  comeAndGo(connect: Connect, everyMs: number, name: string): void {
    this.#run(name, async () => {
      while (!this.#over.signal.aborted) {
        const client = await connect();
        for (let times = 0; times < 3; times++) await this.#exchange(client);
        await client.close();
        this.#counted.visits++;
        await this.#pause(everyMs);
      }
    });
  }

  /** Those that stay and are starved now. */
  starved(nowMs: number = performance.now()): string[] {
    return [...this.#heardMs].filter(([, heardMs]) => nowMs - heardMs >= STARVED_MS)
      .map(([name]) => name);
  }

  /** What was counted since it was called last. */
  take(): Served {
    const counted = this.#counted;
    this.#counted = nothing();
    return counted;
  }

  /** Ends all sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
  }

  #run(name: string, live: () => Promise<void>): void {
    const lost = (error: unknown) => void this.lost.push(`${name}: ${describe(error)}`);
    this.#running.push(live().catch(lost));
  }

  #hear(name: string): void {
    const nowMs = performance.now();
    if (this.starved(nowMs).includes(name)) {
      this.lost.push(`${name}: a message has taken longer than ${STARVED_MS / 1000} s`);
    }
    this.#heardMs.set(name, nowMs);
  }

  async #exchange(client: Client): Promise<void> {
    const begunMs = performance.now();
    const again = await client.exchange();
    this.#counted.times.record((performance.now() - begunMs) * 1000);
    this.#counted.again += again;
    this.#counted.served++;
  }

  #pause(ms: number): Promise<unknown> {
    return delay(ms, undefined, { signal: this.#over.signal }).catch(() => {});
  }
}
