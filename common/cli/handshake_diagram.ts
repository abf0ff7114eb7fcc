/**
 * Handshakes as sequence diagrams, for a terminal of 80 columns.
 *
 * @module
 */
import {
  bytesOf,
  type Flight,
  flightsOf,
  openingFlight,
  openingUs,
  roundTripsOf,
} from "../measure/handshake_flights.ts";
import { NETWORKS_MS, onNetworkUs } from "../measure/on_network.ts";
import type { RunResult } from "../measure/result.ts";
import type { TracedHandshake } from "../measure/traced_handshake.ts";
import {
  MUTUAL,
  MUTUAL_MEANS,
  type NotedFlight,
  notedHandshake,
  type NotedMessage,
} from "./handshake_notes.ts";
import { overDatagrams, sayRoundTrips } from "./round_trips.ts";
import { COLUMNS } from "./wrap.ts";

/** Columns of the time, and between the lines of the two ends. */
const TIME_COLUMNS = 9;
const ARROW_COLUMNS = 26;

/**
 * The handshakes of a run that are drawn, with what each of them is. Where the first one failed, as a
 * stranger's, the first complete one is in its place.
 */
export function drawnHandshakes(
  { handshakes = [], role }: Pick<RunResult, "handshakes" | "role">,
): { what: string; handshake: TracedHandshake }[] {
  const isComplete = ({ events }: TracedHandshake) => openingFlight(flightsOf(events, role)) >= 0;
  const first = handshakes[0];
  const resumed = handshakes.find((handshake) => handshake.resumed);
  const full = first?.resumed ? first : handshakes.find(isComplete) ?? first;
  const what = full === first ? "first handshake" : "first complete handshake";
  return [
    ...(full && full !== resumed ? [{ what, handshake: full }] : []),
    ...(resumed ? [{ what: "first resumed handshake", handshake: resumed }] : []),
  ];
}

/**
 * Draws a run's first handshake and its first resumed one, as far as they are there.
 *
 * @returns lines, an empty one before each diagram; empty for a run without `--trace`
 */
export function drawHandshakes(run: RunResult): string {
  const { role, lane } = run;
  return drawnHandshakes(run)
    .map(({ what, handshake }) => `\n${drawHandshake(handshake, role, `${lane}: ${what}`)}`)
    .join("");
}

/**
 * Draws one handshake.
 *
 * @param role whose trace it is: its clock is the one shown
 * @param title stands above it
 * @returns lines of at most 80 characters
 */
export function drawHandshake(
  handshake: Pick<TracedHandshake, "events" | "resumed">,
  role: RunResult["role"],
  title: string,
): string {
  const all = flightsOf(handshake.events, role);
  const { flights, left, resumption } = notedHandshake(handshake, role);
  const head = `client${" ".repeat(ARROW_COLUMNS - 12)}server`;
  const lines = [title, ...summaryOf(all), ...networkLines(all), ""];
  lines.push(`${"us".padStart(TIME_COLUMNS)} ${head}`);
  const opening = openingFlight(flights);
  for (const [i, flight] of flights.entries()) {
    if (flight.wait !== null) lines.push(`${MARGIN}.. ${flight.wait}`);
    lines.push(rule(flight), ...flight.messages.map(lineOf));
    if (i === opening) lines.push(`${MARGIN}=> ${sayOpen(all)}`);
  }
  if (left > 0) lines.push(`... and ${left} more`);
  if (all.some(({ messages }) => messages.some(({ isMutual }) => isMutual))) {
    lines.push(`${MUTUAL}${MUTUAL_MEANS}`);
  }
  if (resumption !== null) lines.push(resumption);
  return `${lines.join("\n")}\n`;
}

/** Of lines that are no messages. */
const MARGIN = " ".repeat(TIME_COLUMNS + 1);

/** Marks when the handshake no longer holds up the client. */
export function sayOpen(flights: readonly Flight[]): string {
  return `after ${sayRoundTrips(flights)} the client can send data`;
}

/** What the picture comes to: what the client waits, and what is sent. */
export function summaryOf(flights: readonly Flight[]): [waits: string, sent: string] {
  const handshake = flights.filter(({ isLater }) => !isLater);
  const messages = handshake.flatMap(({ messages }) => messages);
  const again = messages.filter(({ retransmission }) => retransmission).length;
  const end = openingFlight(flights) < 0
    ? ", and the handshake is not complete"
    : " before the client can send data";
  const count = `${messages.length} ${messages.length === 1 ? "message" : "messages"}`;
  return [
    `${sayRoundTrips(flights)}${end}`,
    `${count}, ${bytesOf({ messages })} bytes${again > 0 ? `; ${again} sent again` : ""}`,
  ];
}

/** What it would take on a network; nothing for a handshake that is not complete. */
function networkLines(flights: readonly Flight[]): string[] {
  const us = openingUs(flights);
  if (us === null) return [];
  const isDatagram = overDatagrams(flights);
  const [near, far] = NETWORKS_MS.map((networkMs) => {
    const all = onNetworkUs(us, roundTripsOf(flights), isDatagram ? "dtls" : "tls", networkMs);
    return Math.round(all / 1000);
  });
  const [nearMs, farMs] = NETWORKS_MS;
  const more = isDatagram ? "" : ", with TCP's connect";
  return [`computed: about ${near} ms at ${nearMs} ms a round trip, ${far} at ${farMs}${more}`];
}

/** The line above a flight. */
function rule({ title, roundTrip }: NotedFlight): string {
  const trip = roundTrip === null ? "" : `: round trip ${roundTrip} is complete`;
  return `${"-".repeat(TIME_COLUMNS)} ${title}${trip} `.padEnd(COLUMNS, "-");
}

/** One message: its time, its arrow, what it is for. */
function lineOf({ us, fromClient, name, isMutual, note }: NotedMessage): string {
  const shaft = ARROW_COLUMNS - 4 - name.length - 2;
  const long = "-".repeat(Math.max(shaft, 1));
  const arrow = fromClient ? `|- ${name} ${long}>|` : `|<${long} ${name} -|`;
  const line = `${String(us).padStart(TIME_COLUMNS)} ${arrow} ${isMutual ? MUTUAL : ""}${note}`;
  return line.slice(0, COLUMNS).trimEnd();
}
