/**
 * What tshark sees in a capture.
 *
 * @module
 */
import { visibleLine } from "../../common/base/visible.ts";
import { wrap } from "../../common/cli/wrap.ts";
import type { Protocol } from "../../common/model/protocol.ts";
import { MARK } from "./packets.ts";
import { endOf, start } from "./programs.ts";

/** What is read. */
export interface Reading {
  path: string;
  protocol: Protocol;
  /** The server's. */
  port: number;
  /** Keys that are not in the file itself; null for none. */
  keyLog: string | null;
}

/** One packet, or all messages of one. */
export interface SeenPacket {
  /** Since the capture's first one, in microseconds. */
  us: number;
  /** Which connection, from 0. */
  connection: number;
  fromServer: boolean;
  /** What is in it, in tshark's words. */
  what: string;
}

/** As a filter has the last datagram. */
const MARK_FILTER = `udp.payload == ${
  new TextEncoder().encode(MARK).toHex().replace(/..(?!$)/g, "$&:")
}`;

const COLUMNS_OF = (transport: string) =>
  [`%Cus:frame.time_relative`, `%Cus:${transport}.stream`, "%uS", "%i"]
    .map((format, i) => `"${i}","${format}"`).join();

/**
 * What Wireshark and tshark have to be told of a capture, to see what is in it.
 *
 * @param ports of servers
 * @param keyLog keys that are not in the file itself; null for none
 */
export function readingOptions(
  protocol: Protocol,
  ports: readonly number[],
  keyLog: string | null,
): string[] {
  const sealed = protocol === "tls" || protocol === "dtls" ? ports : [];
  return [
    ...sealed.flatMap((port) => ["-d", `${transportOf(protocol)}.port==${port},${protocol}`]),
    ...(keyLog === null ? [] : ["-o", `tls.keylog_file:${keyLog}`]),
  ];
}

function transportOf(protocol: Protocol): "tcp" | "udp" {
  return protocol === "tcp" || protocol === "tls" ? "tcp" : "udp";
}

/**
 * The packets of a capture's first connections; null where there is no tshark, or where it cannot
 * read the file.
 *
 * @param connections how many of them
 */
export async function readPackets(
  { path, protocol, port, keyLog }: Reading,
  connections: number,
): Promise<SeenPacket[] | null> {
  const transport = transportOf(protocol);
  const filter = `${protocol} && ${transport}.stream < ${connections} && !(${MARK_FILTER})`;
  const lines = await tshark([
    ...["-r", path, "-Y", filter, "-T", "tabs", ...readingOptions(protocol, [port], keyLog)],
    ...["-o", `gui.column.format:${COLUMNS_OF(transport)}`],
  ]);
  return lines?.map((line) => {
    const [seconds, stream, from, what = ""] = line.split("\t");
    return {
      us: Math.round(Number(seconds) * 1e6),
      connection: Number(stream),
      fromServer: Number(from) === port,
      // The ports are in the arrow, and the time stands before it.
      what: visibleLine(what).replace(/^\d+ \S+ \d+ /, "").replace(/ TSval=\d+ TSecr=\d+/, ""),
    };
  }) ?? null;
}

/** The numbers of the packets that only mark a capture's end; none where there is no tshark. */
export async function framesWithMark(path: string): Promise<string[]> {
  return await tshark(["-r", path, "-Y", MARK_FILTER, "-T", "fields", "-e", "frame.number"]) ?? [];
}

/** So many packets of a connection are shown: there may be thousands. */
const MAX_SHOWN = 30;

/**
 * Packets for people, in 80 columns: time since the connection's first one, direction, content.
 *
 * @param title stands above
 */
export function formatPackets(packets: readonly SeenPacket[], title: string): string {
  const firstUs = packets[0]?.us ?? 0;
  const lines = packets.slice(0, MAX_SHOWN).map(({ us, fromServer, what }) => {
    const first = `${String(us - firstUs).padStart(9)}  ${fromServer ? "<--" : "-->"}  `;
    return wrap(what, { first, others: " ".repeat(first.length) });
  });
  const more = packets.length - MAX_SHOWN;
  return [
    title,
    `${"us".padStart(9)}  --> to the server, <-- to the client`,
    ...lines,
    ...(more > 0 ? [`${"".padStart(9)}  ... and ${more} more`] : []),
  ].map((line) => `${line}\n`).join("");
}

async function tshark(args: readonly string[]): Promise<string[] | null> {
  const child = start("tshark", args);
  if (!child) return null;
  const { success, stdout } = await endOf(child);
  return success ? stdout.split("\n").filter((line) => line !== "") : null;
}
