/**
 * The table at the end of a run.
 *
 * @module
 */
import type { Recorder } from "../measure/recorder.ts";
import type { Discarded, RunResult, SizeResult } from "../measure/result.ts";
import { formatTable, formatUs } from "./table.ts";

/** Lane, role, what was agreed on, and a row for each size. */
export function summaryOf(result: RunResult, recorder: Recorder): string {
  const { lane, role, reply, security, sizes, discarded } = result;
  if (discarded) return `${lane} ${role}\n${formatTable(discardRows(discarded))}`;
  const hasP999 = sizes.some(({ messageUs }) => messageUs.p999 !== undefined);
  const times = ["p50 us", "p90 us", "p99 us", ...(hasP999 ? ["p99.9 us"] : []), "max us"];
  const rates = ["messages/s", "MB/s", "duplicates", "reordered", "delay p50 us"];
  const hasRates = role === "server" && !reply;
  const isTimed = sizes.some(({ seconds }) => seconds !== undefined);
  const head = ["bytes", "messages", "lost", ...(hasRates ? rates : times)];
  if (isTimed) head.push("seconds");
  const row = (size: SizeResult) => [
    String(size.sizeBytes),
    String(size.sent ?? recorder.exchanged(size.sizeBytes)),
    String(size.lost ?? "-"),
    ...(hasRates ? ratesOf(size) : timesOf(size, hasP999)),
    ...(isTimed ? [size.seconds?.toFixed(3) ?? "-"] : []),
  ];
  const agreed = security ? `, ${security.version} ${security.cipher}` : "";
  return `${lane} ${role}${agreed}\n${formatTable([head, ...sizes.map(row)])}`;
}

function discardRows({ bytes, seconds }: Discarded): string[][] {
  const rate = seconds ? (bytes / seconds / 1e6).toFixed(1) : "-";
  return [["bytes", "seconds", "MB/s"], [String(bytes), seconds?.toFixed(3) ?? "-", rate]];
}

function timesOf(
  { messageUs: { p50, p90, p99, p999, max } }: SizeResult,
  hasP999: boolean,
): string[] {
  return [p50, p90, p99, ...(hasP999 ? [p999] : []), max].map(formatUs);
}

/** A one-way server's own times are its waits for the client: what came, and how fast, counts. */
function ratesOf({ oneWay }: SizeResult): string[] {
  return [
    oneWay?.messagesPerSecond?.toFixed(0) ?? "-",
    oneWay?.megabytesPerSecond?.toFixed(1) ?? "-",
    String(oneWay?.duplicates ?? "-"),
    String(oneWay?.reordered ?? "-"),
    formatUs(oneWay?.delayUs?.p50),
  ];
}
