/**
 * What the network's refusals are said to be.
 *
 * @module
 */
import { formatAddress } from "./addresses.ts";
import { describe, RunError } from "./errors.ts";

/** Says where it could not listen, and why. */
export function listenError(hostname: string, port: number, cause: unknown): unknown {
  if (cause instanceof Deno.errors.NotCapable) return cause;
  const where = formatAddress(hostname, port);
  return new RunError(`cannot listen on ${where}: ${describe(cause)}`, { cause });
}

/** Says that a client cannot have the address of its own that it was told. */
export function bindError(address: string, cause: unknown): RunError {
  return new RunError(`the local address ${address} cannot be used: ${describe(cause)}`, { cause });
}

/** Says that there is no such interface, and which there are. */
export function noInterface(zone: string, names: readonly string[] = []): RunError {
  const known = names.length > 0 ? `; there are ${[...new Set(names)].join(", ")}` : "";
  return new RunError(`this machine has no network interface "${zone}"${known}`);
}
