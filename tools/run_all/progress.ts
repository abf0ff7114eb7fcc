/**
 * A progress bar, on terminals only, and how much time is left.
 *
 * @module
 */
import { writeStderr } from "../../common/base/say.ts";
import { sum } from "../report/inference.ts";
import { type Exchange, type Job, messagesOf } from "./job.ts";

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

/** Milliseconds of work that a message is, about, on one machine. */
const MESSAGE_MS = { plain: 0.15, resumed: 1.5, secure: 4 };

/** How often the two ends wait for each other in a message with a connection of its own. */
const TRIPS = { tcp: 2, udp: 1, tls: 4, dtls: 5 };

/** Of a turn that has only just begun nothing can be told. */
const MIN_PART = 0.02;

/**
 * How far jobs have come, weighed by the time they take: what the same job took in an earlier round
 * or, before that, a guess. The guess has two parts: work, which depends on the kind of job, and the
 * way between the two ends, which is the same for all of them and is learned from those that ran.
 */
export class Pace {
  readonly #jobs: readonly Job[];
  readonly #exchange: Exchange;
  readonly #tookMs: number[] = [];
  /** What was said last: a bar never goes back. */
  #done = 0;

  /** @param jobs in the order of their turns */
  constructor(jobs: readonly Job[], exchange: Exchange) {
    this.#jobs = jobs;
    this.#exchange = exchange;
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
    const reached = Math.min(part, 1);
    const took = this.#tookMs.slice(0, turn);
    const goneMs = sum(took) + sinceMs;
    // At its own pace the turn that runs would take so long.
    if (reached >= MIN_PART && sinceMs > START_MS) {
      took.push(START_MS + (sinceMs - START_MS) / reached);
    }
    const tripMs = this.#tripMs(took);
    const guess = this.#estimateMs(turn, tripMs);
    const own = reached * (took[turn] ?? guess) + (1 - reached) * guess;
    const later = this.#jobs.slice(turn + 1).map((_, i) => this.#estimateMs(turn + 1 + i, tripMs));
    const leftMs = own * (1 - reached) + sum(later);
    const done = goneMs + leftMs > 0 ? goneMs / (goneMs + leftMs) : 0;
    this.#done = Math.max(this.#done, done);
    return { done: this.#done, leftMs };
  }

  #estimateMs(turn: number, tripMs: number): number {
    const job = this.#jobs[turn]!;
    const earlier = this.#jobs.findLastIndex((other, i) =>
      other === job && this.#tookMs[i] !== undefined
    );
    return this.#tookMs[earlier] ??
      workMs(job, this.#exchange) + tripMs * tripsOf(job, this.#exchange);
  }

  /** What goes to and fro takes so long, beside the work: as it was in the turns so far. */
  #tripMs(took: readonly number[]): number {
    const jobs = this.#jobs.slice(0, took.length);
    const trips = sum(jobs.map((job) => tripsOf(job, this.#exchange)));
    const waited = sum(took) - sum(jobs.map((job) => workMs(job, this.#exchange)));
    return trips > 0 ? Math.max(waited / trips, 0) : 0;
  }
}

function workMs(job: Job, exchange: Exchange): number {
  const { lane, resume, connect } = job;
  const { seconds, clients, waitMs, rate } = exchange;
  const messages = messagesOf(job, exchange);
  if (messages === null) return START_MS + (seconds ?? 0) * 1000;
  const kind = connect !== "message" || !lane.engine ? "plain" : resume ? "resumed" : "secure";
  const messageMs = clients * MESSAGE_MS[kind] + waitMs;
  // Those of a rate are sent while the time runs.
  return START_MS + messages * Math.max(messageMs, rate === null ? 0 : clients * 1000 / rate);
}

/** Clients wait at the same time. */
function tripsOf(job: Job, exchange: Exchange): number {
  const trips = job.connect === "message" ? TRIPS[job.lane.protocol] : 1;
  return (messagesOf(job, exchange) ?? 0) * trips;
}
