/**
 * Handshakes as sequence diagrams, for a terminal of 80 columns.
 *
 * @module
 */
import {
  type Flight,
  type FlightMessage,
  flightsOf,
  roundTripsOf,
} from "../measure/handshake_flights.ts";
import type { RunResult } from "../measure/result.ts";
import type { TracedHandshake } from "../measure/traced_handshake.ts";
import { type HandshakeFacts, purposeOf } from "./message_purpose.ts";
import { COLUMNS } from "./wrap.ts";

/** Columns of the time, and between the lines of the two ends. */
const TIME_COLUMNS = 9;
const ARROW_COLUMNS = 26;

/** So many messages are drawn: loss can make hundreds. */
const MAX_DRAWN = 60;

/** Stands before what a message is for that mutual authentication adds. */
const MUTUAL = "* ";

/**
 * Draws a run's first handshake and its first resumed one, as far as they are there.
 *
 * @returns lines, an empty one before each diagram; empty for a run without `--trace`
 */
export function drawHandshakes({ handshakes = [], role, lane }: RunResult): string {
  const first = handshakes[0];
  const resumed = handshakes.find((handshake) => handshake.resumed);
  const drawn: string[] = [];
  if (first && first !== resumed) {
    drawn.push(drawHandshake(first, role, `${lane}: first handshake`));
  }
  if (resumed) drawn.push(drawHandshake(resumed, role, `${lane}: first resumed handshake`));
  return drawn.map((diagram) => `\n${diagram}`).join("");
}

/**
 * Draws one handshake.
 *
 * @param role whose trace it is: its clock is the one shown
 * @param title stands above it
 * @returns lines of at most 80 characters
 */
export function drawHandshake(
  { events }: TracedHandshake,
  role: RunResult["role"],
  title: string,
): string {
  const flights = flightsOf(events, role);
  const facts = {
    is13: events.some(({ name }) => name === "EncryptedExtensions"),
    parts: partsOf(events),
  };
  const lines = [title, summaryOf(flights), ""];
  const head = `client${" ".repeat(ARROW_COLUMNS - 12)}server`;
  lines.push(`${"us".padStart(TIME_COLUMNS)} ${head}`);
  let drawn = 0;
  let asked: HandshakeFacts["asked"] = null;
  for (const [i, flight] of flights.entries()) {
    lines.push(rule(flight, i, flights[i - 1]));
    for (const message of flight.messages) {
      if (++drawn <= MAX_DRAWN) lines.push(lineOf(message, { ...facts, asked }));
      const { name } = message;
      if (name === "HelloVerifyRequest" || name === "HelloRetryRequest") asked = name;
    }
    if (drawn > MAX_DRAWN) break;
  }
  if (events.length > MAX_DRAWN) lines.push(`... and ${events.length - MAX_DRAWN} more`);
  if (flights.some(({ messages }) => messages.some(({ isMutual }) => isMutual))) {
    lines.push(`${MUTUAL}only because the client shows a certificate, too (mutual authentication)`);
  }
  return `${lines.join("\n")}\n`;
}

/** What the picture comes to. */
function summaryOf(flights: readonly Flight[]): string {
  const handshake = flights.filter(({ isLater }) => !isLater);
  const messages = handshake.flatMap(({ messages }) => messages);
  const bytes = messages.reduce((sum, message) => sum + message.bytes, 0);
  const again = messages.filter(({ retransmission }) => retransmission).length;
  const trips = roundTripsOf(flights);
  const end = isComplete(messages) ? "before the client can send data" : "and not complete";
  return [
    `${trips} round trip${trips === 1 ? "" : "s"} ${end}`,
    `${messages.length} messages, ${bytes} bytes`,
    ...(again > 0 ? [`${again} sent again`] : []),
  ].join("; ");
}

/** Whether both ends have said that they are through. */
function isComplete(messages: readonly FlightMessage[]): boolean {
  const finished = messages.filter(({ name }) => name === "Finished");
  return new Set(finished.map(({ fromClient }) => fromClient)).size === 2 &&
    !messages.some(({ kind, name }) => kind === "alert" && name !== "close_notify");
}

/** The line above a flight. */
function rule(flight: Flight, i: number, before: Flight | undefined): string {
  const what = !flight.isLater
    ? `flight ${i + 1}, the ${flight.fromClient ? "client" : "server"}'s`
    : before?.isLater
    ? `the ${flight.fromClient ? "client" : "server"}`
    : "the handshake is over: data";
  const trip = flight.roundTrip === null ? "" : `: round trip ${flight.roundTrip} is complete`;
  return `${"-".repeat(TIME_COLUMNS)} ${what}${trip} `.padEnd(COLUMNS, "-");
}

interface DrawnFacts extends HandshakeFacts {
  /** Messages that were sent in parts. */
  parts: ReadonlySet<string>;
}

/** One message: its time, its arrow, what it is for. */
function lineOf(message: FlightMessage, facts: DrawnFacts): string {
  const { us, fromClient, name, fragment, retransmission, isMutual } = message;
  const shaft = ARROW_COLUMNS - 4 - name.length - 2;
  const long = "-".repeat(Math.max(shaft, 1));
  const arrow = fromClient ? `|- ${name} ${long}>|` : `|<${long} ${name} -|`;
  const part = fragment !== null && fragment[0] > 0 && facts.parts.has(keyOf(message))
    ? `from byte ${fragment[0]} on`
    : "";
  const note = retransmission ? `sent again ${part}` : part || purposeOf(message, facts);
  const line = `${String(us).padStart(TIME_COLUMNS)} ${arrow} ${isMutual ? MUTUAL : ""}${note}`;
  return line.slice(0, COLUMNS).trimEnd();
}

/** Messages of which several different parts have passed. */
function partsOf(events: TracedHandshake["events"]): Set<string> {
  const seen = new Map<string, number>();
  const inParts = new Set<string>();
  for (const event of events) {
    if (event.fragment === null) continue;
    const key = keyOf(event);
    const from = seen.get(key);
    if (from !== undefined && from !== event.fragment[0]) inParts.add(key);
    else seen.set(key, event.fragment[0]);
  }
  return inParts;
}

function keyOf({ direction, messageSeq }: Pick<FlightMessage, "direction" | "messageSeq">): string {
  return `${direction} ${messageSeq}`;
}
