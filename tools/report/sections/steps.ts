/**
 * What a connection's time is made of.
 *
 * @module
 */
import { type ConnectMode, type Step, STEPS } from "../../../common/model/protocol.ts";
import { drawChart } from "../chart.ts";
import { type Bar, heightOf, lengthOf, stepsChart } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { figureOf, meanOfStep } from "../figures.ts";
import type { Job, Mode } from "../jobs.ts";
import { failureOf, withFailure } from "../failures.ts";
import { describeSize, panelsOf, type Part } from "../panels.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

/** A row's parts are its steps' means in microseconds. */
type Means = Omit<Bar, "text"> & { name: string; note: string | null };

/** The section for one mode; null where no step was measured. */
export function stepsSection({ id, jobs, mode, sizeBytes }: Part): Section | null {
  const rows = jobs.map((job): Means => ({
    ...{ job, name: nameOf(job, jobs), note: failureOf(job) },
    parts: meansOf(job, sizeBytes, stepsOf(mode)),
  })).filter(({ parts, note }) => note !== null || parts.some((us) => us !== null));
  if (!rows.some(({ parts }) => parts.some((us) => us !== null))) return null;
  const range = rows.map(lengthOf);
  const charts = panelsOf(rows.map(({ job }) => job)).map((panel) => {
    const own = rows.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `${id}-steps-${panel.id}`,
      title: `${describeSize(sizeBytes)}, ${panel.title}`,
      description: `Mean time and its largest part: ${units.listOf(own.map(describe))}.`,
      height: heightOf(own.length, STEPS),
      option: stepsChart(own, range),
    });
  });
  const { connect } = mode;
  return {
    id: `${id}-steps`,
    title: connect === "message" ? "The parts of a connection" : "The parts of a message",
    paragraphs: [],
    picture: {
      charts,
      caption: "Means, as they add up to the whole; the number is their sum. " +
        CAPTIONS[connect],
      tables: [stepsTable(rows, sizeBytes)],
      open: false,
    },
  };
}

/** What the numbers leave out, by what has a connection of its own. */
const CAPTIONS: Readonly<Record<ConnectMode, string>> = {
  message: "Resumed lanes show what is left of the handshake when a session is taken up again.",
  size: "Connecting and closing, which happen once for each size, are left out.",
  once: "Connecting happens once and is left to the first message, which is warm-up.",
};

/** The steps that every message has: only their means add up to a message. */
function stepsOf({ connect }: Mode): readonly Step[] {
  return connect === "size" ? ["send", "receive"] : STEPS;
}

function meansOf(job: Job, sizeBytes: number, steps: readonly Step[]): (number | null)[] {
  return STEPS.map((step) =>
    steps.includes(step) ? figureOf(job, sizeBytes, meanOfStep(step)).value : null
  );
}

function describe(row: Means): string {
  const longest = Math.max(...row.parts.map((us) => us ?? 0));
  if (longest === 0) return `${row.name} ${row.note ?? units.NONE}`;
  const step = STEPS[row.parts.indexOf(longest)];
  const [whole, part] = [lengthOf(row), longest].map(units.formatDuration);
  return `${row.name} ${whole}, of it ${part} ${step}`;
}

function stepsTable(rows: readonly Means[], sizeBytes: number): Table {
  return {
    caption: `Mean time of each step in µs, ${describeSize(sizeBytes)}`,
    head: ["lane", ...STEPS, "sum"],
    rows: rows.map((row) => [
      withFailure(row.name, row.job),
      ...row.parts.map(units.formatNumber),
      units.formatNumber(lengthOf(row) || null),
    ]),
  };
}
