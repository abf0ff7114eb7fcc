/**
 * What a handshake takes: time, round trips, bytes and datagrams.
 *
 * @module
 */
import type { HandshakeCounts } from "../../../common/model/protocol.ts";
import { NETWORKS_MS, onNetworkUs } from "../../../common/measure/on_network.ts";
import { ALL_SIZES } from "../all_sizes.ts";
import { drawChart, type Ink } from "../chart.ts";
import {
  type Bar,
  barsChart,
  type Cost,
  costChart,
  heightOf,
  lengthOf,
} from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { failureOf, withFailure } from "../failures.ts";
import { figureOf, type Pick } from "../figures.ts";
import { median } from "../inference.ts";
import { type Job, sizesOf } from "../jobs.ts";
import { formatPlain } from "../scales.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

const WORDS = "Round trips are how often the client waited for the server before its first " +
  "message could leave; on a network, each of them takes what the network takes. Bytes are those " +
  "of TLS and DTLS, without the headers of TCP, UDP and IP. A stream has no datagrams, so TLS has " +
  "no number of them.";

const TRACED =
  "Bytes are those of whole records here; the section on the messages of a handshake " +
  "counts them without the headers of records, which makes them fewer.";

const READING = "Marks: the median of the handshake's own time, without connecting; lines: nine " +
  "of ten. Hollow marks: the session was resumed.";

const [NEAR_MS, FAR_MS] = NETWORKS_MS;

const ON_NETWORK = `What it would take on a network whose round-trip time is ${NEAR_MS} or ` +
  `${FAR_MS} ms is computed, not measured: the time on this machine, and that of each round trip. ` +
  "TLS has TCP's connect before it, which is one more round trip, and counted here. Loss, " +
  "bandwidth and TCP's slow start are left out.";

const NO_TIMES =
  "Of a connection for many messages the handshake belongs to the first one, which " +
  "is warm-up: there are no times of it.";

/** What is known of one lane's handshake. */
interface Handshake extends Cost {
  name: string;
  counts: HandshakeCounts | null;
  /** Until the client can send, on two networks, computed; null where that cannot be. */
  nearUs: number | null;
  farUs: number | null;
}

type SeenHandshake = Omit<Handshake, "nearUs" | "farUs">;

/**
 * The section; null where there are no handshakes.
 *
 * @param jobs of all modes
 */
export function handshakeSection(jobs: readonly Job[]): Section | null {
  const lanes = lanesOf(jobs);
  const timed = lanes.filter(({ p50, note }) => p50 !== null || note);
  const isTimed = timed.some(({ p50 }) => p50 !== null);
  const counted = lanes.flatMap((lane) => lane.counts ? [barOf(lane, lane.counts)] : []);
  const charts = [
    ...(isTimed ? [timeChart(timed)] : []),
    ...(counted.length > 0 ? [bytesChart(counted)] : []),
  ];
  if (charts.length === 0) return null;
  return {
    id: "handshake",
    title: "The handshake",
    paragraphs: [WORDS, ...(isTraced(jobs) ? [TRACED] : []), ...sayOnNetwork(lanes)],
    picture: {
      charts,
      caption: isTimed ? READING : NO_TIMES,
      tables: [handshakeTable(lanes)],
      open: true,
    },
  };
}

function isTraced(jobs: readonly Job[]): boolean {
  return jobs.some(({ rounds }) => rounds.some(({ run }) => (run.handshakes?.length ?? 0) > 0));
}

/** Each lane once: as it was seen in the mode that has the most handshakes. */
function lanesOf(jobs: readonly Job[]): Handshake[] {
  const lanes = new Map<string, SeenHandshake>();
  for (const job of jobs) {
    if (job.role !== "client" || (job.protocol !== "tls" && job.protocol !== "dtls")) continue;
    const name = nameOf(job, jobs);
    const [p50, p90] = (["p50", "p90"] as const).map((figure) =>
      figureOfAll(job, ({ result }) => result.steps.handshake?.[figure])
    );
    const lane = { job, name, p50: p50!, p90: p90!, counts: countsOf(job), note: failureOf(job) };
    const known = lanes.get(name);
    if (!known || (known.p50 === null && p50 !== null)) lanes.set(name, lane);
    else known.counts ??= lane.counts;
  }
  return [...lanes.values()].map((lane) => ({ ...lane, ...onNetworks(lane) }));
}

