/**
 * One end of a TLS stream as a process: see {@linkcode StreamTask}, which comes on stdin as JSON. A
 * receiver says its port in a first line, and both say what a round has cost in a line each.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";
import { CpuMeter } from "../../common/measure/cpu_time.ts";
import { CONNECT, LISTEN, type StreamEnd } from "./stream_ends.ts";
import type { StreamRound, StreamTask } from "./stream_plan.ts";

async function main(): Promise<void> {
  const task: StreamTask = await new Response(Deno.stdin.readable).json();
  const end = await open(task);
  for (let no = 0; no < task.rounds.length || task.role === "receiver"; no++) {
    const bytes = task.rounds[no] ?? task.rounds.at(-1)!;
    const meter = new CpuMeter();
    meter.begin();
    const beganMs = performance.now();
    if (!await play(end, task.role, bytes)) break;
    const { userUs, systemUs } = meter.read(0)!;
    const round: StreamRound = {
      bytes,
      ms: performance.now() - beganMs,
      cpuUs: userUs + systemUs,
    };
    print(`${JSON.stringify(round)}\n`);
  }
  await end.close();
}

async function open({ role, peer, way, ca, server, port }: StreamTask): Promise<StreamEnd> {
  if (role === "sender") return await CONNECT[peer](port, ca, way);
  const listening = await LISTEN[peer](server, way);
  print(`${listening.port}\n`);
  return await listening.accept();
}

/** @returns false where the peer has ended */
async function play(end: StreamEnd, role: StreamTask["role"], bytes: number): Promise<boolean> {
  if (role === "sender") {
    await end.send(bytes);
    return await end.receive(1);
  }
  if (!await end.receive(bytes)) return false;
  await end.send(1);
  return true;
}

if (import.meta.main) {
  await main();
  Deno.exit(0);
}
