/**
 * docs/handshakes.md, as far as it is made of runs: its diagrams, each of the commands above it.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { join } from "../../common/base/std.ts";
import { type Lane, LANES } from "../../common/model/lanes.ts";
import type { Role } from "../../common/model/protocol.ts";
import { type Ending, failureOf, ROOT, type ScriptProcess } from "../lib/children.ts";
import { withParts } from "./picture.ts";

/** Where the page stands. */
export const PAGE: string = join(ROOT, "docs", "handshakes.md");

/** One end of a pair, as a line of the page starts it. */
export interface EndCommand {
  lane: Lane;
  role: Role;
  /** Its arguments but for those that say the lane. */
  args: string[];
}

/** Starts a script: in a process of its own, or in one that is there. */
export type StartEnd = (command: EndCommand) => Pick<ScriptProcess, "port" | "ended" | "kill">;

/** The commands of a block of the page that start ends of pairs. */
export function endsOf(block: string): EndCommand[] {
  const lines = block.matchAll(/^deno task netpairs (\w+) (client|server)([^|\n]*)/gm);
  return [...lines].map(([line, protocol, role, rest]) => {
    const args = rest!.trim().split(/ +/);
    const io = takeValue(args, "--io") ?? "async";
    const engine = takeValue(args, "--engine");
    const lane = LANES.find((lane) =>
      lane.protocol === protocol && lane.io === io && (!engine || lane.engine === engine)
    );
    if (!lane) throw new Error(`no lane runs ${line}`);
    return { lane, role: role as Role, args };
  });
}

/** Takes an option and its value out of arguments. */
function takeValue(args: string[], name: string): string | undefined {
  const i = args.indexOf(name);
  return i < 0 ? undefined : args.splice(i, 2)[1];
}

/** Runs a server, and a client against it; where the client fails, the server is ended. */
export async function runEnds(
  server: EndCommand,
  client: EndCommand,
  start: StartEnd,
): Promise<{ client: Ending; server: Ending }> {
  const serving = start({ ...server, args: ["--port", "0", ...server.args] });
  const port = await serving.port;
  if (port === null) throw new RunError(failureOf(await serving.ended));
  const ending = await start({ ...client, args: ["--port", String(port), ...client.args] }).ended;
  if (ending.code !== 0) serving.kill("SIGTERM");
  return { client: ending, server: await serving.ended };
}

/**
 * The page with its diagrams made anew, of runs with the commands that stand above each. The first
 * one is whole, the others end with the handshake.
 */
export async function handshakesPage(page: string, start: StartEnd): Promise<string> {
  const places = page.matchAll(/```sh\n((?:(?!```).)*)```\n\n<!-- (\S+): made by deno task docs/gs);
  const parts: Record<string, string> = {};
  for (const [, block, name] of places) {
    const [server, client] = endsOf(block!);
    const { client: ending } = await runEnds(server!, client!, start);
    if (ending.code !== 0) throw new RunError(`${name}: ${failureOf(ending)}`);
    const [whole, resumed] = diagramsIn(ending.stdout);
    const first = Object.keys(parts).length === 0 ? whole! : handshakeOf(whole!);
    parts[name!] = `\`\`\`text\n${first}\n\n${handshakeOf(resumed!)}\n\`\`\``;
  }
  return withParts(page, parts);
}

/** The diagrams that a run has printed: the first handshake's, the first resumed one's. */
function diagramsIn(stdout: string): string[] {
  const starts = [...stdout.matchAll(/^\S+: first (?:resumed )?handshake$/gm)];
  if (starts.length !== 2) throw new RunError(`a run has no two diagrams: ${stdout}`);
  return starts.map(({ index }, i) => stdout.slice(index, starts[i + 1]?.index).trim());
}

/** A diagram without what follows the handshake, which it says. */
function handshakeOf(diagram: string): string {
  const [, handshake, legend = ""] =
    /^(.*?)\n-+ the handshake is over.*?((?:\n(?:\* |resumed: )[^\n]*)*)$/s.exec(diagram)!;
  return `${handshake}\n${LEFT_OUT}${legend}`;
}

const LEFT_OUT = `${" ".repeat(10)}... then data, and at last close_notify from each end`;
