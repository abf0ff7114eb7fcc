/**
 * Which end sends which message of a handshake, and what it has to wait for: of traced runs.
 *
 * @module
 */
import { MUTUAL } from "../../../common/cli/handshake_notes.ts";
import type { Section, Table } from "../content.ts";
import { drawHandshakeChart } from "../handshake_svg.ts";
import { type Shape, shapesOf } from "../handshake_shapes.ts";
import type { Job } from "../jobs.ts";
import { formatCount, listOf } from "../units.ts";

const WORDS =
  "Time runs from top to bottom, an arrow is a message. What one end sends without waiting for the " +
  "other is a flight, a box. A round trip is a flight of the client's and the server's answer, " +
  "which the client has to wait for: on a network it takes what the network takes, however fast " +
  "the machines are. TCP's connect, one more round trip before TLS begins, is not drawn.";

const READING =
  "Each handshake once, whatever lanes have it. Bytes are those of the messages, without the " +
  "headers of their records; datagrams of a flight are told where the handshake's sums leave no " +
  "doubt. Runs were traced, which makes their handshakes slower.";

/** The section; null where no handshake was traced. */
export function handshakeMessagesSection(jobs: readonly Job[]): Section | null {
  const runs = jobs.flatMap(({ rounds }) => rounds.map(({ run }) => run));
  const shapes = shapesOf(runs);
  if (shapes.length === 0) return null;
  const charts = [
    { id: "handshakes-full", title: "Full handshakes", resumed: false },
    { id: "handshakes-resumed", title: "Resumed handshakes", resumed: true },
  ].map(({ resumed, ...chart }) => ({
    ...chart,
    shapes: shapes.filter((shape) => shape.resumed === resumed),
  }));
  return {
    id: "handshake-messages",
    title: "The messages of a handshake",
    paragraphs: [WORDS],
    picture: {
      charts: charts.filter(({ shapes }) => shapes.length > 0).map(drawHandshakeChart),
      caption: READING,
      tables: [flightsTable(shapes)],
      open: false,
    },
  };
}

function flightsTable(shapes: readonly Shape[]): Table {
  return {
    caption: `Flights of each handshake; ${MUTUAL.trim()} is what a client's certificate adds`,
    head: ["handshake", "flight", "round trip", "bytes", "datagrams", "lanes", "messages"],
    rows: shapes.flatMap(({ title, flights, lanes }) =>
      flights.filter(({ isLater }) => !isLater).map((flight) => [
        title,
        flight.title,
        formatCount(flight.roundTrip),
        String(flight.bytes),
        formatCount(flight.datagrams),
        listOf(lanes),
        flight.messages.map(({ name, isMutual }) => `${isMutual ? MUTUAL : ""}${name}`).join(", "),
      ])
    ),
    isText: true,
  };
}
