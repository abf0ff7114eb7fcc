/**
 * The averages by lane, size and step, as one CSV table.
 *
 * @module
 */
import { STEPS } from "../../common/model/protocol.ts";
import { sum } from "./inference.ts";
import { figuresAt, type Job, type Round, sizesOf, TRACED } from "./jobs.ts";
import type { Total } from "./logs.ts";

/** The columns. "message" stands among the steps for all of them together. */
export const COLUMNS = [
  ...["lane", "role", "connect", "resume", "reply", "clients", "machine"],
  ...["sizeBytes", "step", "n", "meanUs", "from"],
];

/**
 * Averages every job at every size over all its rounds, the first message of each run left out.
 * Each row says whether it comes from the logs or from the means in the documents.
 */
export function averagesCsv(jobs: readonly Job[]): string {
  const rows = jobs.flatMap((job) =>
    sizesOf([job]).flatMap((sizeBytes) =>
      [...STEPS, "message" as const].flatMap((step) => rowOf(job, sizeBytes, step))
    )
  );
  return [COLUMNS, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

type StepOrAll = typeof STEPS[number] | "message";

function rowOf(job: Job, sizeBytes: number, step: StepOrAll): (string | number)[][] {
  const isLogged = job.rounds.every(({ log }) => log !== null);
  const total: Total = { n: 0, sumUs: 0 };
  for (const round of job.rounds) {
    const { n, sumUs } = (isLogged ? logged : documented)(round, sizeBytes, step);
    total.n += n;
    total.sumUs += sumUs;
  }
  if (total.n === 0) return [];
  const { role, connect, resume, reply, clients, machine } = job;
  const [first] = job.rounds;
  return [[
    ...[
      `${first!.run.lane}${job.traced ? TRACED : ""}`,
      role,
      connect,
      String(resume),
      String(reply),
      clients,
      machine + 1,
    ],
    ...[sizeBytes, step, total.n, (total.sumUs / total.n).toFixed(3)],
    isLogged ? "log" : "document",
  ]];
}

function logged({ log }: Round, sizeBytes: number, step: StepOrAll): Total {
  const size = log?.get(sizeBytes);
  if (!size) return { n: 0, sumUs: 0 };
  if (step !== "message") return size.steps.get(step) ?? { n: 0, sumUs: 0 };
  return { n: size.messagesUs.length, sumUs: sum(size.messagesUs) };
}

function documented(round: Round, sizeBytes: number, step: StepOrAll): Total {
  const result = figuresAt(round, sizeBytes)?.result;
  const summary = step === "message" ? result?.messageUs : result?.steps[step];
  if (!summary || summary.mean === null) return { n: 0, sumUs: 0 };
  return { n: summary.n, sumUs: summary.n * summary.mean };
}
