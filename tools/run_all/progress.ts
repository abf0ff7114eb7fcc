/**
 * A progress bar, on terminals only, and how much time is left.
 *
 * @module
 */
import { writeStderr } from "../../common/base/say.ts";
import { sum } from "../report/inference.ts";
import type { Exchange, Job } from "./job.ts";

const WIDTH = 30;

/** One line on stderr that is written anew with every step. */
export class ProgressBar implements Disposable {
  readonly #shows = Deno.stderr.isTerminal();
  #text = "";

  /** Shows how far it has come, from 0 to 1, at what, and how long it will take. */
  show(done: number, label: string, leftMs: number): void {
    if (!this.#shows) return;
    const part = Math.min(Math.max(done, 0), 1);
    const filled = Math.round(part * WIDTH);
    const bar = "#".repeat(filled).padEnd(WIDTH, ".");
    const percent = String(Math.floor(part * 100)).padStart(3);
    this.#write(`[${bar}] ${percent} % ${formatLeft(leftMs)} ${label}`);
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    if (this.#shows) this.#write("");
  }

  #write(text: string): void {
    if (text === this.#text) return;
    writeStderr(`\r${text.padEnd(this.#text.length)}${text ? "" : "\r"}`);
    this.#text = text;
  }
}

/** Remaining time as a clock shows it. */
export function formatLeft(ms: number): string {
  const seconds = Math.round(Math.max(ms, 0) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
}

/** Two processes and their modules, in milliseconds. */
const START_MS = 900;

/** Milliseconds a message takes, about, before any was measured. */
const MESSAGE_MS = { plain: 0.15, resumed: 1.5, secure: 4 };

/**
 * How far jobs have come, weighed by the time they take: a guess from their kind at first, then
 * what the same job took in an earlier round.
 */
export class Pace {
  readonly #jobs: readonly Job[];
  readonly #guessMs: number[];
  readonly #tookMs: number[] = [];

  /** @param jobs in the order of their turns */
  constructor(jobs: readonly Job[], exchange: Exchange) {
    this.#jobs = jobs;
    this.#guessMs = jobs.map((job) => guessMs(job, exchange));
  }

  /** A turn has ended. */
  ended(turn: number, tookMs: number): void {
    this.#tookMs[turn] = tookMs;
  }

  /**
   * @param turn number of the one that runs
   * @param part how far it is, from 0 to 1
   * @param sinceMs for how long it has been running
   */
  at(turn: number, part: number, sinceMs: number): { done: number; leftMs: number } {
    const before = sum(this.#tookMs.slice(0, turn));
    const guessed = sum(this.#guessMs.slice(0, turn));
    const scale = guessed > 0 ? before / guessed : 1;
    const estimates = this.#guessMs.map((ms, i) => this.#earlierMs(i) ?? ms * scale);
    const own = Math.max(estimates[turn]! * (1 - Math.min(part, 1)), 0);
    const leftMs = own + sum(estimates.slice(turn + 1));
    const goneMs = before + sinceMs;
    return { done: goneMs + leftMs > 0 ? goneMs / (goneMs + leftMs) : 0, leftMs };
  }

  /** What the same job took in the latest round. */
  #earlierMs(turn: number): number | undefined {
    const earlier = this.#jobs.findLastIndex((job, i) =>
      job === this.#jobs[turn] && this.#tookMs[i] !== undefined
    );
    return this.#tookMs[earlier];
  }
}

function guessMs({ lane, resume }: Job, exchange: Exchange): number {
  const { messages, seconds, connect, clients } = exchange;
  if (messages === null) return START_MS + (seconds ?? 0) * 1000;
  const kind = connect !== "message" || !lane.engine ? "plain" : resume ? "resumed" : "secure";
  return START_MS + messages * clients * MESSAGE_MS[kind];
}
