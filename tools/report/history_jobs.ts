/**
 * The jobs of a history: what each lane took at each start.
 *
 * @module
 */
import type { RunResult } from "../../common/measure/result.ts";
import { byStep } from "../../common/model/protocol.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import { figuresAt, type Job, jobsOf, type Source } from "./jobs.ts";
import { lineKey, machineKey } from "./history.ts";
import type { Line } from "./ndjson.ts";

/** The runs of one start on one machine. */
export interface Start {
  startMs: number;
  /** One of its lines: what it says of the programs and the machine holds for all. */
  line: Line;
  /** Whether it is one of the report's own documents. */
  isOwn: boolean;
}

/** A job, and when its rounds were measured. */
export interface TimedJob {
  job: Job;
  /** In the order of time; a run without a figure is left out. */
  times: { start: Start; us: number }[];
}

/**
 * Puts a history and the report's own lines together; of a line that is in both the own one counts.
 *
 * @param own comes first where machines are numbered, as in the rest of the report
 */
export function timedJobsOf(own: readonly Line[], history: readonly Line[]): TimedJob[] {
  const starts = new Map<string, { start: Start; lines: Line[] }>();
  const keys = new Set<string>();
  for (const [i, line] of [...own, ...history].entries()) {
    const startMs = Date.parse(line.startedAt);
    const key = lineKey(line);
    if (line.sizeBytes !== null || Number.isNaN(startMs) || keys.has(key)) continue;
    keys.add(key);
    const of = `${line.startedAt} ${machineKey(line)}`;
    const found = starts.get(of);
    if (found) found.lines.push(line);
    else starts.set(of, { start: { startMs, line, isOwn: i < own.length }, lines: [line] });
  }
  const startOf = new Map<RunResult, Start>();
  const sources = [...starts.values()].map(({ start, lines }) => {
    const runs = lines.map(runOf);
    for (const run of runs) startOf.set(run, start);
    return sourceOf(start.line, runs);
  });
  return jobsOf(sources).map((job) => ({
    job,
    times: job.rounds.flatMap((round) => {
      const us = figuresAt(round, ALL_SIZES)?.result.messageUs.p50;
      return us ? [{ start: startOf.get(round.run)!, us }] : [];
    }).sort((a, b) => a.start.startMs - b.start.startMs),
  }));
}

/** A document again, as far as a line tells; a machine's programs may change and it stays the same. */
function sourceOf(line: Line, runs: RunResult[]): Source {
  const { startedAt, version, hostname, os, arch, cpu, cores } = line;
  const environment = { os, arch, cpu, cores, deno: "", openssl: null, hostname };
  const document = { startedAt, version, environment, complete: true, runs };
  return {
    ...{ path: "", folder: "", logs: [] },
    document: { schemaVersion: 1, tool: "netpairs", ...document },
  };
}

function runOf(line: Line): RunResult {
  const { lane, role, protocol, io, engine, connect, resume, reply, clients, expectEcho } = line;
  const { rate, rateReached, traced } = line;
  const rest = { n: 0, min: null, p90: null, p99: null, max: null, mean: null, stddev: null };
  return {
    ...{ lane, role, protocol, io, engine, connect, resume, reply, clients },
    ...(expectEcho ? { expectEcho } : {}),
    ...(rate === null ? {} : { rate: { wanted: rate, reached: rateReached } }),
    // Lines of earlier versions do not say it.
    ...(traced ? { handshakes: [] } : {}),
    ...{ security: null, sizes: [] },
    allSizes: { messageUs: { ...rest, p50: line.p50Us }, steps: byStep(() => null) },
  };
}
