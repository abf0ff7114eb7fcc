/**
 * Which end sends which message of a handshake, and what it has to wait for: of traced runs.
 *
 * @module
 */
import { MUTUAL } from "../../../common/cli/handshake_notes.ts";
import { jobName } from "../../lib/results_folder.ts";
import type { Section, Table } from "../content.ts";
import { drawHandshakeChart } from "../handshake_svg.ts";
import { HANDSHAKES_ID, type Shape, shapesOf } from "../handshake_shapes.ts";
import type { Job } from "../jobs.ts";
import { formatCount, listOf } from "../units.ts";

const WORDS =
  "Time runs from top to bottom, an arrow is a message. What one end sends without waiting for the " +
  "other is a flight, a box. A round trip is a flight of the client's and the server's answer, " +
  "which the client has to wait for: on a network it takes what the network takes, however fast " +
  "the machines are. TCP's connect, one more round trip before TLS begins, is counted and not " +
  "drawn.";

const RESUMED = "A resumed handshake goes on with the secret of a session before, without " +
  "certificates and signatures. TLS 1.2 and DTLS 1.2 make the new keys of that secret alone, which " +
  "saves a round trip. TLS 1.3 exchanges new key shares as well, so its one round trip stays.";

const READING =
  "Each handshake once, whatever lanes have it. Bytes are those of the messages, without the " +
  "headers of their records, which the section on what a handshake takes counts, too; datagrams of " +
  "a flight are told where the handshake's sums leave no doubt. After the handshake the first data " +
  "each way and the tickets are drawn, and close_notify, the end, is not. Runs were traced, which " +
  "makes their handshakes slower.";

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
    id: HANDSHAKES_ID,
    title: "The messages of a handshake",
    paragraphs: [WORDS, shapes.some(({ resumed }) => resumed) ? RESUMED : howToResume(shapes[0]!)],
    picture: {
      charts: charts.filter(({ shapes }) => shapes.length > 0).map(drawHandshakeChart),
      caption: READING,
      tables: [flightsTable(shapes)],
      open: false,
    },
  };
}

function howToResume({ lanes: [lane] }: Shape): string {
  return "None of these lanes resumes sessions. To see a resumed handshake, too, name one that " +
    `does: --lanes ${jobName(lane!, true)}; of a pair, give the client --resume.`;
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
