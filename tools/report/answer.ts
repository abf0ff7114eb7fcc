/**
 * What a message costs, in plain words, from the figures.
 *
 * @module
 */
import type { ConnectMode, Io } from "../../common/model/protocol.ts";
import { baselineOf, figureOf, medianMessage, ratioOf } from "./figures.ts";
import type { Job, Mode } from "./jobs.ts";
import { formatBytes, formatDuration, listOf } from "./units.ts";

/** How each kind of I/O is said in a sentence. */
const HOW: Readonly<Record<Io, string>> = {
  async: "On Deno's event loop",
  sync: "With blocking calls",
  spin: "With calls that never sleep",
};

/** What a message costs on each lane of the first kind of I/O, and what changes it. */
export function answerOf(jobs: readonly Job[], sizeBytes: number): string[] {
  const first = jobs[0];
  if (!first) return [];
  const same = jobs.filter(({ io, machine }) => io === first.io && machine === first.machine);
  const full = same.filter(({ resume }) => !resume);
  return [
    `${HOW[first.io]}, a message of ${formatBytes(sizeBytes)} and its answer take ` +
    `${costs(full, sizeBytes)}, ${describeMode(first)}.`,
    ...compareWithTcp(full, jobs, sizeBytes),
    ...sayResumed(same, sizeBytes),
    ...sayIo(jobs, sizeBytes),
  ];
}

const CONNECTIONS: Readonly<Record<ConnectMode, string>> = {
  message: "with a new connection for every message",
  size: "over one connection for each size",
  once: "over one connection that stays open",
};

/** A mode in a few words, to stand after a comma. */
export function describeMode({ connect, clients, expectEcho, rate }: Mode): string {
  const connection = CONNECTIONS[connect];
  const echo = expectEcho ? ", which is sent back whole" : "";
  const pace = rate === null ? "" : `, ${rate} messages a second`;
  return `${connection}${clients > 1 ? `, ${clients} clients at once` : ""}${echo}${pace}`;
}

function costs(jobs: readonly Job[], sizeBytes: number): string {
  return listOf(jobs.map((job) => {
    const us = figureOf(job, sizeBytes, medianMessage).value;
    return `${formatDuration(us)} over ${job.label}`;
  }));
}

function compareWithTcp(full: readonly Job[], jobs: readonly Job[], sizeBytes: number): string[] {
  const ratios = full.flatMap((job) => {
    const { value } = ratioOf(job, baselineOf(job, jobs), sizeBytes);
    return value === null ? [] : [`${formatTimes(value)} for ${job.label}`];
  });
  return ratios.length > 0 ? [`Measured in round trips over TCP that is ${listOf(ratios)}.`] : [];
}

function sayResumed(same: readonly Job[], sizeBytes: number): string[] {
  const resumed = same.filter(({ resume }) => resume);
  if (resumed.length === 0) return [];
  const parts = resumed.map((job) => {
    const us = figureOf(job, sizeBytes, medianMessage).value;
    return `${formatDuration(us)} over ${job.label.replace(", resumed", "")}`;
  });
  return [`Resuming the session of the connection before brings it to ${listOf(parts)}.`];
}

/** Two digits are enough for a sentence. */
function formatTimes(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2);
}

/** What the kind of I/O does to the plainest lane there is. */
function sayIo(jobs: readonly Job[], sizeBytes: number): string[] {
  const [first] = jobs;
  const same = jobs.filter((job) => job.label === first!.label);
  if (same.length < 2) return [];
  const names = {
    async: "on the event loop",
    sync: "with blocking calls",
    spin: "without sleeping",
  };
  const parts = same.map((job) =>
    `${formatDuration(figureOf(job, sizeBytes, medianMessage).value)} ${names[job.io]}`
  );
  return [`How a program waits matters, too: over ${first!.label} it takes ${listOf(parts)}.`];
}
