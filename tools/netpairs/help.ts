/**
 * The help of the one program.
 *
 * @module
 */
import { helpLine } from "../../common/cli/arguments.ts";
import type { Entry } from "./entry.ts";

/**
 * The commands, a line each.
 *
 * @param entries all of them, or those whose first word is the same
 * @param group that word
 */
export function programHelp(entries: readonly Entry[], group?: string): string {
  const start = group === undefined ? "netpairs" : `netpairs ${group}`;
  return `Measures what a message costs over TCP, UDP, TLS and DTLS.

Usage: ${start} COMMAND [OPTIONS]

Commands:
${entries.map(({ words, does }) => helpLine([words, does])).join("\n")}

Options:
${helpLine(["--help", "show this text, or a command's: netpairs COMMAND --help"])}
${helpLine(["--version", "show the version and end"])}

Exit codes: 0 complete, 1 failed, 2 wrong arguments, 130 interrupted.
`;
}