/** With what the lane has before the handshake, which is TCP's connect. */
function onNetworks({ job, p50, counts }: SeenHandshake) {
  const connectUs = figureOfAll(job, ({ result }) => result.steps.connect?.p50) ?? 0;
  const [nearUs = null, farUs = null] = NETWORKS_MS.map((networkMs) =>
    p50 === null || counts === null
      ? null
      : onNetworkUs(p50 + connectUs, counts.roundTrips, job.protocol, networkMs)
  );
  return { nearUs, farUs };
}

/** How it is computed, and what that comes to on the first lane. */
function sayOnNetwork(lanes: readonly Handshake[]): string[] {
  const first = lanes.find(({ nearUs }) => nearUs !== null);
  if (!first) return [];
  const { name, nearUs, farUs } = first;
  return [
    `${ON_NETWORK} ${name} would take about ${
      units.formatDuration(nearUs)
    } at ${NEAR_MS} ms, and ` +
    `${units.formatDuration(farUs)} at ${FAR_MS} ms.`,
  ];
}

/** Of all sizes together; where that is not known, the median over the sizes. */
function figureOfAll(job: Job, pick: Pick): number | null {
  const { value } = figureOf(job, ALL_SIZES, pick);
  if (value !== null) return value;
  const values = sizesOf([job]).flatMap((sizeBytes) => figureOf(job, sizeBytes, pick).value ?? []);
  return values.length > 0 ? median(values) : null;
}

/** The first round that has them speaks for all. */
function countsOf({ resume, rounds }: Job): HandshakeCounts | null {
  for (const { run: { security } } of rounds) {
    const counts = resume ? security?.resumedHandshake : security?.handshake;
    if (counts) return counts;
  }
  return null;
}

function timeChart(lanes: readonly Handshake[]) {
  const range = lanes.flatMap(({ p50, p90 }) => [p50, p90]);
  const told = lanes.map(({ name, p50, note }) =>
    `${name} ${p50 === null ? note : units.formatDuration(p50)}`
  );
  return drawChart({
    id: "handshake-time",
    title: "Time of a handshake",
    description: `Median time of a handshake: ${units.listOf(told)}.`,
    height: heightOf(lanes.length),
    option: costChart(lanes, range, "time of the handshake"),
  });
}

function barOf({ job, name }: Handshake, counts: HandshakeCounts): Bar & { name: string } {
  const { roundTrips, bytesSent, bytesReceived } = counts;
  const text = units.formatBytes(bytesSent + bytesReceived);
  return { job, name, parts: [bytesSent, bytesReceived], text, more: sayRoundTrips(roundTrips) };
}

function sayRoundTrips(count: number): string {
  return count === 1 ? "1 round trip" : `${count} round trips`;
}

/** What a bar is made of. */
const SENDERS: readonly { name: string; ink: Ink }[] = [
  { name: "from the client", ink: "client" },
  { name: "from the server", ink: "server" },
];

function bytesChart(rows: readonly (Bar & { name: string })[]) {
  return drawChart({
    id: "handshake-bytes",
    title: "Bytes and round trips of a handshake",
    description: `Bytes of both ends and round trips: ${
      units.listOf(rows.map(({ name, text, more }) => `${name} ${text} in ${more}`))
    }.`,
    height: heightOf(rows.length, SENDERS.map(({ name }) => name)),
    option: barsChart(rows, {
      parts: SENDERS,
      axis: "bytes",
      tell: formatPlain,
      range: rows.map(lengthOf),
    }),
  });
}

function handshakeTable(lanes: readonly Handshake[]): Table {
  return {
    caption:
      "A handshake, as the client saw it: times are medians over rounds, counts are of one; " +
      `what it would take at ${NEAR_MS} and ${FAR_MS} ms a round trip is computed`,
    head: [
      ...["lane", "p50 µs", "p90 µs"],
      ...NETWORKS_MS.map((networkMs) => `at ${networkMs} ms`),
      ...["round trips", "bytes sent", "bytes received"],
      ...["datagrams sent", "datagrams received"],
    ],
    rows: lanes.map(({ job, name, p50, p90, counts, nearUs, farUs }) => {
      const datagrams = job.protocol === "dtls" ? counts : null;
      return [
        withFailure(name, job),
        ...[p50, p90].map(units.formatNumber),
        ...[nearUs, farUs].map(units.formatDuration),
        ...[counts?.roundTrips, counts?.bytesSent, counts?.bytesReceived].map(units.formatCount),
        ...[datagrams?.datagramsSent, datagrams?.datagramsReceived].map(units.formatCount),
      ];
    }),
  };
}
