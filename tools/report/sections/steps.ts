/**
 * What a connection's time is made of.
 *
 * @module
 */
import { type ConnectMode, type Step, STEPS } from "../../../common/model/protocol.ts";
import { drawChart } from "../chart.ts";
import { heightOf, type Parts, stepsChart, sumOf } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { figureOf, meanOfStep } from "../figures.ts";
import type { Job, Mode } from "../jobs.ts";
import { panelsOf, type Part } from "../panels.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

/** The section for one mode; null where no step was measured. */
export function stepsSection({ id, jobs, mode, sizeBytes }: Part): Section | null {
  const rows = jobs.map((job) => partsOf(job, sizeBytes, stepsOf(mode)))
    .filter(({ meansUs }) => meansUs.some((us) => us !== null));
  if (rows.length === 0) return null;
  const longestUs = roundUp(Math.max(...rows.map(sumOf)));
  const charts = panelsOf(rows.map(({ job }) => job)).map((panel) => {
    const own = rows.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `${id}-steps-${panel.id}`,
      title: `${units.formatBytes(sizeBytes)}, ${panel.title}`,
      description: `Mean time and its largest part: ${units.listOf(own.map(describe))}.`,
      height: heightOf(own.length, 76),
      option: stepsChart(own, longestUs),
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
      tables: [stepsTable(rows, jobs, sizeBytes)],
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

function partsOf(job: Job, sizeBytes: number, steps: readonly Step[]): Parts {
  return {
    job,
    meansUs: STEPS.map((step) =>
      steps.includes(step) ? figureOf(job, sizeBytes, meanOfStep(step)).value : null
    ),
  };
}

/** To one digit, so that all charts end at a tick. */
function roundUp(us: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(us, 1)));
  return Math.ceil(us / unit) * unit;
}

function describe(parts: Parts): string {
  const longest = Math.max(...parts.meansUs.map((us) => us ?? 0));
  const step = STEPS[parts.meansUs.indexOf(longest)];
  const [whole, part] = [sumOf(parts), longest].map(units.formatDuration);
  return `${parts.job.label} ${whole}, of it ${part} ${step}`;
}

function stepsTable(rows: readonly Parts[], jobs: readonly Job[], sizeBytes: number): Table {
  return {
    caption: `Mean time of each step in µs at ${units.formatBytes(sizeBytes)}`,
    head: ["lane", ...STEPS, "sum"],
    rows: rows.map((parts) => [
      nameOf(parts.job, jobs),
      ...parts.meansUs.map(units.formatNumber),
      units.formatNumber(sumOf(parts)),
    ]),
  };
}
