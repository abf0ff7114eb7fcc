/**
 * Figures for other programs: newline-delimited JSON, an object a line, all with the same names.
 *
 * @module
 */
import { visibleJsonLine } from "../../common/base/visible.ts";
import type { Environment, RunResult } from "../../common/measure/result.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import { figureOf, medianOf, type Pick, totalOf } from "./figures.ts";
import { figuresAt, type Job, jobsOf, type Mode, sizesOf, type Source } from "./jobs.ts";

/** What was measured. */
type Measured =
  & Mode
  & Omit<Environment, "openssl">
  & {
    [name in "lane" | "role" | "protocol" | "io" | "engine" | "resume"]: RunResult[name];
  };

/**
 * What a lane took in one mode, seen from one end, on one machine, at one message size. A figure
 * that was not measured is null.
 */
export interface Line extends Measured {
  /** ISO 8601, UTC: of the document; where several were put together, of the first. */
  startedAt: string;
  /** Whether handshakes were traced, which makes them slower. */
  traced: boolean;
  /** Messages a second that were reached, where a rate was wanted; null for a single size. */
  rateReached: number | null;
  /** Null for all sizes together. */
  sizeBytes: number | null;
  /** How many were measured: times are the median over them of each one's own. */
  rounds: number;
  /** Messages of all rounds. */
  sent: number | null;
  answered: number | null;
  lost: number | null;
  p50Us: number | null;
  p90Us: number | null;
  p99Us: number | null;
  p999Us: number | null;
  /** The fastest message of all rounds. */
  minUs: number | null;
  /** The slowest message of all rounds. */
  maxUs: number | null;
  meanUs: number | null;
  handshakeP50Us: number | null;
  /** CPU time of this end; null for a single size. */
  cpuPerMessageUs: number | null;
  openssl: string | null;
  /** Of this program. */
  version: string;
  /** Why a round has failed; null where none has, and where that is not known. */
  failure: string | null;
}

/**
 * The lines of some documents: of each job one for each size, in ascending order, and one for all
 * sizes together.
 */
export function linesOf(sources: readonly Source[]): Line[] {
  const documentOf = new Map(
    sources.flatMap(({ document }) => document.runs.map((run) => [run, document] as const)),
  );
  return jobsOf(sources).flatMap((job) => {
    const document = documentOf.get(job.rounds[0]!.run)!;
    return [...sizesOf([job]), ALL_SIZES].map((sizeBytes) => lineOf(job, sizeBytes, document));
  });
}

/** The same as text. */
export function ndjsonOf(sources: readonly Source[]): string {
  return linesOf(sources).map(visibleJsonLine).join("");
}

function lineOf(job: Job, sizeBytes: number, document: Source["document"]): Line {
  const { role, protocol, io, engine, connect, resume, reply, expectEcho, clients, rate } = job;
  const { rounds, traced } = job;
  const runs = rounds.map(({ run }) => run);
  const { os, arch, cpu, cores, deno, openssl, hostname } = document.environment;
  const isOfAll = sizeBytes === ALL_SIZES;
  const total = (pick: Pick) => totalOf(job, [sizeBytes], pick);
  const figure = (pick: Pick) => rounded(figureOf(job, sizeBytes, pick).value);
  return {
    startedAt: document.startedAt,
    lane: runs[0]!.lane,
    ...{ role, protocol, io, engine, connect, resume, reply, expectEcho, clients, rate },
    rateReached: isOfAll ? rounded(medianOf(runs.map((run) => run.rate?.reached))) : null,
    traced,
    sizeBytes: isOfAll ? null : sizeBytes,
    rounds: rounds.length,
    sent: total(({ result }) => result.sent),
    answered: total(({ result }) => result.answered),
    lost: total(({ result }) => result.lost),
    p50Us: figure(({ result }) => result.messageUs.p50),
    p90Us: figure(({ result }) => result.messageUs.p90),
    p99Us: figure(({ result }) => result.messageUs.p99),
    p999Us: figure(({ result }) => result.messageUs.p999),
    minUs: leastOf(valuesOf(job, sizeBytes, ({ result }) => result.messageUs.min)),
    maxUs: mostOf(valuesOf(job, sizeBytes, ({ result }) => result.messageUs.max)),
    meanUs: figure(({ result }) => result.messageUs.mean),
    handshakeP50Us: figure(({ result }) => result.steps.handshake?.p50),
    cpuPerMessageUs: isOfAll ? rounded(medianOf(runs.map(({ cpu }) => cpu?.perMessageUs))) : null,
    ...{ hostname, os, arch, cpu, cores, deno, openssl },
    version: document.version,
    failure: runs.find(({ failure }) => failure !== undefined)?.failure ?? null,
  };
}

function valuesOf(job: Job, sizeBytes: number, pick: Pick): number[] {
  return job.rounds.flatMap((round) => {
    const figures = figuresAt(round, sizeBytes);
    return (figures && pick(figures)) ?? [];
  });
}

function leastOf(values: readonly number[]): number | null {
  return values.length > 0 ? Math.min(...values) : null;
}

function mostOf(values: readonly number[]): number | null {
  return values.length > 0 ? Math.max(...values) : null;
}

/** To nanoseconds, as in documents. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
