/**
 * A document out of step logs, where there is none: its program was killed before it could write it.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { type Lane, LANES } from "../../common/model/lanes.ts";
import { type Role, STEPS } from "../../common/model/protocol.ts";
import { Recorder } from "../../common/measure/recorder.ts";
import type { MessageTimes } from "../../common/measure/outcome.ts";
import { makeDocument, type ResultDocument, type RunResult } from "../../common/measure/result.ts";
import { shownArgument } from "../../common/base/visible.ts";
import { type FoundLog, messagesOf } from "./logs.ts";
import type { LoggedMessage } from "./messages.ts";

/** What no log tells: the machine. */
const UNKNOWN = {
  ...{ os: "a system that is not known", arch: "unknown", cpu: null, cores: 0 },
  ...{ deno: "unknown", openssl: null, hostname: null },
};

/** What one log tells. */
interface LoggedRun {
  run: RunResult;
  startUs: number;
  /** Null where the protocol has no connections, so that nothing tells. */
  connect: RunResult["connect"] | null;
}

/**
 * Makes a document, which is not complete, of whole messages in logs.
 *
 * @param logs at least one
 * @returns its runs are in the order of the logs
 * @throws {UsageError} where one of them is no log of a lane
 */
export function documentFromLogs(logs: readonly FoundLog[]): ResultDocument {
  const found = logs.map(readRun);
  // All lanes of one program exchange in the same way.
  const connect = found.find((one) => one.connect !== null)?.connect ?? "message";
  const runs = found.map((one) => ({ ...one.run, connect: one.connect ?? connect }));
  const startUs = found.reduce((first, one) => Math.min(first, one.startUs), Infinity);
  return makeDocument(new Date(startUs / 1000), UNKNOWN, false, runs);
}

/** Records a log's messages anew. */
function readRun(log: FoundLog): LoggedRun {
  const lane = LANES.find(({ name }) => name === log.lane);
  if (!lane || (log.role !== "client" && log.role !== "server")) {
    throw new UsageError(
      `${log.file}: no lane of this version has such a log: ${shownArgument(log.lane)}`,
    );
  }
  const recorder = new Recorder();
  const sizes = new Set<number>();
  let [startUs, clients, connections, messages, reply] = [Infinity, 1, 0, 0, false];
  const answer = log.role === "client" ? "receive" : "send";
  for (const message of messagesOf(log.file)) {
    const { client, sizeBytes, no, lost, stepsUs } = message;
    reply ||= stepsUs[answer] !== undefined;
    const answered = !lost && stepsUs[answer] !== undefined;
    recorder.message({ client, sizeBytes, no, answered, lost, resumed: false }, timesOf(message));
    startUs = Math.min(startUs, message.startUs);
    clients = Math.max(clients, client + 1);
    if (stepsUs.close !== undefined) connections++;
    messages++;
    sizes.add(sizeBytes);
  }
  const isKnown = lane.protocol !== "udp";
  const connect = log.kept ? "once" : isKnown ? connectOf(connections, messages) : null;
  const run = {
    ...runOf(lane, log.role, log.resume),
    ...{ reply, clients },
    sizes: sizesOf(recorder, log.role, reply, [...sizes]),
  };
  return { run, startUs, connect };
}

/** Of one connection for all messages the end is in no log. */
function connectOf(ended: number, messages: number): RunResult["connect"] {
  if (ended > messages / 2) return "message";
  return ended > 0 ? "size" : "once";
}

function runOf(lane: Lane, role: Role, resume: boolean): Omit<RunResult, "sizes"> {
  const { name, protocol, io, engine } = lane;
  return {
    ...{ lane: name, role, protocol, io, engine, connect: "message", resume, reply: true },
    ...{ clients: 1, security: null },
  };
}

/** A server's log does not tell what was sent to it, nor what came twice or late. */
function sizesOf(recorder: Recorder, role: Role, reply: boolean, sizes: number[]) {
  if (role === "client") return recorder.clientResults(reply);
  const plan = { sizes, repeat: 1 };
  return recorder.serverResults(plan, 1, reply, false).map(({ oneWay: _, ...size }) => size);
}

function timesOf({ stepsUs, totalUs }: LoggedMessage): MessageTimes {
  const durationsUs = Float64Array.from(STEPS, (step) => stepsUs[step] ?? NaN);
  return { durationsUs, startsUs: new Float64Array(STEPS.length).fill(NaN), totalUs };
}
