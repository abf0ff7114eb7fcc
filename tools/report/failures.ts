/**
 * What has failed: it is shown as failed, and does not just miss.
 *
 * @module
 */
import type { Table } from "./content.ts";
import type { Job } from "./jobs.ts";
import { endBy, failuresOf } from "./lane_rows.ts";

/** What to say of a job beside its figures; null where none of its rounds has failed. */
export function failureOf(job: Job): string | null {
  const failures = failuresOf(job);
  if (failures.length === 0) return null;
  const word = endBy(failures);
  const [{ length }, all] = [failures, job.rounds.length];
  return length === all ? word : `${word} in ${length} of ${all} rounds`;
}

/** A lane's name for the first column of a table, which says where it has failed. */
export function withFailure(name: string, job: Job): string {
  const failure = failureOf(job);
  return failure === null ? name : `${name} (${failure})`;
}

/**
 * Which lanes have failed in which round, and why.
 *
 * @param nameOf a job's name
 */
export function failuresTable(jobs: readonly Job[], nameOf: (job: Job) => string): Table {
  const rows = jobs.flatMap((job) =>
    job.rounds.flatMap(({ id, run }) =>
      run.failure === undefined
        ? []
        : [[nameOf(job), job.connect, job.role, roundOf(id), run.failure]]
    )
  );
  return {
    caption: "What failed",
    head: ["lane", "connect", "end", "round", "reason"],
    rows,
    isText: true,
  };
}

/** The number of a round in its document, from 1. */
function roundOf(id: string): string {
  return String(Number(id.split(":").at(-1)) + 1);
}
