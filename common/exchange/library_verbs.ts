/**
 * The library's connections as the exchange asks for them: lengths, facts, names.
 *
 * @module
 */
import { addressOf, peerName, withoutZone } from "../base/addresses.ts";
import { TimeoutError } from "../base/errors.ts";
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { serverAddresses } from "../deno/lookup.ts";
import type { PairOptions } from "../model/pair_options.ts";

/** A server, as the library's connect functions take it. */
export interface ServerName {
  /** Where to connect to. */
  readonly hostname: string;
  readonly port: number;
  /** What its certificate has to be for. */
  readonly serverName: string;
}

/** What the server's certificate has to be for, which is also what a client says in its hello. */
export function wantedName({ hostname, serverName }: PairOptions): string {
  return peerName({ hostname, serverName: serverName ?? undefined });
}

/** The server of a run: its name is looked up until one of its addresses has answered. */
export class Server {
  readonly #addresses: readonly string[];
  #name: ServerName;

  private constructor(addresses: readonly string[], name: ServerName) {
    this.#addresses = addresses;
    this.#name = name;
  }

  /**
   * Looks its name up. Where it has several addresses, the name stays until one has answered.
   *
   * @throws {RunError} where the name is unknown
   */
  static async find(options: PairOptions): Promise<Server> {
    const { hostname, port } = options;
    const addresses = await serverAddresses(hostname);
    const address = addresses.length === 1 ? addresses[0]! : hostname;
    return new Server(addresses, { hostname: address, port, serverName: wantedName(options) });
  }

  /** Where to connect to, and what its certificate has to be for. */
  get name(): ServerName {
    return this.#name;
  }

  /** One of its addresses has answered: the others are not tried any more. */
  hasAnswered({ remoteAddr }: { readonly remoteAddr: Deno.NetAddr }): void {
    if (this.#addresses.length === 1) return;
    const isAnswering = (address: string) => withoutZone(address) === remoteAddr.hostname;
    if (isAnswering(this.#name.hostname)) return;
    const hostname = this.#addresses.find(isAnswering) ?? remoteAddr.hostname;
    this.#name = { ...this.#name, hostname };
  }
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
