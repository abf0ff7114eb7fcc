/**
 * What the network's refusals are said to be.
 *
 * @module
 */
import { formatAddress } from "./addresses.ts";
import { AddressError, describe, worded } from "./errors.ts";
import { systemError } from "./system_errors.ts";

/** Says where it could not listen, and why: an error of the system's kind, as AddrInUse. */
export function listenError(hostname: string, port: number, cause: unknown): unknown {
  if (cause instanceof Deno.errors.NotCapable) return cause;
  const where = formatAddress(hostname, port);
  return worded(systemError(`cannot listen on ${where}: ${describe(cause)}`, cause));
}

/** Says that a client cannot have the address of its own that it was told. */
export function bindError(address: string, cause: unknown): Error {
  const line = `the local address ${address} cannot be used: ${describe(cause)}`;
  return worded(systemError(line, cause));
}

/** Says that there is no such interface, and which there are. */
export function noInterface(zone: string, names: readonly string[] = []): AddressError {
  const known = names.length > 0 ? `; there are ${[...new Set(names)].join(", ")}` : "";
  return new AddressError(`this machine has no network interface "${zone}"${known}`);
}
