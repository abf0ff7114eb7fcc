/**
 * Handshakes as pictures: two lines of life, an arrow a message, flights, round trips.
 *
 * @module
 */
import { MUTUAL, MUTUAL_MEANS, type NotedMessage } from "../../common/cli/handshake_notes.ts";
import { widthOf } from "./axes.ts";
import { type Chart, escapeText, inItsPlace, type View, VIEWS } from "./chart.ts";
import { sayDatagrams, type Shape, type ShapeFlight } from "./handshake_shapes.ts";
import { formatBytes, listOf } from "./units.ts";

/** Pictures beside each other, or below each other where that is too narrow. */
export interface HandshakeChart {
  /** Unique on the page. */
  id: string;
  title: string;
  /** At least one. */
  shapes: readonly Shape[];
}

/** Pixels between pictures. */
const GAP = 18;

/** Of a picture: left of the client's line there is the mark of the round trip. */
const LEFT = 58;
const RIGHT = 24;

/** Pixels of a line of text, by the size of its letters. */
const LINE = 1.35;

/** What is drawn, from `top` down, and where it ends. */
interface Drawn {
  svg: string;
  bottom: number;
}

/** A picture's place, in pixels. */
interface Place {
  left: number;
  width: number;
  view: View;
}

/** Draws handshakes for all views. */
export function drawHandshakeChart(chart: HandshakeChart): Chart {
  return { title: chart.title, svg: VIEWS.map((view) => drawFor(view, chart)).join("\n") };
}

function drawFor(view: View, { id, title, shapes }: HandshakeChart): string {
  const columns = view.name === "narrow" ? 1 : Math.min(Math.max(shapes.length, 2), 3);
  const width = (view.width - (columns - 1) * GAP) / columns;
  const parts: string[] = [];
  let top = 0;
  for (let i = 0; i < shapes.length; i += columns) {
    const row = shapes.slice(i, i + columns).map((shape, column) =>
      drawShape(shape, top, { left: column * (width + GAP), width, view })
    );
    parts.push(...row.map(({ svg }) => svg));
    top = Math.max(...row.map(({ bottom }) => bottom)) + GAP;
  }
  const legend = drawLegend(shapes, top, view);
  const height = Math.ceil(legend.bottom);
  const description = shapes.map(describeShape).join(" ");
  const { attributes, text } = inItsPlace({ id: `${id}-${view.name}`, title, description, view });
  return `<svg ${attributes} width="${view.width}" height="${height}" ` +
    `viewBox="0 0 ${view.width} ${height}" font-size="${view.fontSize}" xmlns="http://www.w3.org/2000/svg">${text}\n` +
    `${parts.join("\n")}\n${legend.svg}\n</svg>`;
}

/** A handshake in words: who sends what, and what it takes. */
export function describeShape({ title, opening, roundTrips, flights }: Shape): string {
  const sent = flights.filter(({ isLater }) => !isLater).map(({ fromClient, messages }) =>
    `${fromClient ? "client" : "server"}: ${listOf(messages.map(({ name }) => name))}`
  );
  return `${title}: ${roundTrips}${endOf(opening)}; ${sent.join("; ")}.`;
}

function endOf(opening: number): string {
  return opening < 0 ? ", not complete" : " before data";
}

function drawShape(shape: Shape, top: number, place: Place): Drawn {
  const { left, width, view: { fontSize } } = place;
  const { title, roundTrips, opening, flights, lanes, datagrams } = shape;
  const [client, server] = [left + LEFT, left + width - RIGHT];
  const line = fontSize * LINE;
  const own = flights.filter(({ isLater }) => !isLater);
  const bytes = own.reduce((sum, flight) => sum + flight.bytes, 0);
  const write = (text: string, lines: number, look: string) =>
    textAt(left, top + lines * line, fit(text, width, place.view), look);
  const parts = [
    write(title, 1, BOLD),
    write(`${roundTrips}${endOf(opening)}`, 2, PLAIN),
    write(`${formatBytes(bytes)}${sayDatagrams(datagrams)}`, 3, PLAIN),
    write(`on ${sayLanes(lanes, width, place.view)}`, 4, QUIET),
  ];
  let y = top + 4.5 * line;
  parts.push(
    textAt(client, y + line, "client", `${PLAIN} text-anchor="middle"`),
    textAt(server, y + line, "server", `${PLAIN} text-anchor="middle"`),
  );
  y += 1.5 * line;
  /** Where the client has begun to wait. */
  let askedAt: number | null = null;
  for (const [i, flight] of flights.entries()) {
    if (flight.wait !== null) {
      askedAt ??= y;
      const wait = drawWait(flight.wait, y, place);
      parts.push(wait.svg);
      y = wait.bottom;
    }
    const drawn = drawFlight(flight, y, place);
    parts.push(drawn.svg);
    if (flight.roundTrip !== null) {
      parts.push(tripMark(flight.roundTrip, left, [askedAt ?? y, drawn.bottom], fontSize));
      askedAt = null;
    } else if (flight.fromClient) askedAt = y;
    y = drawn.bottom + 6;
    if (i !== opening) continue;
    const open = openMark(roundTrips, y, place);
    parts.push(open.svg);
    y = open.bottom;
  }
  if (shape.left > 0) {
    parts.push(textAt(client, y + line, `... and ${shape.left} more`, QUIET));
    y += 1.5 * line;
  }
  return { svg: parts.join("\n"), bottom: y };
}

