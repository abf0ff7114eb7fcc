/**
 * What the Workers and their process are told, and what they say.
 *
 * @module
 */
import { describe, RunError } from "../../../common/base/errors.ts";
import type { SecureProtocol } from "../listener_order.ts";
import type { Usage } from "../usage.ts";

/** Where a Worker listens: its answer to the first message, which is a ListenerOrder. */
export type WorkerPorts = Readonly<Record<SecureProtocol, number>>;

/** What a Worker is told after that. */
export type WorkerQuestion =
  /** Whose listeners it connects to before its own. */
  | WorkerPorts
  /** To connect to each of them once. */
  | "once"
  /** To connect to them again and again, if it does not yet. */
  | "start"
  /** To stop that, and to say what is left when the connection that is under way is over. */
  | "rest"
  /** To close its listeners, say what is left, and end. */
  | "close";

/** What is under way in a Worker. */
export interface WorkerRest {
  /** Connections that were made since it began. */
  connected: number;
  /** Sessions of its listeners. */
  sessions: number;
  /** SSL objects. */
  live: number;
}

/** What becomes of a Worker beside those that stay. */
export type WorkerEnd =
  /** It has connected, closes its listeners, and ends itself. */
  | "closed"
  /** It is ended from outside while it connects. */
  | "terminated";

/** What the Workers' process is told after the first line, which is a ListenerOrder. */
export type ProcessQuestion = { end: WorkerEnd; no: number } | "usage";

/** What the process uses when nothing is under way. */
export interface WorkersUsage extends Usage {
  /** Connections of the Workers that stay, since they began. */
  connected: number;
  /** SSL objects of the Workers that stay. */
  live: number;
  sockets: number;
  /** Bytes that OpenSSL has allocated and not freed; null where they are not counted. */
  opensslBytes: number | null;
}

/** An answer of a Worker or of the process. */
export type Answer<T> = { answer: T } | { error: string };

/** What an act gives, or why it has failed. */
export async function answerOf<T>(act: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { answer: await act() };
  } catch (error) {
    return { error: describe(error) };
  }
}

/** @throws {RunError} where it is none */
export function answered<T>(answer: Answer<T>): T {
  if ("error" in answer) throw new RunError(answer.error);
  return answer.answer;
}
