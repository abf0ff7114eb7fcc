/**
 * What is said beside the messages of a drawn handshake, wherever it is drawn.
 *
 * @module
 */
import { type Flight, type FlightMessage, flightsOf } from "../measure/handshake_flights.ts";
import type { HandshakeMessage } from "../model/handshake_message.ts";
import type { TracedHandshake } from "../measure/traced_handshake.ts";
import type { Role } from "../model/protocol.ts";
import { type HandshakeFacts, purposeOf } from "./message_purpose.ts";
import { awaitedIn } from "./round_trips.ts";

/** So many messages are drawn: loss can make hundreds. */
const MAX_DRAWN = 60;

/** Stands before what mutual authentication adds. */
export const MUTUAL = "* ";

/** What that sign means. */
export const MUTUAL_MEANS =
  "only because the client shows a certificate, too (mutual authentication)";

/** Where the keys of a resumed handshake come from: RFC 8446 2.2, RFC 5246 F.1.4. */
const KEYS_13 = "keys of the old session's secret and new key shares; no certificates";
const KEYS_12 = "keys of the old session's secret alone; no certificates, no key shares";

/** A message with what it is for, or which part of one it is. */
export interface NotedMessage extends FlightMessage {
  note: string;
}

/** A flight of such messages. */
export interface NotedFlight extends Flight {
  /** "flight 1, the client's", or what comes after the handshake. */
  title: string;
  messages: NotedMessage[];
  /** "waits for the cookie ...": why the client waits for it; null where it ends no round trip. */
  wait: string | null;
}

/** A handshake as it is drawn. */
export interface NotedHandshake {
  flights: NotedFlight[];
  /** Messages that are too many to be drawn. */
  left: number;
  /** Where the keys of a resumed one come from; null for a full one. */
  resumption: string | null;
}

/**
 * Cuts a handshake into flights, and says what its messages are for.
 *
 * @param role whose trace it is
 */
export function notedHandshake(
  { events, resumed }: Pick<TracedHandshake, "events" | "resumed">,
  role: Role,
): NotedHandshake {
  const is13 = events.some(({ name }) => name === "EncryptedExtensions");
  const facts: DrawnFacts = {
    ...{ is13, resumed },
    asked: null,
    parts: partsOf(events),
  };
  const flights: NotedFlight[] = [];
  let room = MAX_DRAWN;
  const all = flightsOf(events, role);
  for (const [i, flight] of all.entries()) {
    const messages = flight.messages.slice(0, room).map((message) => {
      const note = noteOf(message, facts);
      const { name } = message;
      if (name === "HelloVerifyRequest" || name === "HelloRetryRequest") facts.asked = name;
      return { ...message, note };
    });
    room -= messages.length;
    const wait = flight.roundTrip === null ? null : `waits for ${awaitedIn(flight, facts)}`;
    if (messages.length > 0) flights.push({ ...flight, title: titleOf(all, i), messages, wait });
  }
  return {
    flights,
    left: Math.max(events.length - MAX_DRAWN, 0),
    resumption: resumed ? `resumed: ${is13 ? KEYS_13 : KEYS_12}` : null,
  };
}

function titleOf(flights: readonly Flight[], i: number): string {
  const { fromClient, isLater } = flights[i]!;
  const who = fromClient ? "the client" : "the server";
  if (!isLater) return `flight ${i + 1}, ${who}'s`;
  return flights[i - 1]?.isLater ? who : "the handshake is over: data";
}

interface DrawnFacts extends HandshakeFacts {
  /** Messages that were sent in parts. */
  parts: ReadonlySet<string>;
}

function noteOf(message: FlightMessage, facts: DrawnFacts): string {
  const { fragment, retransmission } = message;
  const part = fragment !== null && fragment[0] > 0 && facts.parts.has(keyOf(message))
    ? `from byte ${fragment[0]} on`
    : "";
  return retransmission ? `sent again ${part}`.trimEnd() : part || purposeOf(message, facts);
}

/** Messages of which several different parts have passed. */
function partsOf(events: readonly HandshakeMessage[]): Set<string> {
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

function keyOf(
  { direction, messageSeq }: Pick<HandshakeMessage, "direction" | "messageSeq">,
): string {
  return `${direction} ${messageSeq}`;
}
