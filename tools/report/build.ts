/**
 * Puts a report together.
 *
 * @module
 */
import { answerOf, describeMode } from "./answer.ts";
import type { Report, Section } from "./content.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import { figureOf, medianMessage } from "./figures.ts";
import type { History } from "./history.ts";
import { laneTables } from "./lane_rows.ts";
import { MIN_ROUNDS } from "./inference.ts";
import { type Job, modeKey, modesOf, sizesOf, type Source } from "./jobs.ts";
import type { Part } from "./panels.ts";
import { costSection } from "./sections/cost.ts";
import { cpuSection } from "./sections/cpu.ts";
import { handshakeSection } from "./sections/handshake.ts";
import { handshakeMessagesSection } from "./sections/handshake_messages.ts";
import { historySection } from "./sections/history.ts";
import { ioSection } from "./sections/io.ts";
import { lossSection } from "./sections/loss.ts";
import { methodSection } from "./sections/method.ts";
import { oneWaySection } from "./sections/one_way.ts";
import { serverSections } from "./sections/server.ts";
import { shareSection } from "./sections/share.ts";
import { sizesSection } from "./sections/sizes.ts";
import { stepsSection } from "./sections/steps.ts";
import { listOf } from "./units.ts";
import { mixedGroups } from "./key_exchange.ts";
import { wideSpread } from "./wide_spread.ts";

/** What every report is called; a file that bears it was made here. */
export const TITLE = "What a message costs over TCP, UDP, TLS and DTLS";

/** Makes the report of some documents and their jobs, and of a history where there is one. */
export function buildReport(
  sources: readonly Source[],
  jobs: readonly Job[],
  history: History | null,
): Report {
  const parts = partsOf(jobs);
  const oneWay = oneWaySection(jobs);
  const handshake = handshakeSection(jobs);
  const messages = handshakeMessagesSection(jobs);
  const overTime = history && historySection(history, sources);
  return {
    title: TITLE,
    subtitle: subtitleOf(sources),
    answer: jobs.some(({ role, reply }) => role === "client" && reply)
      ? answerOf(jobs)
      : ["There are no round trips in these documents: no client's run with answers is in them."],
    warnings: warningsOf(sources, parts),
    sections: [
      ...laneTables(jobs).map((table, i) => costSection(`cost${i + 1}`, table)),
      ...parts.flatMap((part) => sectionsOf(part, jobs, parts.length > 1)),
      ...(handshake ? [handshake] : []),
      ...(messages ? [messages] : []),
      ...(oneWay ? [oneWay] : []),
      ...serverSections(jobs),
      ...(overTime ? [overTime] : []),
      methodSection(sources, jobs),
    ],
  };
}

/** Answered messages as clients saw them, by mode. */
function partsOf(jobs: readonly Job[]): Part[] {
  const answered = jobs.filter(({ role, reply }) => role === "client" && reply);
  return modesOf(answered).flatMap((mode, i) => {
    const own = answered.filter((job) => modeKey(job) === modeKey(mode));
    const hasFigures = own.some((job) =>
      [ALL_SIZES, ...sizesOf([job])].some((size) =>
        figureOf(job, size, medianMessage).value !== null
      )
    );
    return hasFigures ? [{ id: `mode${i + 1}`, mode, jobs: own, sizeBytes: ALL_SIZES }] : [];
  });
}

function sectionsOf(part: Part, jobs: readonly Job[], isOneOfSeveral: boolean): Section[] {
  const sections = [
    lossSection(part),
    sizesSection(part),
    shareSection(part),
    stepsSection(part),
    ioSection(part),
    cpuSection(part, jobs),
  ].filter((section) => section !== null);
  if (!isOneOfSeveral) return sections;
  const mode = describeMode(part.mode);
  return sections.map((section) => ({ ...section, title: `${section.title}, ${mode}` }));
}

function subtitleOf(sources: readonly Source[]): string {
  const { startedAt, environment: { cpu, cores, os } } = sources[0]!.document;
  const more = sources.length > 1 ? ` and ${sources.length - 1} more` : "";
  const date = startedAt.replace("T", " ").slice(0, 16);
  const machine = cores > 0 ? `${cpu ?? "an unnamed processor"}, ${cores} cores, ${os}` : os;
  return `Measured ${date} UTC${more} on ${machine}`;
}

function warningsOf(sources: readonly Source[], parts: readonly Part[]): string[] {
  const warnings = [...new Set(sources.flatMap(({ document }) => document.warnings ?? []))];
  const partial = sources.filter(({ document }) => !document.complete);
  if (partial.length > 0) {
    const files = listOf(partial.map(({ path }) => path));
    warnings.push(`Partial: a run failed or was interrupted in ${files}. Lanes may be missing.`);
  }
  if (sources.every(({ logs }) => logs.every((log) => log === null))) {
    warnings.push("Made from the documents alone: there are no step logs beside them.");
  }
  const stray = sources.flatMap(({ strayLogs = [] }) => strayLogs);
  if (stray.length > 0) {
    warnings.push(`Not the logs of these runs, and left out: ${listOf(stray)}.`);
  }
  const jobs = parts.flatMap((part) => part.jobs);
  const rounds = Math.min(...jobs.map((job) => job.rounds.length));
  if (rounds < MIN_ROUNDS) {
    warnings.push(
      `Some lanes were measured in ${rounds === 1 ? "one round" : `${rounds} rounds`} only: at ` +
        `least ${MIN_ROUNDS} are needed for intervals, and to tell a difference from chance.`,
    );
  }
  // A run of many lanes has looked for it, and said so.
  const isJudged = sources.every(({ document }) => document.warnings !== undefined);
  return isJudged ? warnings : [...warnings, ...mixedGroups(jobs), ...wideSpread(jobs)];
}
