/**
 * The table at the end of run_all.
 *
 * @module
 */
import type { RunResult } from "../common/result.ts";
import { formatTable, formatUs } from "../common/table.ts";
import type { LaneReport } from "./lane_run.ts";

const HEAD = [
  "lane",
  "messages",
  "lost",
  "resumed",
  "p50 us",
  "p90 us",
  "p99 us",
  "handshake p50 us",
  "total s",
  "version",
  "cipher",
];

/** One row a lane: its client's figures, or its server's where only that ran here. */
export function formatReports(
  reports: readonly LaneReport[],
  side: "both" | "server" | "client",
): string {
  const role = side === "server" ? "server" : "client";
  const rows = reports.map((report) => rowOf(report, role));
  return formatTable([HEAD, ...rows]);
}

function rowOf(report: LaneReport, role: string): string[] {
  const { job, totals } = report;
  const run = report.runs.find((run) => run.role === role);
  const message = totals?.message.summary();
  const seconds = totals && totals.elapsedUs > 0 ? (totals.elapsedUs / 1e6).toFixed(2) : "-";
  return [
    job.name,
    run ? countsOf(run) : "-",
    String(sum(run, (size) => size.lost) ?? "-"),
    job.resume ? String(sum(run, (size) => size.resumed) ?? "-") : "-",
    ...[message?.p50, message?.p90, message?.p99].map(formatUs),
    formatUs(totals?.steps.handshake?.summary().p50),
    seconds,
    run?.security?.version ?? "-",
    run?.security?.cipher ?? "-",
  ];
}

/** Answered of sent. */
function countsOf(run: RunResult): string {
  const sent = sum(run, (size) => size.sent);
  const answered = sum(run, (size) => size.answered);
  return `${answered ?? "-"}/${sent ?? "-"}`;
}

function sum(
  run: RunResult | undefined,
  count: (size: RunResult["sizes"][number]) => number | null,
): number | null {
  const counts = run?.sizes.map(count) ?? [];
  if (counts.length === 0 || counts.includes(null)) return null;
  return counts.reduce<number>((total, count) => total + count!, 0);
}
