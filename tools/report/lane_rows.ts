/**
 * The two questions about a lane: what opening a connection costs, and what each message costs after
 * that. Terminal, page, Markdown and the sentences in them take their figures here.
 *
 * @module
 */
import type { RunResult } from "../../common/measure/result.ts";
import type { Percentile } from "../../common/measure/statistics.ts";
import {
  baselineOf,
  type Figure,
  figureOf,
  medianMessage,
  medianOf,
  type Ratio,
  ratioOf,
  totalOf,
} from "./figures.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import type { Job } from "./jobs.ts";

/** One lane with its runs that are alike but for their connections. */
export interface LaneRow {
  /** A lane's name, with its machine where there are several. */
  name: string;
  /** First message on a new connection; null where that was not measured. */
  opening: Job | null;
  /** The same where the connection resumes the session of the one before. */
  resumed: Job | null;
  /** Each further message on an open connection, or where there are none; null where that was not measured. */
  kept: Job | null;
}

/** Rows with the same clients and answers, in the order of their jobs. */
export interface LaneTable {
  rows: readonly LaneRow[];
  /** Whether connections were kept open on any lane that has them. */
  hasKept: boolean;
  /** Their jobs at the clients' end, or at the only one there is, and at the servers'. */
  clients: readonly Job[];
  servers: readonly Job[];
}

/**
 * Sorts answered messages, as clients saw them, into tables: one for each number of clients, kind of
 * answer and rate.
 */
export function laneTables(jobs: readonly Job[]): LaneTable[] {
  const answered = jobs.filter(({ reply }) => reply);
  const tables = new Map<string, Job[]>();
  for (const job of answered) {
    const key = `${job.clients} ${job.expectEcho} ${job.rate}`;
    if (job.role === "client") tables.set(key, [...tables.get(key) ?? [], job]);
  }
  return [...tables.values()].map((clients) => ({
    ...rowsOf(clients),
    clients,
    servers: answered.filter((job) =>
      job.role === "server" && clients.some((client) => isOtherEnd(client, job))
    ),
  }));
}

function rowsOf(jobs: readonly Job[]): Pick<LaneTable, "rows" | "hasKept"> {
  // UDP has no connections: alone, it has messages and nothing else.
  const hasKept =
    jobs.some(({ protocol, connect }) => protocol !== "udp" && connect !== "message") ||
    jobs.every(({ protocol }) => protocol === "udp");
  const rows = new Map<string, LaneRow>();
  for (const job of jobs) {
    const name = nameOf(job, jobs).replace("-resumed", "");
    const row = rows.get(name) ?? { name, opening: null, resumed: null, kept: null };
    rows.set(name, row);
    // UDP opens nothing; of a connection for each size and one for all the latter counts.
    const isKept = job.connect !== "message" || hasKept && job.protocol === "udp";
    const place = isKept ? "kept" : job.resume ? "resumed" : "opening";
    if (row[place] === null || job.connect === "once") row[place] = job;
  }
  return { rows: [...rows.values()], hasKept };
}

/** A job's name, with its machine where there are several. */
export function nameOf(job: Job, jobs: readonly Job[]): string {
  const hasOneMachine = jobs.every(({ machine }) => machine === job.machine);
  return hasOneMachine ? job.name : `${job.name} [${job.machine + 1}]`;
}

/** A percentile of all messages of a job, in microseconds; null for a job that there is not. */
export function timeOf(job: Job | null, name: Percentile): number | null {
  return job && figureOf(job, ALL_SIZES, ({ result }) => result.messageUs[name]).value;
}

/** The median message over rounds, and how far the rounds differ. */
export function medianTime(job: Job): Figure {
  return figureOf(job, ALL_SIZES, medianMessage);
}

/**
 * The job whose messages cost what a message costs: on an open connection where lanes were measured
 * so, else on one of its own.
 */
export function mainJob({ kept, opening, resumed }: LaneRow, { hasKept }: LaneTable): Job | null {
  return hasKept ? kept : kept ?? opening ?? resumed;
}

/** How many times as much as over TCP with the same I/O a message costs. */
export function timesTcp(job: Job | null, { clients }: LaneTable): Ratio {
  if (job === null) return { value: null, interval: null };
  return ratioOf(job, baselineOf(job, clients), ALL_SIZES);
}

/** CPU time by message of both ends, or of those that were measured, in microseconds. */
export interface CpuCost {
  client: number | null;
  server: number | null;
  /** Null where one of the two is not known. */
  both: number | null;
}

/** What a job's messages cost in CPU time: medians over the rounds of each end. */
export function cpuOf(job: Job | null, { servers }: LaneTable): CpuCost {
  const others = job ? servers.filter((other) => isOtherEnd(job, other)) : [];
  // The other end may have been on another machine; of several there it is not known which.
  const server = others.find(({ machine }) => machine === job!.machine) ??
    (others.length === 1 ? others[0] : undefined);
  const [own = null, far = null] = [job, server].map((end) => end ? cpuOfEnd(end) : null);
  return { client: own, server: far, both: own !== null && far !== null ? own + far : null };
}

/** What one end took, the median over rounds. */
export function cpuOfEnd({ rounds }: Job): number | null {
  return medianOf(rounds.map(({ run }: { run: RunResult }) => run.cpu?.perMessageUs));
}

/**
 * Whether a server's job is the other end of a client's. Ends on two machines have documents of
 * their own, joined or not.
 */
export function isOtherEnd(client: Job, server: Job): boolean {
  return server.name === client.name && server.connect === client.connect &&
    server.clients === client.clients && server.rate === client.rate;
}

/** Messages that were sent and lost in all of a row's runs; null where that is not known. */
export function lossOf(row: LaneRow): { sent: number | null; lost: number | null } {
  const total = (pick: "sent" | "lost") => {
    const counts = jobsOf(row).map((job) =>
      totalOf(job, [ALL_SIZES], ({ result }) => result[pick])
    );
    return counts.includes(null) ? null : counts.reduce<number>((sum, one) => sum + one!, 0);
  };
  return { sent: total("sent"), lost: total("lost") };
}

/** A row's jobs, as far as they were measured. */
export function jobsOf({ opening, resumed, kept }: LaneRow): Job[] {
  return [opening, resumed, kept].filter((job) => job !== null);
}

/** How runs have ended. */
export type LaneEnd = "complete" | "failed" | "interrupted";

/** What is written as the failure of a run that was interrupted. */
export const INTERRUPTED = "interrupted";

/** How a row's runs have ended. */
export function endOf(row: LaneRow): LaneEnd {
  return endBy(jobsOf(row).flatMap(failuresOf));
}

/** Why rounds of a job have failed. */
export function failuresOf({ rounds }: Job): string[] {
  return rounds.flatMap(({ run }) => run.failure ?? []);
}

/** How runs with these failures have ended: failed where any of them was not just interrupted. */
export function endBy(failures: readonly string[]): LaneEnd {
  if (failures.length === 0) return "complete";
  return failures.every((failure) => failure === INTERRUPTED) ? "interrupted" : "failed";
}