/** Its card, what it takes, and its messages. */
function drawFlight(flight: ShapeFlight, top: number, place: Place): Drawn {
  const { left, width, view } = place;
  const { messages, isLater } = flight;
  const line = view.fontSize * LINE;
  const head = isLater ? 0 : 1.5 * line;
  const row = 2.55 * line;
  const bottom = top + head + messages.length * row + 4;
  const [client, server] = [left + LEFT, left + width - RIGHT];
  const parts: string[] = [];
  if (!isLater) {
    parts.push(
      `<rect x="${n(left + LEFT - 14)}" y="${n(top)}" width="${n(width - LEFT - RIGHT + 28)}" ` +
        `height="${n(bottom - top)}" rx="6" fill="var(--card)" stroke="var(--grid)"/>`,
      headOf(flight, client - 6, top + line),
    );
  }
  const lifelines = [client, server].map((x) => `M${n(x)} ${n(top + head)}V${n(bottom)}`).join("");
  parts.push(`<path d="${lifelines}" stroke="var(--quiet)" stroke-width="2" fill="none"/>`);
  for (const [i, message] of messages.entries()) {
    parts.push(drawMessage(message, top + head + i * row, client, server, view));
  }
  return { svg: parts.join("\n"), bottom };
}

/** "Flight 4 (server): 1258 bytes, 1 datagram" */
function headOf(flight: ShapeFlight, x: number, y: number): string {
  const { number, fromClient, bytes, datagrams } = flight;
  return `<text x="${n(x)}" y="${n(y)}" ${PLAIN}>` +
    `<tspan font-weight="600">Flight ${number} (${fromClient ? "client" : "server"})</tspan>: ` +
    `${formatBytes(bytes)}${sayDatagrams(datagrams)}</text>`;
}

/** Its name above the arrow, what it is for below. */
function drawMessage(
  message: NotedMessage,
  top: number,
  client: number,
  server: number,
  view: View,
): string {
  const { fromClient, name, note, isMutual, retransmission } = message;
  const line = view.fontSize * LINE;
  const [from, to] = fromClient ? [client + 1, server - 1] : [server - 1, client + 1];
  const y = top + line + 4;
  const room = server - client - 12;
  const colour = isMutual ? MUTUAL_COLOUR : "var(--text)";
  const middle = (client + server) / 2;
  const shown = (text: string, at: number, look: string) =>
    text === "" ? "" : textAt(middle, at, fit(text, room, view), `${look} text-anchor="middle"`);
  return [
    shown(`${isMutual ? MUTUAL : ""}${name}`, y - 5, `fill="${colour}"`),
    arrow(from, to, y, colour, retransmission),
    shown(note, y + line - 1, QUIET),
  ].join("");
}

function arrow(from: number, to: number, y: number, colour: string, isDashed: boolean): string {
  const back = to > from ? -9 : 9;
  const dashes = isDashed ? ' stroke-dasharray="7 4"' : "";
  return `<path d="M${n(from)} ${n(y)}H${n(to + back)}" stroke="${colour}" stroke-width="2" ` +
    `fill="none"${dashes}/>` +
    `<path d="M${n(to)} ${n(y)}l${back} -5v10z" fill="${colour}"/>`;
}

