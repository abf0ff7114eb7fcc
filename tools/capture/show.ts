/**
 * What is said of a capture: its handshakes, where it is, and how it is opened.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";
import { say } from "../../common/base/say.ts";
import { quote } from "../remote/ssh.ts";
import type { CaptureOptions } from "./options.ts";
import { formatPackets, readingOptions, readPackets } from "./reading.ts";
import type { KeptCapture } from "./target.ts";

/** What was captured. */
export interface Captured {
  options: CaptureOptions;
  /** The server's. */
  port: number;
  /** Packets that came too fast to be kept. */
  dropped: number;
}

/** Shows the first connection, and the second where that is resumed; says the rest on stderr. */
export async function showCapture(kept: KeptCapture, captured: Captured): Promise<void> {
  const { options: { lane, resume }, port } = captured;
  const { path, keyLog } = kept;
  const connections = resume ? 2 : 1;
  const packets = await readPackets({ path, protocol: lane.protocol, port, keyLog }, connections);
  for (let i = 0; i < connections; i++) {
    const own = packets?.filter(({ connection }) => connection === i) ?? [];
    const title = `${lane.name}, port ${port}: connection ${i + 1} as tshark sees it`;
    if (own.length > 0) print(`${formatPackets(own, title)}\n`);
  }
  for (const line of linesOf(kept, captured, packets?.length ?? null)) say(line);
}

function linesOf(
  { path, keyLog, hasKeys, withoutKeys, asCaptured }: KeptCapture,
  { options: { lane, only }, port, dropped }: Captured,
  seen: number | null,
): string[] {
  const lines: string[] = [];
  if (seen === null) lines.push("its packets are shown here where there is a tshark");
  else if (seen === 0) lines.push(`no packet of ${lane.protocol.toUpperCase()} is in it`);
  if (lane.engine === "rustls" && only === null) {
    lines.push("there are no keys: Deno's own TLS (rustls) tells none; what is encrypted stays so");
  }
  if (withoutKeys !== null) lines.push(`it has no keys: ${withoutKeys}`);
  if (dropped > 0) lines.push(`warning: ${dropped} packets came too fast, and are not in it`);
  if (hasKeys) lines.push(`warning: the traffic can be read with ${path}, which has its keys`);
  if (keyLog !== null) {
    lines.push(`warning: the traffic can be read with its keys, which stay in ${keyLog}`);
  }
  if (asCaptured !== null) {
    lines.push(
      `it is as it was captured: ${asCaptured} (editcap, of Wireshark, makes pcapng with keys of it)`,
    );
  }
  const words = ["wireshark", ...readingOptions(lane.protocol, [port], keyLog), path].map(shown);
  return [...lines, `capture: ${path}`, `to open it: ${words.join(" ")}`];
}

/** A word of a command line as a shell takes it. */
function shown(word: string): string {
  return /^[\w./:=,@-]+$/.test(word) ? word : quote(word);
}
