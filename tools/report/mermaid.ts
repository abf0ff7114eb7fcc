/**
 * Traced handshakes as Mermaid text, in Markdown that shows them.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { visible } from "../../common/base/visible.ts";
import { drawnHandshakes, sayOpen, summaryOf } from "../../common/cli/handshake_diagram.ts";
import {
  MUTUAL,
  MUTUAL_MEANS,
  type NotedFlight,
  notedHandshake,
  type NotedMessage,
} from "../../common/cli/handshake_notes.ts";
import { bytesOf, openingFlight } from "../../common/measure/handshake_flights.ts";
import type { RunResult } from "../../common/measure/result.ts";
import type { TracedHandshake } from "../../common/measure/traced_handshake.ts";
import type { Source } from "./jobs.ts";
import { escapeMarkdown } from "./markdown.ts";
import { formatBytes, listOf } from "./units.ts";
import { flightDatagrams, sayDatagrams, tracedRuns, versionOf } from "./handshake_shapes.ts";

/**
 * The first handshake of each lane, and its first resumed one: for each a heading, and a sequence
 * diagram in a block of code.
 *
 * @throws {UsageError} where there is none
 */
export function mermaidOf(sources: readonly Source[]): string {
  const lanes = new Map<string, string>();
  for (const run of tracedRuns(sources.flatMap(({ document }) => document.runs))) {
    for (const { what, handshake } of drawnHandshakes(run)) {
      const title = `${run.lane}, ${versionOf(run)}: ${what}`;
      if (!lanes.has(title)) lanes.set(title, mermaidDiagram(handshake, run, title));
    }
  }
  if (lanes.size === 0) {
    throw new UsageError(
      `--mermaid: no handshake was traced in ${
        listOf(sources.map(({ path }) => visible(path)))
      }; run ` +
        "lanes with --trace, or name the folder of an older run",
    );
  }
  return [...lanes].map(([title, text]) =>
    `## ${escapeMarkdown(visible(title))}\n\n\`\`\`mermaid\n${text}\`\`\`\n`
  )
    .join("\n");
}

/**
 * One handshake.
 *
 * @param run whose it is
 * @param title stands above it
 * @returns lines of a sequenceDiagram: mermaid.js.org/syntax/sequenceDiagram.html
 */
export function mermaidDiagram(
  handshake: TracedHandshake,
  run: Pick<RunResult, "protocol" | "role" | "clients" | "security">,
  title: string,
): string {
  const noted = notedHandshake(handshake, run.role);
  const { flights, left, resumption } = noted;
  const datagrams = flightDatagrams(noted, run, handshake.resumed);
  const opening = openingFlight(flights);
  const lines = [
    ...["sequenceDiagram", `title ${escape(title)}`],
    ...["participant C as client", "participant S as server"],
    noteOver(summaryOf(flights).join("; ")),
    ...flights.flatMap((flight, i) => [
      ...(flight.wait === null ? [] : [noteOver(`the client ${flight.wait}`)]),
      ...headOf(flight, datagrams[i] ?? null).map(noteOver),
      ...flight.messages.map(arrowOf),
      ...(flight.roundTrip === null
        ? []
        : [noteOver(`round trip ${flight.roundTrip} is complete`)]),
      ...(i === opening ? [noteOver(sayOpen(flights))] : []),
    ]),
    ...(left > 0 ? [noteOver(`... and ${left} more`)] : []),
    ...(flights.some(({ messages }) => messages.some(({ isMutual }) => isMutual))
      ? [noteOver(`${MUTUAL}${MUTUAL_MEANS}`)]
      : []),
    ...(resumption === null ? [] : [noteOver(resumption)]),
  ];
  const [first, ...rest] = lines;
  return `${first}\n${rest.map((line) => `    ${line}\n`).join("")}`;
}

/** Data goes to and fro without a note for each. */
function headOf(flight: NotedFlight, datagrams: number | null): string[] {
  const { title, isLater } = flight;
  return isLater ? [] : [`${title}: ${formatBytes(bytesOf(flight))}${sayDatagrams(datagrams)}`];
}

function noteOver(text: string): string {
  return `Note over C,S: ${escape(text)}`;
}

/** What is sent again has a dotted line. */
function arrowOf(
  { fromClient, name, note, bytes, isMutual, retransmission }: NotedMessage,
): string {
  const line = retransmission ? "-->>" : "->>";
  const ends = fromClient ? `C${line}S` : `S${line}C`;
  const more = note === "" ? "" : `: ${note}`;
  return `${ends}: ${escape(`${isMutual ? MUTUAL : ""}${name} (${formatBytes(bytes)})${more}`)}`;
}

/** A text that Mermaid shows as it is: whatever may mean something is the number of its character. */
function escape(text: string): string {
  return visible(text).replace(/\s+/g, " ").replace(
    /[^\p{L}\p{N} .,:()'*_+?=-]/gu,
    (sign) => `#${sign.codePointAt(0)};`,
  );
}