/** A bracket from the client's question to the server's answer. */
function tripMark(
  number: number,
  left: number,
  [from, to]: readonly [number, number],
  fontSize: number,
): string {
  const [x, y] = [left + 32, (from + to) / 2];
  const textX = x - fontSize * 0.6;
  return `<path d="M${n(x + 10)} ${n(from + 2)}H${n(x)}V${n(to - 2)}H${n(x + 10)}" ` +
    `stroke="var(--tcp)" stroke-width="3" fill="none"/>` +
    textAt(
      textX,
      y,
      `round trip ${number}`,
      `fill="var(--tcp)" font-weight="600" text-anchor="middle" ` +
        `transform="rotate(-90 ${n(textX)} ${n(y)})"`,
    );
}

/** From here on nothing of the handshake holds up the client. */
function openMark(roundTrips: string, top: number, { left, width, view }: Place): Drawn {
  const line = view.fontSize * LINE;
  const words = `After ${roundTrips} the client can send data`;
  const lines = broken(words, width, view).map((text, i) =>
    textAt(left + 4, top + (i + 1.3) * line, text, 'fill="var(--udp)" font-weight="600"')
  );
  const y = top + (lines.length + 0.75) * line;
  const path = `<path d="M${n(left)} ${n(y)}h${n(width)}" stroke="var(--udp)" ` +
    'stroke-width="3" fill="none"/>';
  return { svg: lines.join("") + path, bottom: y + 0.45 * line };
}

/** Why the client waits, between what it has sent and the answer. */
function drawWait(wait: string, top: number, { left, width, view }: Place): Drawn {
  const line = view.fontSize * LINE;
  const lines = broken(`The client ${wait}`, width - LEFT, view).map((text, i) =>
    textAt(left + LEFT - 10, top + (i + 0.8) * line, text, 'fill="var(--tcp)"')
  );
  return { svg: lines.join("\n"), bottom: top + lines.length * line + 6 };
}

/** What the signs mean, as far as there are any. */
function drawLegend(shapes: readonly Shape[], top: number, view: View): Drawn {
  const messages = shapes.flatMap(({ flights }) => flights.flatMap(({ messages }) => messages));
  const items: [colour: string, isDashed: boolean, text: string][] = [
    ...(messages.some(({ isMutual }) => isMutual)
      ? [[MUTUAL_COLOUR, false, `${MUTUAL}${MUTUAL_MEANS}`] as const]
      : []),
    ...(messages.some(({ retransmission }) => retransmission)
      ? [["var(--text)", true, "sent again: no answer had come"] as const]
      : []),
  ].map(([colour, isDashed, text]) => [colour, isDashed, text]);
  const line = view.fontSize * LINE;
  let y = top;
  const parts = items.map(([colour, isDashed, text]) => {
    const lines = broken(text, view.width - 64, view);
    const svg = arrow(4, 48, y + line * 0.75, colour, isDashed) +
      lines.map((part, i) => textAt(60, y + (i + 1) * line, part, PLAIN)).join("");
    y += (lines.length + 0.4) * line;
    return svg;
  });
  return { svg: parts.join("\n"), bottom: y };
}

const PLAIN = 'fill="var(--text)"';
const BOLD = `${PLAIN} font-weight="700"`;
const QUIET = 'fill="var(--quiet)"';
const MUTUAL_COLOUR = "var(--tls)";

/** The texts of a drawing have its view's size, which the drawing itself says. */
function textAt(x: number, y: number, text: string, look: string): string {
  return `<text x="${n(x)}" y="${n(y)}" ${look}>${escapeText(text)}</text>`;
}

/** Texts of words are narrower than {@linkcode widthOf} takes them for. */
const WORDS_ARE = 0.9;

/** A text that is not wider than that; what is cut off is three dots. */
function fit(text: string, width: number, view: View): string {
  const room = Math.floor(width / (widthOf("x".repeat(100), view) * WORDS_ARE / 100));
  return text.length <= room ? text : `${text.slice(0, Math.max(room - 3, 0))}...`;
}

/** As many names as there is room for. */
function sayLanes(lanes: readonly string[], width: number, view: View): string {
  for (let shown = lanes.length; shown > 1; shown--) {
    const left = lanes.length - shown;
    const text = listOf([...lanes.slice(0, shown), ...(left > 0 ? [`${left} more`] : [])]);
    if (fit(`on ${text}`, width, view) === `on ${text}`) return text;
  }
  return listOf([lanes[0]!, ...(lanes.length > 1 ? [`${lanes.length - 1} more`] : [])]);
}

/** Words in lines of that width. */
function broken(text: string, width: number, view: View): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)!} ${word}`.trim();
    if (widthOf(longer, view) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A coordinate in few digits. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
