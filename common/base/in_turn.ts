/**
 * One server with several addresses, such as `localhost` with 127.0.0.1 and ::1.
 *
 * @module
 */
import type { MaybePromise } from "./maybe_promise.ts";
import { systemCode } from "./system_errors.ts";

/** An address that cannot be reached, by the names of errno(3); another one may be. */
const UNREACHABLE: readonly (string | null)[] = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
];

/** Whether an error says that an address cannot be reached: itself, or what it was caused by. */
export function isUnreachable(error: unknown): boolean {
  return UNREACHABLE.includes(codeOf(error));
}

/** What several addresses have come to: a refusal says more than that there is no way. */
export function worseOf(earlier: unknown, later: unknown): unknown {
  return codeOf(earlier) === "ECONNREFUSED" ? earlier : later;
}

function codeOf(error: unknown): string | null {
  return systemCode(error) ?? systemCode((error as Error | undefined)?.cause);
}

/**
 * Tries one address after the other until one can be reached. From then on that is the only one: a
 * run keeps to it, and its time is that of one attempt.
 *
 * @param addresses at least one; the others are taken out when one was reached
 * @param openOne connects with an address
 * @throws what the last attempt threw, or a refusal, which says more than that there is no way
 */
export function connectInTurn<Address, Opened>(
  addresses: Address[],
  openOne: (address: Address) => MaybePromise<Opened>,
): MaybePromise<Opened> {
  if (addresses.length === 1) return openOne(addresses[0]!);
  const keep = (address: Address) => keepOnly(addresses, address);
  // Another client of the run may reach one meanwhile.
  return attempt({ order: [...addresses], openOne, keep }, 0);
}

/** One address was reached: the others are not tried any more. */
export function keepOnly<Address>(addresses: Address[], reached: Address): void {
  addresses.splice(0, addresses.length, reached);
}

interface Turns<Address, Opened> {
  readonly order: readonly Address[];
  readonly openOne: (address: Address) => MaybePromise<Opened>;
  readonly keep: (address: Address) => void;
}

/** @param earlier what those before have come to */
function attempt<Address, Opened>(
  turns: Turns<Address, Opened>,
  at: number,
  earlier?: unknown,
): MaybePromise<Opened> {
  const address = turns.order[at]!;
  const failed = (error: unknown) => {
    if (!isUnreachable(error)) throw error;
    const worse = worseOf(earlier, error);
    if (at + 1 === turns.order.length) throw worse;
    return attempt(turns, at + 1, worse);
  };
  const reached = (opened: Opened) => {
    turns.keep(address);
    return opened;
  };
  let opening: MaybePromise<Opened>;
  try {
    opening = turns.openOne(address);
  } catch (error) {
    return failed(error);
  }
  return opening instanceof Promise ? opening.then(reached, failed) : reached(opening);
}
