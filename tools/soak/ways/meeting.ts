/**
 * One meeting of two ends in memory, which is to come out as it should.
 *
 * @module
 */
import { RunError } from "../../../common/base/errors.ts";
import type { TlsClientSettings, TlsServerSettings } from "../../../common/openssl/settings.ts";
import {
  type MemoryNet,
  memoryNet,
  type MemoryNetOptions,
} from "../../../common/testing/memory_net.ts";
import { type ProtocolName, PROTOCOLS } from "../../../common/testing/resumption.ts";

/** Goes once through OpenSSL, and leaves nothing. */
export type Way = () => unknown;

/** Ways by their names. */
export type Ways = Record<string, Way>;

/** How a meeting comes out: both ends are through their handshakes, or one of them fails, or waits. */
export type Comes = "established" | "failed" | "waiting";

/** Settings of both ends, beside those of the good certificates. */
export interface Ends {
  client?: TlsClientSettings;
  server?: TlsServerSettings;
  serverName?: string;
}

/** Protocols by their newest version. */
export const NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

/** What a network is made of. */
export function optionsOf(
  name: ProtocolName,
  { client, server, serverName }: Ends,
): MemoryNetOptions {
  const maxVersion = PROTOCOLS[name];
  return {
    datagram: name === "DTLS",
    client: { maxVersion, ...client } as MemoryNetOptions["client"],
    server: { maxVersion, ...server } as MemoryNetOptions["server"],
    ...serverName !== undefined && { serverName },
  };
}

function comesOut({ client, server }: MemoryNet): Comes {
  if (client.error !== null || server.error !== null) return "failed";
  return client.established && server.established ? "established" : "waiting";
}

/**
 * A way on which two ends meet.
 *
 * @param as how the meeting comes out
 * @param before prepares the network
 * @param after goes on with it
 * @returns throws a {@linkcode RunError} where it comes out in another way
 */
export function meeting(
  name: ProtocolName,
  ends: Ends,
  as: Comes = "established",
  { before, after }: {
    before?: (net: MemoryNet) => void;
    after?: (net: MemoryNet) => unknown;
  } = {},
): Way {
  return async () => {
    using net = await memoryNet(optionsOf(name, ends));
    before?.(net);
    net.run();
    await after?.(net);
    const is = comesOut(net);
    if (is === as) return;
    throw new RunError(`it is ${is}, not ${as}: ${net.client.error} ${net.server.error}`);
  };
}

/**
 * A way that is refused.
 *
 * @param act is to throw
 */
export function refused(act: () => unknown): Way {
  return async () => {
    try {
      await act();
    } catch {
      return;
    }
    throw new RunError("it was not refused");
  };
}
