/**
 * What our async clients cost beyond Deno's own sockets: runs a bare loop and our client in turn,
 * each against a fresh server of ours, and prints the medians and their ratio. Clients stay on one
 * core and servers on another, as where the ends run decides more than what they do.
 *
 *     deno run -A tools/bench/bare_async.ts tcp|udp|dtls [MESSAGES] [PAIRS]
 *
 * tcp and udp: our client to the bare loop; dtls: dtls-async-openssl to udp-async.
 *
 * @module
 */
import { ensureCertificates } from "../../certs/generate.ts";
import { DEFAULT_CERTS } from "../../common/pem/certificate_files.ts";
import { EXIT, RunError, UsageError } from "../../common/base/errors.ts";
import { type Lane, LANES } from "../../common/model/lanes.ts";
import { MAX_REPEAT } from "../../common/model/plan.ts";
import { print } from "../../common/base/output.ts";
import { onEndSignals } from "../../common/cli/signals.ts";
import { pinToCore } from "../../common/posix/affinity.ts";
import type { ResultDocument } from "../../common/measure/result.ts";
import { join } from "../../common/base/std.ts";
import { type Command, runCommand } from "../../common/cli/command.ts";
import { wholeNumber } from "../../common/cli/option_kinds.ts";
import { failureOf, ROOT, ScriptProcess } from "../lib/children.ts";
import { median } from "../report/inference.ts";
import { BENCH_NAMES } from "./obstacles.ts";
import { twoCores } from "../lib/machine.ts";
import type { Role } from "../../common/model/protocol.ts";

const SIZE_BYTES = 100;
/** Where the ends stay; null for anywhere. */
const CORES = twoCores(navigator.hardwareConcurrency);
const CERTS = join(ROOT, DEFAULT_CERTS);

const COMMAND: Command<Record<never, never>> = {
  does: "Shows what our async clients cost beyond Deno's own sockets, or DTLS beyond UDP.",
  starts: "deno run -A tools/bench/bare_async.ts",
  operand: "tcp|udp|dtls [MESSAGES] [PAIRS]",
  about:
    `tcp, udp: our client and a bare loop; dtls: our clients on DTLS and on UDP. MESSAGES (default 5000)
are sent each time, PAIRS (default 5) times in turn.`,
  options: {},
  canBeInterrupted: true,
  permissions: { "-A": "all; this is for the project's own use" },
};

/** Takes part in a pair: exchanges that many messages with a server and returns the median, us. */
type Run = (lane: Lane, port: number, messages: number) => Promise<number>;

/** One side of the ratio. */
interface Side {
  name: string;
  lane: Lane;
  run: Run;
}

/** Everything that was started: none of it outlives this program. */
const processes: { kill(signal: Deno.Signal): void }[] = [];

function main(args: string[]): Promise<number> {
  onEndSignals(() => end(EXIT.interrupted));
  return runCommand(COMMAND, args, async ({ operands: [sides, count, times] }) => {
    const [ours, base] = sidesOf(sides);
    const messages = countOf("MESSAGES", count, { max: MAX_REPEAT, absent: 5000 });
    const pairs = countOf("PAIRS", times, { max: 1000, absent: 5 });
    if (ours.lane.engine !== null) {
      await ensureCertificates({ dir: CERTS, neededNames: BENCH_NAMES });
    }
    await compare(ours, base, messages, pairs);
  });
}

/** The order turns over with every pair, so that drift hits both alike. */
async function compare(ours: Side, base: Side, messages: number, pairs: number): Promise<void> {
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const us = new Map<Side, number>();
    for (const side of pair % 2 === 0 ? [base, ours] : [ours, base]) {
      us.set(side, await measure(side, messages));
    }
    const [a, b] = [us.get(ours)!, us.get(base)!];
    ratios.push(a / b);
    const p50 = (name: string, us: number) => `${name} p50 ${us.toFixed(1)} us`;
    print(`${p50(ours.name, a)}, ${p50(base.name, b)}, ratio ${(a / b).toFixed(3)}\n`);
  }
  const [min, middle, max] = [Math.min(...ratios), median(ratios), Math.max(...ratios)]
    .map((ratio) => ratio.toFixed(3));
  print(`${ours.name} to ${base.name}: median ratio ${middle} (${min} to ${max})\n`);
}

async function measure({ lane, run }: Side, messages: number): Promise<number> {
  const server = script(lane, "server", ["--port", "0"], messages);
  const port = await server.port;
  if (port === null) throw new RunError(`no server: ${failureOf(await server.ended)}`);
  const us = await run(lane, port, messages);
  const ending = await server.ended;
  if (ending.code !== EXIT.complete) throw new RunError(`server: ${failureOf(ending)}`);
  return us;
}

const runOurs: Run = async (lane, port, messages) => {
  const args = ["--port", String(port), "--json", "-"];
  const ending = await script(lane, "client", args, messages).ended;
  if (ending.code !== EXIT.complete) throw new RunError(`client: ${failureOf(ending)}`);
  const { runs }: ResultDocument = JSON.parse(ending.stdout);
  return runs[0]!.sizes[0]!.messageUs.p50!;
};

const runBare: Run = async ({ protocol }, port, messages) => {
  const file = join(ROOT, "tools", "bench", "bare_loop.ts");
  const operands = [protocol, port, messages, SIZE_BYTES].map(String);
  startOn("client");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-net", file, ...operands],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  processes.push(child);
  const { code, stdout } = await child.output();
  if (code !== EXIT.complete) throw new RunError(`the bare loop ended with exit code ${code}`);
  return Number(new TextDecoder().decode(stdout));
};

/** A child stays where its parent was pinned when it was started (sched_setaffinity(2)). */
function startOn(role: Role): void {
  if (CORES) pinToCore(CORES[role]);
}

function script(
  lane: Lane,
  role: Role,
  args: string[],
  messages: number,
): ScriptProcess {
  const plan = ["--sizes", String(SIZE_BYTES), "--repeat", String(messages), "--connect", "once"];
  const settings = { lane, role, certs: CERTS, results: CERTS };
  startOn(role);
  const process = new ScriptProcess({ ...settings, args: ["--quiet", ...plan, ...args] });
  processes.push(process);
  return process;
}

function sidesOf(protocol: string | undefined): [ours: Side, base: Side] {
  const side = (name: string): Side => {
    const lane = LANES.find((lane) => lane.name === name)!;
    return { name, lane, run: runOurs };
  };
  if (protocol === "dtls") return [side("dtls-async-openssl"), side("udp-async")];
  if (protocol !== "tcp" && protocol !== "udp") {
    throw new UsageError("tcp, udp or dtls is wanted; --help says more");
  }
  const ours = side(`${protocol}-async`);
  return [ours, { ...ours, name: "bare loop", run: runBare }];
}

function countOf(
  name: string,
  text: string | undefined,
  { max, absent }: { max: number; absent: number },
): number {
  return text === undefined ? absent : wholeNumber([2, max], "", absent).read([text], name);
}

/** Ends what was started, by its own number, and then this program. */
function end(code: number): never {
  for (const process of processes) {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  Deno.exit(code);
}

if (import.meta.main) end(await main(Deno.args));
