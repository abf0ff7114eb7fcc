/**
 * What a client says when it gives up.
 *
 * @module
 */
import { formatAddress } from "../base/addresses.ts";
import { describe, RunError } from "../base/errors.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { FIRST_LOST, LOST_LIMIT } from "./patience.ts";

/** Where a client was when it failed. */
export interface ClientPosition {
  /** What was being done, such as "send to". */
  readonly doing: string;
  readonly sizeBytes: number;
  readonly no: number;
  /** Messages that were exchanged before. */
  readonly messages: number;
}

/** Names the server, the reason and the message at which it failed. */
export function clientError(
  { hostname, port, plan, clients }: PairOptions,
  { doing, sizeBytes, no, messages }: ClientPosition,
  cause: unknown,
): RunError {
  // What failed is said here; a library's own "Cannot ...: " would say it twice.
  const why = describe(cause).replace(/^Cannot [^:]*: /, "");
  const where = `cannot ${doing} ${formatAddress(hostname, port)}: ${why}`;
  if (messages === 0) return new RunError(where, { cause });
  const all = plan.sizes.length * plan.repeat * clients;
  const count = plan.seconds === undefined ? `${messages} of ${all}` : `${messages}`;
  const at = `at message ${no} of size ${sizeBytes}, ${count} exchanged`;
  return new RunError(`${where} (${at})`, { cause });
}

/** The server does not answer any more, or its answers do not arrive. */
export function goneError(): RunError {
  return new RunError(`${LOST_LIMIT} messages in a row were lost; the server is gone`);
}

/** What is said of a server where the first messages or handshakes have no answer. */
export function unanswered(what: string): string {
  return `has not answered ${FIRST_LOST} ${what} in a row; ${LOST_LIMIT} end the run`;
}
