/**
 * Traced handshakes by what they look like: lanes whose messages are the same share a picture.
 *
 * @module
 */
import { drawnHandshakes } from "../../common/cli/handshake_diagram.ts";
import {
  type NotedFlight,
  type NotedHandshake,
  notedHandshake,
} from "../../common/cli/handshake_notes.ts";
import {
  bytesOf,
  datagramsOf,
  flightsOf,
  openingFlight,
} from "../../common/measure/handshake_flights.ts";
import { sayRoundTrips } from "../../common/cli/round_trips.ts";
import type { RunResult } from "../../common/measure/result.ts";
import type { TracedHandshake } from "../../common/measure/traced_handshake.ts";

/** Of the page's section that shows them. */
export const HANDSHAKES_ID = "handshake-messages";

/** A flight with what it took. */
export interface ShapeFlight extends NotedFlight {
  /** From 1. */
  number: number;
  bytes: number;
  /** DTLS: null where that is not known. */
  datagrams: number | null;
}

/** What a handshake looks like. */
export interface Shape {
  /** "DTLS 1.2, resumed". */
  title: string;
  resumed: boolean;
  /** Those of the handshake, and what follows it: the first application data each way, tickets. */
  flights: ShapeFlight[];
  /** After which flight the client can send data; -1 where the handshake is not complete. */
  opening: number;
  /** "1 round trip + 1 of TCP's connect" */
  roundTrips: string;
  /** DTLS, of both ends; null where that is not known. */
  datagrams: number | null;
  /** Messages that are too many to be drawn. */
  left: number;
  /** Names of the lanes that have it, in their order. */
  lanes: string[];
}

/** Runs whose handshakes were traced; servers' only where there are no clients'. */
export function tracedRuns(runs: readonly RunResult[]): RunResult[] {
  const traced = runs.filter(({ handshakes = [] }) => handshakes.length > 0);
  const clients = traced.filter(({ role }) => role === "client");
  return clients.length > 0 ? clients : traced;
}

/**
 * The shapes of lanes' first handshakes and first resumed ones: full ones first. Of a lane's rounds
 * the first one counts, as with loss each may look different.
 */
export function shapesOf(runs: readonly RunResult[]): Shape[] {
  const shapes = new Map<string, Shape>();
  const known = new Set<string>();
  for (const run of tracedRuns(runs)) {
    for (const { what, handshake } of drawnHandshakes(run)) {
      const of = `${run.lane} ${versionOf(run)} ${what}`;
      if (known.has(of)) continue;
      known.add(of);
      const key = keyOf(handshake, run);
      const shape = shapes.get(key) ?? shapeOf(handshake, run);
      shapes.set(key, shape);
      if (!shape.lanes.includes(run.lane)) shape.lanes.push(run.lane);
    }
  }
  return [...shapes.values()].sort((a, b) => Number(a.resumed) - Number(b.resumed));
}

/** What the sums of a run's handshakes are needed of. */
type CountedRun = Pick<RunResult, "protocol" | "role" | "clients" | "security">;

/** The datagrams of each flight, see {@linkcode datagramsOf}. */
export function flightDatagrams(
  { flights, left }: NotedHandshake,
  run: CountedRun,
  resumed: boolean,
): (number | null)[] {
  const counts = countsOf(run, resumed);
  return counts && left === 0 ? datagramsOf(flights, counts, run.role) : flights.map(() => null);
}

/** Sums that are those of a run's first handshake: of one client alone. */
function countsOf({ protocol, clients, security }: CountedRun, resumed: boolean) {
  if (protocol !== "dtls" || clients !== 1) return null;
  return (resumed ? security?.resumedHandshake : security?.handshake) ?? null;
}

/** Stands after a number of bytes; nothing where datagrams are not known. */
export function sayDatagrams(count: number | null): string {
  return count === null ? "" : `, ${count} ${count === 1 ? "datagram" : "datagrams"}`;
}

/** The same for handshakes with the same messages; tickets come when they come. */
function keyOf({ events, resumed }: TracedHandshake, run: RunResult): string {
  const end = events.findIndex(({ kind }) => kind === "application_data");
  const messages = events.slice(0, end < 0 ? undefined : end)
    .filter(({ name }) => name !== "NewSessionTicket")
    .map(({ direction, name, fragment, retransmission }) => [
      ...[(direction === "sent") === (run.role === "client"), name],
      ...[fragment?.[0] ?? 0, retransmission],
    ]);
  return JSON.stringify([versionOf(run), resumed, messages]);
}

function shapeOf(handshake: TracedHandshake, run: RunResult): Shape {
  const { events, resumed } = handshake;
  const noted = notedHandshake(handshake, run.role);
  const { flights, left } = noted;
  const counts = countsOf(run, resumed);
  const datagrams = flightDatagrams(noted, run, resumed);
  const seen = new Set<boolean>();
  return {
    title: `${versionOf(run)}, ${resumed ? "resumed" : "full"}`,
    ...{ resumed, left, lanes: [] },
    opening: openingFlight(flights),
    datagrams: counts && counts.datagramsSent + counts.datagramsReceived,
    roundTrips: sayRoundTrips(flightsOf(events, run.role)),
    flights: flights.map((flight, i) => ({
      ...flight,
      number: i + 1,
      messages: flight.isLater
        ? flight.messages.filter(({ kind, name, fromClient }) => {
          if (name === "NewSessionTicket") return true;
          const isFirst = kind === "application_data" && !seen.has(fromClient);
          if (isFirst) seen.add(fromClient);
          return isFirst;
        })
        : flight.messages,
      bytes: bytesOf(flight),
      datagrams: datagrams[i] ?? null,
    })).filter(({ messages }) => messages.length > 0),
  };
}

/** "TLS 1.3"; the protocol where no version was agreed on. */
export function versionOf(
  { security, protocol }: Pick<RunResult, "security" | "protocol">,
): string {
  return security?.version?.replace(/^(D?TLS)v/, "$1 ") ?? protocol.toUpperCase();
}
