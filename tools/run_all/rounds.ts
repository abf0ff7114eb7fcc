/**
 * Rounds that interleave the lanes: A B C, A B C, so that the machine's drift hits all alike.
 *
 * @module
 */
import { onEndSignals } from "../../common/cli/signals.ts";
import { LaneRun, type LaneRunOptions } from "./lane_run.ts";
import type { Job, LaneReport } from "./job.ts";
import { Pace, ProgressBar } from "./progress.ts";
import { busyShare, cpuTimes } from "../lib/machine.ts";

/** What rounds are run with. */
export interface RoundsOptions extends Omit<LaneRunOptions, "job" | "round" | "port"> {
  jobs: readonly Job[];
  /** Every job there is: its place here and the round make its port. */
  allJobs: readonly Job[];
  rounds: number;
  /** First port; null for free ones. */
  port: number | null;
  /** Whether a lane's server starts while the lane before is measured: quicker, and less exact. */
  overlaps: boolean;
}

/** What came of all rounds. */
export interface RoundsResult {
  /** In the order in which they were measured. */
  reports: LaneReport[];
  interrupted: boolean;
  /** Highest share of the cores that others used between the rounds; null where it is not known. */
  busy: number | null;
  /** Why the ends could not be kept on their cores, where they were to. */
  pinFailure: string | null;
}

/** One job in one round. */
export interface Turn {
  job: Job;
  /** From 1. */
  round: number;
}

/** The order in which jobs are measured. */
export function turnsOf(jobs: readonly Job[], rounds: number): Turn[] {
  return Array.from({ length: rounds }, (_, i) => jobs.map((job) => ({ job, round: i + 1 })))
    .flat();
}

/** For so long others are watched before a round, in milliseconds. */
const WATCH_MS = 200;

/** Runs all rounds, or as many as there is time for until it is interrupted. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #running = new Set<LaneRun>();
  readonly #reports: LaneReport[] = [];
  /** The run of the next turn, its server listening already. */
  #prepared: { turn: Turn; run: LaneRun } | null = null;
  #busy: number | null = null;
  #pinFailure: string | null = null;
  #interrupted = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Runs one job after the other; of servers alone, all at once. */
  async run(): Promise<RoundsResult> {
    using _signals = onEndSignals(() => this.interrupt());
    if (this.#options.side === "server") await this.#serve();
    else await this.#measure();
    return {
      reports: this.#reports,
      interrupted: this.#interrupted,
      busy: this.#busy,
      pinFailure: this.#pinFailure,
    };
  }

  /** Ends what runs, in order, and starts nothing more. */
  interrupt(): void {
    this.#interrupted = true;
    for (const run of this.#running) run.interrupt();
  }

  async #measure(): Promise<void> {
    try {
      await this.#takeTurns();
    } finally {
      await this.#prepared?.run.drop();
    }
  }

  async #takeTurns(): Promise<void> {
    const { jobs, rounds } = this.#options;
    const turns = turnsOf(jobs, rounds);
    const pace = new Pace(turns.map(({ job }) => job), this.#options.exchange);
    using progress = new ProgressBar();
    for (const [i, turn] of turns.entries()) {
      if (turn.job === jobs[0]) await this.#watchOthers();
      if (this.#interrupted || this.#options.servers.failure !== null) return;
      const name = turn.job.connect === "message" ? turn.job.name : `${turn.job.name}, kept open`;
      const label = rounds > 1 ? `${name}, round ${turn.round}` : name;
      const startedMs = performance.now();
      const show = (part: number) => {
        const { done, leftMs } = pace.at(i, part, performance.now() - startedMs);
        progress.show(done, label, leftMs);
      };
      const run = this.#prepared?.turn === turn ? this.#prepared.run : this.#start(turn);
      this.#prepare(turns[i + 1]);
      this.#reports.push(await this.#turn(run, turn, show));
      pace.ended(i, performance.now() - startedMs);
    }
    await this.#watchOthers();
  }

  /** A server that never sleeps would take a core from the lane that is measured. */
  #prepare(turn: Turn | undefined): void {
    this.#prepared = null;
    if (!turn || !this.#options.overlaps || turn.job.lane.io === "spin") return;
    const run = this.#start(turn);
    run.prepare();
    this.#prepared = { turn, run };
  }

  async #turn(
    run: LaneRun,
    turn: Turn,
    onProgress: (part: number) => void,
  ): Promise<LaneReport> {
    const report = await run.run(onProgress);
    if (!report.failure?.startsWith("--cpu ") || this.#pinFailure !== null) return report;
    // The system gives this program other cores, or lets it choose none.
    this.#pinFailure = report.failure;
    // So would the one that is prepared.
    await this.#prepared?.run.drop();
    this.#prepared = null;
    return await this.#start(turn).run(onProgress);
  }

  /** A lane's server of the next round listens before the client of this one has ended. */
  async #serve(): Promise<void> {
    const { jobs, rounds } = this.#options;
    const serve = (job: Job, round: number) =>
      round <= rounds && !this.#interrupted ? this.#start({ job, round }).run(() => {}) : null;
    const reports = await Promise.all(jobs.map(async (job) => {
      const own: LaneReport[] = [];
      let [now, next] = [serve(job, 1), serve(job, 2)];
      for (let round = 3; now; round++) {
        own.push(await now);
        [now, next] = [next, serve(job, round)];
      }
      return own;
    }));
    this.#reports.push(...reports.flat().sort((a, b) => a.round - b.round));
  }

  #start({ job, round }: Turn): LaneRun {
    const { allJobs, port, cores } = this.#options;
    const place = allJobs.indexOf(job) + (round - 1) * allJobs.length;
    const run = new LaneRun({
      ...this.#options,
      job,
      round,
      port: port === null ? null : port + place,
      cores: this.#pinFailure === null ? cores : null,
    });
    this.#running.add(run);
    if (this.#interrupted) run.interrupt();
    return run;
  }

  async #watchOthers(): Promise<void> {
    const before = cpuTimes();
    if (before === null || this.#interrupted) return;
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const share = busyShare(before, cpuTimes()!);
    if (share !== null) this.#busy = Math.max(this.#busy ?? 0, share);
  }
}
