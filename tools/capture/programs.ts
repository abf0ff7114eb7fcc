/**
 * The programs that capture, read and change captures: how they are started, and what it means when
 * one fails.
 *
 * @module
 */
import { RunError, UsageError } from "../../common/base/errors.ts";
import { shownArgument, visibleLine } from "../../common/base/visible.ts";

/** What captures, the best first: tshark reads captures, too, and dumpcap is a part of it. */
export const CAPTURERS = ["tshark", "dumpcap", "tcpdump"] as const;

/** Name of a program that captures. */
export type Capturer = typeof CAPTURERS[number];

/**
 * Each of them writes to stdout: as root some give up their rights before they open a file. The
 * system keeps 16 MiB for them, so that fewer packets come too fast.
 */
const ARGUMENTS: Readonly<Record<Capturer, readonly string[]>> = {
  tshark: ["-q", "-B", "16", "-w", "-"],
  dumpcap: ["-q", "-B", "16", "-w", "-"],
  tcpdump: ["--immediate-mode", "-U", "-B", "16384", "-w", "-"],
};

/** What to install where there is none. */
const PACKAGES = "apt install tshark (Debian, Ubuntu), dnf install wireshark-cli (Fedora), " +
  "brew install wireshark (macOS)";

/** The interface of a machine's talk with itself. */
export const LOOPBACK: string = Deno.build.os === "linux" ? "lo" : "lo0";

/** How a program ended, and all that it said. */
export interface ProgramEnding {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Starts a program; null where it is missing, or the user may not start it. */
export function start(
  program: Capturer | "editcap",
  args: readonly string[],
): Deno.ChildProcess | null {
  try {
    const command = new Deno.Command(program, {
      ...{ args: [...args], stdin: "null", stdout: "piped", stderr: "piped" },
    });
    return command.spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw cause;
  }
}

/**
 * Starts a program that captures: the first one there is.
 *
 * @param interfaceName as {@linkcode listInterfaces} has it
 * @param filter see pcap-filter(7)
 * @throws {RunError} where there is none, saying what to install
 */
export function startCapturer(
  interfaceName: string,
  filter: string,
): { program: Capturer; child: Deno.ChildProcess } {
  return firstOf((program) => {
    const own = ["-i", interfaceName, ...ARGUMENTS[program]];
    // tcpdump takes the filter as what belongs to no option.
    return [...own, ...(program === "tcpdump" ? [filter] : ["-f", filter])];
  });
}

/**
 * The interfaces, a line each, as the program has them that would capture.
 *
 * @throws {RunError} where it does not tell
 */
export async function listInterfaces(): Promise<string[]> {
  const { program, child } = firstOf(() => ["-D"]);
  const { success, stdout, stderr } = await endOf(child);
  if (!success) throw await captureError(program, stderr, null);
  return stdout.split("\n").map(visibleLine).filter((line) => line !== "");
}

function firstOf(
  argsOf: (program: Capturer) => string[],
): { program: Capturer; child: Deno.ChildProcess } {
  for (const program of CAPTURERS) {
    const child = start(program, argsOf(program));
    if (child) return { program, child };
  }
  throw new RunError(`there is no tshark, dumpcap or tcpdump on this machine: ${PACKAGES}`);
}

/** Waits for a program's end, and collects what it says. */
export async function endOf(child: Deno.ChildProcess): Promise<ProgramEnding> {
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    success,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/**
 * Why nothing is captured.
 *
 * @param stderr what the program said
 * @param interfaceName the one it was told; null for none
 */
export async function captureError(
  program: Capturer,
  stderr: string,
  interfaceName: string | null,
): Promise<Error> {
  if (/permission|not permitted|access denied/i.test(stderr)) return notPermitted(program);
  if (interfaceName !== null && /no such device|no (?:device|interface) /i.test(stderr)) {
    const names = (await listInterfaces()).map(nameOf).join(", ");
    return new UsageError(
      `--interface ${shownArgument(interfaceName)}: there is none of that name; there are ${names}`,
    );
  }
  // Before its own words it may warn of who runs it, and say where it captures.
  const lines = stderr.split("\n").map(visibleLine).filter((line) => line !== "");
  const said = lines.find((line) => line.startsWith(`${program}: `)) ?? lines[0];
  return new RunError(said ?? `${program} does not capture, and does not say why`);
}

/** Of a line such as `1. lo (Loopback)`, or tcpdump's `1.lo [Up, Running]`. */
function nameOf(line: string): string {
  return /^\d+\.\s*(\S+)/.exec(line)?.[1] ?? line;
}

function notPermitted(program: Capturer): RunError {
  const remedy = Deno.build.os === "darwin"
    ? "install ChmodBPF, which comes with Wireshark"
    : program === "tcpdump"
    ? 'sudo setcap cap_net_raw,cap_net_admin=eip "$(command -v tcpdump)"'
    : "sudo dpkg-reconfigure wireshark-common && sudo usermod -aG wireshark $USER, and log in " +
      'anew (elsewhere: sudo setcap cap_net_raw,cap_net_admin=eip "$(command -v dumpcap)")';
  return new RunError(
    `${program} may not capture here, as this user: ${remedy}; or capture as root`,
  );
}
