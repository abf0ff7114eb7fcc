/**
 * The library's connections as the exchange asks for them: lengths, facts, names.
 *
 * @module
 */
import { formatAddress, peerName } from "../base/addresses.ts";
import { TimeoutError } from "../base/errors.ts";
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { serverAddresses } from "../deno/lookup.ts";
import type { PairOptions } from "../model/pair_options.ts";

/** A server, as the library's connect functions take it. */
export interface ServerName {
  /** Where to connect to. */
  hostname: string;
  readonly port: number;
  /** What its certificate has to be for. */
  readonly serverName: string;
}

/**
 * Looks a server's name up. Where it has several addresses, the name stays: the first connection
 * shows which of them answers.
 *
 * @throws {RunError} where the name is unknown
 */
export async function lookUpServer({ hostname, port }: PairOptions): Promise<ServerName> {
  const [first, ...others] = await serverAddresses(hostname);
  return {
    hostname: others.length === 0 ? first! : hostname,
    port,
    serverName: peerName({ hostname }),
  };
}

/**
 * How much a read of the library's has brought.
 *
 * @returns bytes; `ENDED` for null, `TOO_LATE` for a {@linkcode TimeoutError}
 */
export async function lengthOf(read: Promise<Uint8Array | number | null>): Promise<number> {
  try {
    const got = await read;
    if (got === null) return ENDED;
    return typeof got === "number" ? got : got.length;
  } catch (error) {
    if (error instanceof TimeoutError) return TOO_LATE;
    throw error;
  }
}

/** The peer's `host:port`. */
export function peerOf({ remoteAddr }: { readonly remoteAddr: Deno.NetAddr }): string {
  return addressOf(remoteAddr);
}

/** `host:port`. */
export function addressOf({ hostname, port }: Deno.NetAddr): string {
  return formatAddress(hostname, port);
}
