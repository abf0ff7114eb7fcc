/**
 * What a stream costs over TLS: this library's beside Deno's own and node:tls on Deno. Sender and
 * receiver are processes of their own, so that the CPU time of each can be told; the peers take
 * turns.
 *
 *     deno run -A tools/bench/streams.ts [MIB] [PAIRS]
 *
 * @module
 */
import { generateCertificates } from "../../certs/generate.ts";
import { print } from "../../common/base/output.ts";
import { sprintf } from "../../common/base/std.ts";
import { type Command, runCommand } from "../../common/cli/command.ts";
import { oneOf, wholeNumber } from "../../common/cli/option_kinds.ts";
import { onEndSignals } from "../../common/cli/signals.ts";
import { EXIT } from "../../common/base/errors.ts";
import { median } from "../report/inference.ts";
import {
  CIPHER_SUITE,
  STREAM_PEERS,
  STREAM_WAYS,
  type StreamPeer,
  type StreamRound,
  type StreamTask,
  type StreamWay,
} from "./stream_plan.ts";
import { StreamProcess } from "./stream_process.ts";

/** Code is optimized by then. */
const WARM_UP_MIB = 256;

const OPTIONS = {
  way: oneOf(STREAM_WAYS, "write and read, or pipeTo (default both)", undefined),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Shows what a stream costs over TLS: this library's, Deno's own, and node:tls on Deno.",
  starts: "deno run -A tools/bench/streams.ts",
  operand: "[MIB] [TURNS]",
  about:
    `MIB (default 512) are sent each time in writes of 64 KiB, after ${WARM_UP_MIB} for warm-up, TURNS
(default 5) times in turn. Shown are medians: MB/s, and seconds of CPU a GB, which are less troubled
by what else runs; "ratio" is the median of the turns' ratios to Deno's own TLS. All use
${CIPHER_SUITE}, which is what Deno's prefers.`,
  options: OPTIONS,
  canBeInterrupted: true,
  permissions: { "-A": "all; this is for the project's own use" },
};

/** What one turn of a peer has cost. */
interface Turn {
  mbPerS: number;
  /** Seconds a GB. */
  senderCpu: number;
  receiverCpu: number;
}

const FIGURES = ["mbPerS", "senderCpu", "receiverCpu"] as const satisfies (keyof Turn)[];

/** Everything that was started: none of it outlives this program. */
const processes = new Set<StreamProcess>();

function main(args: string[]): Promise<number> {
  onEndSignals(() => {
    for (const process of processes) process.kill();
    Deno.exit(EXIT.interrupted);
  });
  return runCommand(COMMAND, args, async ({ values, operands: [size, times] }) => {
    const mib = countOf("MIB", size, 512, 100_000);
    const turns = countOf("TURNS", times, 5, 1000);
    print(`way     peer          MB/s  ratio  sender s/GB  ratio  receiver s/GB  ratio\n`);
    for (const way of values.way ? [values.way] : STREAM_WAYS) await compare(way, mib, turns);
  });
}

/** The order turns over each time, so that drift hits all alike. */
async function compare(way: StreamWay, mib: number, turns: number): Promise<void> {
  const found = new Map<StreamPeer, Turn[]>(STREAM_PEERS.map((peer) => [peer, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const peer of turn % 2 === 0 ? STREAM_PEERS : STREAM_PEERS.toReversed()) {
      found.get(peer)!.push(await measure(peer, way, mib));
    }
  }
  const base = found.get("Deno")!;
  for (const [peer, own] of found) {
    const cells = FIGURES.flatMap((figure) => [
      median(own.map((turn) => turn[figure])),
      median(own.map((turn, no) => turn[figure] / base[no]![figure])),
    ]);
    const row = "%-7s %-9s %8.1f  %5.2f  %11.3f  %5.2f  %13.3f  %5.2f\n";
    print(sprintf(row, way, peer, ...cells));
  }
}

async function measure(peer: StreamPeer, way: StreamWay, mib: number): Promise<Turn> {
  const { ca, server } = await generateCertificates();
  const rounds = [WARM_UP_MIB, mib].map((mib) => mib * 2 ** 20);
  const task: StreamTask = { role: "receiver", peer, way, ca, server, port: 0, rounds };
  const receiver = start(task);
  const sender = start({ ...task, role: "sender", port: await receiver.port() });
  try {
    for (const process of [sender, receiver]) await process.round();
    const [sent, received] = [await sender.round(), await receiver.round()];
    return {
      mbPerS: sent.bytes / 1e3 / sent.ms,
      senderCpu: perGb(sent),
      receiverCpu: perGb(received),
    };
  } finally {
    for (const process of [sender, receiver]) {
      await process.end();
      processes.delete(process);
    }
  }
}

function start(task: StreamTask): StreamProcess {
  const process = new StreamProcess(task);
  processes.add(process);
  return process;
}

function perGb({ cpuUs, bytes }: StreamRound): number {
  return cpuUs * 1e3 / bytes;
}

function countOf(name: string, text: string | undefined, absent: number, max: number): number {
  return text === undefined ? absent : wholeNumber([1, max], "", absent).read([text], name);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
