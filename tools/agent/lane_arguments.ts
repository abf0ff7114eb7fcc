/**
 * What a lane's server is told: as arguments here, as a question on the way to an agent, and as
 * arguments again there.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { parseOptions } from "../../common/cli/options.ts";
import { type Lane, laneOptions } from "../../common/model/lanes.ts";
import type { PairOptions } from "../../common/model/pair_options.ts";
import type { StartQuestion } from "./messages.ts";

/** A lane, and what its server is told of the exchange. */
export interface LaneServer {
  lane: Lane;
  resume: boolean;
  /** Sync and spin: core to stay on; null for any. */
  cpu: number | null;
  /** Arguments that concern the exchange. */
  args: readonly string[];
}

/**
 * The question that stands for a server's arguments.
 *
 * @param clockShiftUs added to the server's clock
 * @throws {RunError} naming what an agent cannot be told
 */
export function startQuestion(
  { lane, resume, cpu, args }: LaneServer,
  clockShiftUs: number,
): StartQuestion {
  const wanted = optionsOf(lane, args);
  const { plan: { sizes, repeat, seconds }, connect, reply, clients } = wanted;
  const { waitMs, rate, groups, timeoutMs } = wanted;
  const question: StartQuestion = {
    ...{ ask: "start", lane: lane.name, resume, sizes },
    ...(seconds === undefined ? { repeat } : { seconds }),
    ...{ connect, reply, clients, waitMs, timeoutMs, clockShiftUs },
    ...(rate === null ? {} : { rate }),
    ...(groups === null ? {} : { groups }),
    ...(cpu === null ? {} : { cpu }),
  };
  const understood = optionsOf(lane, exchangeArguments(question));
  const lacking = Object.entries(wanted).find(([name, value]) =>
    JSON.stringify(understood[name as keyof PairOptions]) !== JSON.stringify(value)
  );
  if (lacking) throw new RunError(`an agent cannot be told "${lacking[0]}", which was asked for`);
  return question;
}

/** The arguments of a lane's server that concern the exchange. */
export function exchangeArguments(question: StartQuestion): string[] {
  const { sizes, repeat, seconds, connect, reply, clients, waitMs, rate, groups, timeoutMs } =
    question;
  return [
    ...["--sizes", sizes.join(",")],
    ...(repeat === undefined ? [] : ["--repeat", String(repeat)]),
    ...(seconds === undefined ? [] : ["--seconds", String(seconds)]),
    ...["--connect", connect, ...(reply ? [] : ["--no-reply"]), "--clients", String(clients)],
    ...(rate === undefined ? ["--wait-ms", String(waitMs)] : ["--rate", String(rate)]),
    ...(groups === undefined ? [] : ["--groups", groups]),
    ...["--timeout-ms", String(timeoutMs)],
  ];
}

function optionsOf(lane: Lane, args: readonly string[]): PairOptions {
  const options = parseOptions(lane.protocol, "server", [...laneOptions(lane), ...args]);
  if (typeof options === "string") throw new RunError(`an agent cannot be asked for ${options}`);
  return options;
}
