/**
 * What servers know, where there is no client's run beside theirs.
 *
 * @module
 */
import { STEPS } from "../../../common/model/protocol.ts";
import { ALL_SIZES } from "../all_sizes.ts";
import { describeMode } from "../answer.ts";
import { drawChart } from "../chart.ts";
import { type Bar, heightOf, lengthOf, stepsChart } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { failureOf, withFailure } from "../failures.ts";
import { figureOf, meanOfStep, type Pick, totalOf } from "../figures.ts";
import { type Job, modeKey, modesOf, sizesOf } from "../jobs.ts";
import { panelsOf } from "../panels.ts";
import * as units from "../units.ts";
import { cpuOfEnd, isOtherEnd, nameOf } from "../lane_rows.ts";

const CAVEAT = "A server cannot know how long an answer takes to arrive: its times say what it " +
  "did itself. The step receive includes the wait for the client, so it is the client's pace, and " +
  "so are the rates: messages of all clients by the mean time of a message, from its first step " +
  "to its last; what lies between two connections is not in it.";

/** A row's parts are its steps' means in microseconds. */
type Means = Omit<Bar, "text"> & { name: string };

/**
 * A section for each mode; none where every server has its client.
 *
 * @param all jobs of both ends
 */
export function serverSections(all: readonly Job[]): Section[] {
  const clients = all.filter(({ role }) => role === "client");
  const alone = all.filter((job) =>
    job.role === "server" &&
    !clients.some((client) => client.reply === job.reply && isOtherEnd(client, job))
  );
  return modesOf(alone).map((mode, i) => {
    const jobs = alone.filter((job) => modeKey(job) === modeKey(mode));
    const echo = mode.reply ? "" : " It does not answer.";
    return {
      id: `server${i + 1}`,
      title: "What the server saw",
      paragraphs: [`Without a client's results, ${describeMode(mode)}.${echo} ${CAVEAT}`],
      picture: {
        charts: chartsOf(jobs, `server${i + 1}`),
        caption: "Means of the steps over all sizes, as they add up; the number is their sum.",
        tables: [serverTable(jobs)],
        open: true,
      },
    };
  });
}

function chartsOf(jobs: readonly Job[], id: string) {
  const rows = jobs.map((job): Means => ({
    ...{ job, name: nameOf(job, jobs), note: failureOf(job) },
    parts: STEPS.map((step) => figureOf(job, ALL_SIZES, meanOfStep(step)).value),
  })).filter(({ note, parts }) => note || parts.some((us) => us !== null));
  if (!rows.some((row) => lengthOf(row) > 0)) return [];
  const range = rows.map(lengthOf);
  return panelsOf(rows.map(({ job }) => job)).map((panel) => {
    const own = rows.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `${id}-steps-${panel.id}`,
      title: `Steps of the server, ${panel.title}`,
      description: `Mean time of a message on the server: ${units.listOf(own.map(describe))}.`,
      height: heightOf(own.length, STEPS),
      option: stepsChart(own, range),
    });
  });
}

function describe(row: Means): string {
  const us = lengthOf(row);
  return `${row.name} ${us > 0 ? units.formatDuration(us) : row.note}`;
}

const HEAD = [
  ...["lane", "rounds", "messages", "lost", "handshake p50 µs", "receive p50 µs", "send p50 µs"],
  ...["CPU µs a message", "messages/s"],
];

function serverTable(jobs: readonly Job[]): Table {
  return {
    caption:
      "What the server counted and timed: counts of all rounds, times are medians over rounds",
    head: HEAD,
    rows: jobs.map((job) => {
      const sizes = sizesOf([job]);
      const taken: Pick = ({ result }) => result.answered ?? result.messageUs.n;
      const steps = (["handshake", "receive", "send"] as const).map((step) =>
        figureOf(job, ALL_SIZES, ({ result }) => result.steps[step]?.p50).value
      );
      return [
        withFailure(nameOf(job, jobs), job),
        String(job.rounds.length),
        units.formatCount(totalOf(job, sizes, taken)),
        units.formatCount(totalOf(job, sizes, ({ result }) => result.lost)),
        ...[...steps, cpuOfEnd(job), rateOf(job)].map(units.formatNumber),
      ];
    }),
  };
}

/** Messages a second: as counted, or what the mean time of a message comes to. */
function rateOf(job: Job): number | null {
  const counted = figureOf(job, ALL_SIZES, ({ result }) => result.oneWay?.messagesPerSecond).value;
  const mean = figureOf(job, ALL_SIZES, ({ result }) => result.messageUs.mean).value;
  return counted ?? (mean ? job.clients * 1e6 / mean : null);
}
