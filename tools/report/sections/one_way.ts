/**
 * Messages that are not answered: how many get through, and how many do not.
 *
 * @module
 */
import { drawChart } from "../chart.ts";
import { type Curve, linesHeight, pointsOverSizes, throughputChart } from "../charts_by_number.ts";
import type { Section, Table } from "../content.ts";
import { figureOf, type Pick, totalOf } from "../figures.ts";
import { withFailure } from "../failures.ts";
import { type Job, modeKey, sizesOf } from "../jobs.ts";
import { panelsOf } from "../panels.ts";
import * as units from "../units.ts";
import { describeMode } from "../answer.ts";
import { nameOf } from "../lane_rows.ts";

const CAVEAT = "The delay runs from the sender's clock to the receiver's: it is good only where " +
  "the two agree, as on one machine. MB are 10^6 bytes of messages, headers of the protocols " +
  "not counted.";

const megabytes: Pick = ({ result }) => result.oneWay?.megabytesPerSecond;

/**
 * The section for one-way runs.
 *
 * @param jobs of both ends; the receiver's figures count, the sender's where there are no others
 */
export function oneWaySection(jobs: readonly Job[]): Section | null {
  const oneWay = receiversOf(jobs.filter(({ reply }) => !reply));
  if (oneWay.length === 0) return null;
  const curves = oneWay.map((job): Curve => ({
    ...{ job, name: nameOf(job, oneWay), hasMarks: true },
    points: pointsOverSizes(job, megabytes),
  })).filter(({ points }) => points.length > 1);
  const range = curves.flatMap(({ points }) => points.map(([, rate]) => rate));
  const charts = panelsOf(curves.map(({ job }) => job)).map((panel) => {
    const own = curves.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `one-way-${panel.id}`,
      title: `By size, ${panel.title}`,
      description: `From the smallest size to the largest: ${units.listOf(own.map(describe))}.`,
      height: linesHeight(own.length),
      option: throughputChart(own, range),
    });
  });
  return {
    id: "one-way",
    title: "Throughput, one way",
    paragraphs: [`The server does not answer, ${describeMode(oneWay[0]!)}. ${CAVEAT}`],
    picture: {
      charts,
      caption: "Megabytes per second that arrived; what was lost is in the table.",
      tables: [oneWayTable(oneWay)],
      open: charts.length === 0,
    },
  };
}

/** Of each lane the end that counts what arrived, or the other one where that is not there. */
export function receiversOf(jobs: readonly Job[]): Job[] {
  return jobs.filter((job) =>
    job.role === "server" ||
    !jobs.some((other) =>
      other.role === "server" && other.name === job.name && modeKey(other) === modeKey(job)
    )
  );
}

function describe({ name, points }: Curve): string {
  const [first, last] = [points[0]![1], points.at(-1)![1]].map(units.formatNumber);
  return `${name} from ${first} to ${last} MB/s`;
}

const HEAD = [
  ...["lane", "counted by", "bytes", "messages/s", "MB/s"],
  ...["sent", "lost", "lost %", "doubled", "reordered", "delay p50 µs"],
];

function oneWayTable(jobs: readonly Job[]): Table {
  return {
    caption: "One-way runs: medians over rounds, counts of all rounds",
    head: HEAD,
    rows: jobs.flatMap((job) => sizesOf([job]).map((sizeBytes) => rowOf(job, jobs, sizeBytes))),
  };
}

function rowOf(job: Job, jobs: readonly Job[], sizeBytes: number): string[] {
  const count = (pick: Pick) => totalOf(job, [sizeBytes], pick);
  const figure = (pick: Pick) => units.formatNumber(figureOf(job, sizeBytes, pick).value);
  const [sent, lost] = [count(({ result }) => result.sent), count(({ result }) => result.lost)];
  return [
    withFailure(nameOf(job, jobs), job),
    job.role,
    String(sizeBytes),
    figure(({ result }) => result.oneWay?.messagesPerSecond),
    figure(megabytes),
    units.formatCount(sent),
    units.formatCount(lost),
    units.formatNumber(sent && lost !== null ? 100 * lost / sent : null),
    units.formatCount(count(({ result }) => result.oneWay?.duplicates)),
    units.formatCount(count(({ result }) => result.oneWay?.reordered)),
    figure(({ result }) => result.oneWay?.delayUs?.p50),
  ];
}
