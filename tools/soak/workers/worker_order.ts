/**
 * What the Workers and their process are told, and what they say.
 *
 * @module
 */
import type { ListenerOrder, SecureProtocol } from "../listener_order.ts";
import type { Usage } from "../usage.ts";

/** Where a Worker listens. */
export type WorkerPorts = Readonly<Record<SecureProtocol, number>>;

/** What a Worker is told first. */
export interface WorkerOrder extends ListenerOrder {
  /** Whose listeners it connects to beside its own. */
  visited: WorkerPorts | null;
}

/** To connect so often to each listener, to say what is under way, or to end. */
export type WorkerQuestion = number | "rest" | "close";

/** What is under way in a Worker. */
export interface WorkerRest {
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

/** What the Workers' process is told after the first line, the order. */
export type ProcessQuestion = { end: WorkerEnd; no: number } | "usage";

/** What the process uses when nothing is under way. */
export interface WorkersUsage extends Usage {
  /** SSL objects of the Workers that stay. */
  live: number;
  /** Bytes that OpenSSL has allocated and not freed; null where they are not counted. */
  opensslBytes: number | null;
  sockets: number;
}
