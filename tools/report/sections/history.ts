/**
 * What lanes took from run to run, of the runs that a history holds.
 *
 * @module
 */
import { ROLES } from "../../../common/model/protocol.ts";
import { describeMode } from "../answer.ts";
import { type Chart, drawChart } from "../chart.ts";
import { linesHeight } from "../charts_by_number.ts";
import { overTimeChart, type TimeCurve } from "../chart_over_time.ts";
import type { Section, Table } from "../content.ts";
import { type History, historyLines, sayCutOff } from "../history.ts";
import { type Start, type TimedJob, timedJobsOf } from "../history_jobs.ts";
import { modeKey, type Source } from "../jobs.ts";
import { nameOf } from "../lane_rows.ts";
import { type Panel, panelsOf } from "../panels.ts";
import * as units from "../units.ts";

/** So many starts of a machine are shown, the newest: more would be neither read nor drawn well. */
const NEWEST = 200;

/** A job with the name it is shown by. */
type NamedJob = TimedJob & { name: string };

/** Lanes that share a chart and a table: of one end, mode, kind of I/O and machine. */
interface Group {
  id: string;
  title: string;
  jobs: NamedJob[];
  starts: Start[];
  /** How many there are that are not shown. */
  left: number;
}

/**
 * The section.
 *
 * @param sources the report's own documents, whether the history has them already or not
 * @returns null where neither has a figure
 */
export function historySection(history: History, sources: readonly Source[]): Section | null {
  const timed = timedJobsOf(historyLines(sources), history.lines).filter(({ times }) =>
    times.length > 0
  );
  const all = timed.map(({ job }) => job);
  const jobs = timed.map((one): NamedJob => ({ ...one, name: nameOf(one.job, all) }));
  if (jobs.length === 0) return null;
  const groups = groupsOf(jobs);
  return {
    id: "history",
    title: "Over time",
    paragraphs: paragraphsOf(history, groups),
    picture: {
      charts: groups.filter(({ starts }) => starts.length > 1).map(drawGroup),
      caption:
        "Medians, all sizes together. Large marks: this report's own run. Dashed: the session was " +
        "resumed. Dotted: TLS by rustls, Deno's own.",
      tables: [...groups.map(groupTable), ...machinesTable(jobs)],
      open: false,
    },
  };
}

function paragraphsOf({ path, cutOff }: History, groups: readonly Group[]): string[] {
  const left = Math.max(...groups.map((group) => group.left));
  const one = groups.every(({ starts }) => starts.length < 2);
  return [
    [
      `What each lane took from run to run, as far as ${path} holds it.`,
      one ? "So far there is one run of each lane: a chart wants two." : "",
      left > 0 ? `The newest ${NEWEST} starts are shown; there are ${left} more.` : "",
      cutOff.length > 0 ? `In it ${sayCutOff(cutOff)}, and not shown.` : "",
    ].filter((text) => text !== "").join(" "),
  ];
}

function groupsOf(jobs: readonly NamedJob[]): Group[] {
  const groups: Group[] = [];
  const modes = new Map(jobs.map(({ job }) => [`${modeKey(job)} ${job.role}`, job]));
  const ordered = ROLES.flatMap((role) => [...modes].filter(([, job]) => job.role === role));
  for (const [i, [key, mode]] of ordered.entries()) {
    const own = jobs.filter(({ job }) => `${modeKey(job)} ${job.role}` === key);
    for (const panel of panelsOf(own.map(({ job }) => job))) {
      const answers = mode.reply ? "" : ", without answers";
      const end = mode.role === "server" ? ", as the server saw it" : "";
      groups.push(groupOf({
        ...panel,
        id: `history-${i + 1}-${panel.id}`,
        title: `${panel.title}, ${describeMode(mode)}${answers}${end}`,
      }, own));
    }
  }
  return groups;
}

function groupOf({ id, title, jobs }: Panel, timed: readonly NamedJob[]): Group {
  const own = timed.filter(({ job }) => jobs.includes(job));
  const all = [...new Set(own.flatMap(({ times }) => times.map(({ start }) => start)))]
    .sort((a, b) => a.startMs - b.startMs);
  const starts = all.slice(-NEWEST);
  return { id, title, jobs: own, starts, left: all.length - starts.length };
}

function drawGroup({ id, title, jobs, starts }: Group): Chart {
  const curves = jobs.map(({ job, name, times }): TimeCurve => ({
    ...{ job, name },
    points: times.filter(({ start }) => starts.includes(start)).map(({ start, us }) => ({
      ...{ startMs: start.startMs, isOwn: start.isOwn, us },
    })),
  })).filter(({ points }) => points.length > 0);
  const [first, last] = [starts[0]!, starts.at(-1)!].map(formatStart);
  return drawChart({
    id,
    title: `Over time, ${title}`,
    description: `${starts.length} starts from ${first} to ${last} UTC, median time per message: ` +
      `${units.listOf(curves.map(describe))}.`,
    height: linesHeight(curves.length),
    option: overTimeChart(curves),
  });
}

function describe({ name, points }: TimeCurve): string {
  const [first, last] = [points[0]!.us, points.at(-1)!.us].map(units.formatDuration);
  return points.length > 1 ? `${name} from ${first} to ${last}` : `${name} once, ${first}`;
}

function groupTable({ title, jobs, starts }: Group): Table {
  return {
    caption: `Median time per message in µs, all sizes together, ${title}`,
    head: ["started (UTC)", "netpairs", "Deno", "OpenSSL", ...jobs.map(({ name }) => name)],
    rows: starts.map((start) => [
      `${formatStart(start)}${start.isOwn ? " (this report)" : ""}`,
      start.line.version,
      start.line.deno,
      start.line.openssl ?? units.NONE,
      ...jobs.map(({ times }) =>
        units.formatNumber(times.find((time) => time.start === start)?.us)
      ),
    ]),
  };
}

function formatStart({ line }: Start): string {
  return line.startedAt.replace("T", " ").slice(0, 19);
}

/** Which machine has which number, where there are several. */
function machinesTable(jobs: readonly TimedJob[]): Table[] {
  const lines = new Map(jobs.map(({ job, times }) => [job.machine, times[0]!.start.line]));
  if (lines.size < 2) return [];
  return [{
    ...{ caption: "Machines of the history", isText: true },
    head: ["number", "machine", "system", "processor", "cores"],
    rows: [...lines].sort(([a], [b]) => a - b).map(([number, line]) => [
      String(number + 1),
      line.hostname ?? units.NONE,
      `${line.os} ${line.arch}`,
      line.cpu ?? units.NONE,
      line.cores > 0 ? String(line.cores) : units.NONE,
    ]),
  }];
}
