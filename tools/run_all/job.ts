/**
 * A lane that is run, and what came of it.
 *
 * @module
 */
import type { Lane } from "../../common/model/lanes.ts";
import type { ConnectMode } from "../../common/model/protocol.ts";
import type { RunResult } from "../../common/measure/result.ts";

/** A lane and how it is run. */
export interface Job {
  lane: Lane;
  /** Whether sessions are resumed. */
  resume: boolean;
  connect: ConnectMode;
  /** For tables: the lane's, with what says that sessions are resumed. */
  name: string;
  /** The beginning of its logs' names. */
  file: string;
}

/** What came of a lane. */
export interface LaneReport {
  job: Job;
  round: number;
  /** Both ends ended with exit code 0. */
  ok: boolean;
  interrupted: boolean;
  /** Why it failed, in one line. */
  failure: string | null;
  /** The table of a client that could not keep its results; null where it could. */
  shown: string | null;
  /** Of the ends that ran here, partial ones too. */
  runs: RunResult[];
  /** How many times as long the first messages took as the rest; null where it is not known. */
  slowStart: number | null;
  /** Version text of the library in use. */
  openssl: string | null;
}

/** What is exchanged by each job. */
export interface Exchange {
  sizes: readonly number[];
  /** Messages of each size, by what has a connection of its own; null where a duration was given. */
  repeat: Readonly<Record<ConnectMode, number>> | null;
  /** Seconds that all messages take; null where a number was given. */
  seconds: number | null;
  clients: number;
  /** Whether messages are answered. */
  reply: boolean;
  /** Pause between messages, in milliseconds. */
  waitMs: number;
  /** Messages a second of all clients together; null where each follows an answer. */
  rate: number | null;
}

/** Messages of one client of a job; null where a duration was given. */
export function messagesOf({ connect }: Job, { sizes, repeat }: Exchange): number | null {
  return repeat && sizes.length * repeat[connect];
}
