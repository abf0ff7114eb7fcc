/**
 * Both ends' results of one run as one: what was lost by direction, and delays by one clock.
 *
 * @module
 */
import type { ClockOffset, OneWay } from "../../common/measure/one_way.ts";
import type { Loss, RunResult, SizeResult } from "../../common/measure/result.ts";
import type { Summary } from "../../common/measure/statistics.ts";

/** Where the two ends had clocks of their own. */
export interface JoinedClock {
  /** Of the server's clock, over the run; null where it could not be told. */
  offset: ClockOffset | null;
  /** What the server has added to its clock before it told delays, in microseconds. */
  shiftUs: number;
}

/** What is known of a run besides its results. */
export interface Joint {
  /** Whether both ends have run to their end: elsewhere what is missing may have been on its way. */
  isComplete: boolean;
  /** Absent where both ends had the same clock. */
  clock?: JoinedClock | undefined;
}

/**
 * Joins the client's and the server's results.
 *
 * @param runs of one lane; without one of each there is nothing to be told by direction
 */
export function joined(runs: readonly RunResult[], { isComplete, clock }: Joint): RunResult[] {
  const [clients, servers] = (["client", "server"] as const).map((role) =>
    runs.filter((run) => run.role === role)
  );
  const isPair = isComplete && clients?.length === 1 && servers?.length === 1;
  const sizeOf = (end: RunResult[] | undefined, sizeBytes: number) =>
    isPair ? end?.[0]?.sizes.find((size) => size.sizeBytes === sizeBytes) : undefined;
  return runs.map((run) => ({
    ...run,
    sizes: run.sizes.map((size) => {
      const [sent, taken] = [clients, servers].map((end) => sizeOf(end, size.sizeBytes));
      return {
        ...size,
        ...(sent && taken ? { loss: lossBetween(sent, taken) } : {}),
        ...(size.oneWay && clock ? { oneWay: byOneClock(size.oneWay, clock) } : {}),
      };
    }),
  }));
}

/** A message that the server has not got was lost on the way there, an answer on the way back. */
function lossBetween(client: SizeResult, server: SizeResult): Loss {
  const arrived = arrivedAt(server);
  const lost = (sent: number | null, got: number | null) =>
    sent === null || got === null ? null : Math.max(sent - got, 0);
  return {
    toServer: lost(client.sent, arrived),
    toClient: lost(server.answered, client.answered),
  };
}

/** Messages that a server has got, each once. */
function arrivedAt({ answered, sent, lost, oneWay }: SizeResult): number | null {
  if (answered !== null) return answered;
  if (sent !== null && lost !== null) return sent - lost;
  // The rate is that of the messages after the first one.
  const { seconds = null, messagesPerSecond = null } = oneWay ?? {};
  return seconds === null || messagesPerSecond === null
    ? null
    : Math.round(seconds * messagesPerSecond) + 1;
}

function byOneClock(oneWay: OneWay, { offset, shiftUs }: JoinedClock): OneWay {
  const { delayUs, ...rest } = oneWay;
  if (!offset) return { ...rest, delayUs: null };
  const corrected = delayUs && shifted(delayUs, -(offset.offsetUs + shiftUs));
  const usual = corrected?.p50 ?? corrected?.mean ?? null;
  const isKnown = usual !== null && usual >= offset.uncertaintyUs;
  return { ...rest, delayUs: isKnown ? corrected : null, clock: offset };
}

/** Of times that none is below 0: where one seems to be, that is by less than the uncertainty. */
function shifted({ n, stddev, ...times }: Summary, byUs: number): Summary {
  const moved = Object.fromEntries(
    Object.entries(times).map((
      [name, us],
    ) => [name, us === null ? null : Math.max(round(us + byUs), 0)]),
  ) as typeof times;
  return { n, stddev, ...moved };
}

/** To nanoseconds, as all figures are. */
function round(us: number): number {
  return Math.round(us * 1000) / 1000;
}
