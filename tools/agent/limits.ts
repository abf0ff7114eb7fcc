/**
 * What an agent serves at most.
 *
 * @module
 */
import { describe, UsageError } from "../../common/base/errors.ts";
import { checkPlan } from "../../common/model/plan.ts";
import type { Lane } from "../../common/model/lanes.ts";
import type { StartQuestion } from "./messages.ts";

/** For each run of a lane. */
export interface AgentLimits {
  /** Sum of all messages, in 10^6 bytes. */
  maxMegabytes: number;
  /** Longest run in seconds. */
  maxSeconds: number;
  maxClients: number;
}

/** Longest plan. */
const MAX_SIZES = 1000;

/** Why a plan is not served, in a line; null where it is. */
export function refusalOf(
  question: StartQuestion,
  lane: Lane,
  { maxMegabytes, maxSeconds, maxClients }: AgentLimits,
): string | null {
  const { sizes, repeat, seconds, clients, cpu, resume } = question;
  if ((repeat === undefined) === (seconds === undefined)) {
    return "either a number of messages or of seconds is wanted";
  }
  if (cpu !== undefined && lane.io === "async") return "a core goes with sync and spin alone";
  if (resume && lane.engine !== "openssl") return `${lane.name} resumes no sessions`;
  if (sizes.length > MAX_SIZES) return `${sizes.length} sizes: at most ${MAX_SIZES} are served`;
  if (clients > maxClients) {
    return `${clients} clients: at most ${maxClients} are served (--max-clients)`;
  }
  const took = sizes.length * (seconds ?? 0);
  if (took > maxSeconds) {
    return `${took} seconds: at most ${maxSeconds} are served (--max-seconds)`;
  }
  const bytes = sizes.reduce((sum, size) => sum + size, 0) * (repeat ?? 0) * clients;
  if (bytes > maxMegabytes * 1e6) {
    const megabytes = Math.ceil(bytes / 1e6);
    return `${megabytes} megabytes: at most ${maxMegabytes} are served (--max-megabytes)`;
  }
  try {
    checkPlan(
      { sizes, repeat: repeat ?? 1, ...(seconds === undefined ? {} : { seconds }) },
      lane
        .protocol,
    );
    return null;
  } catch (error) {
    if (error instanceof UsageError) return describe(error);
    throw error;
  }
}
