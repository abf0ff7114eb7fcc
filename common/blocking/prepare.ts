/**
 * How the pairs on the system's own calls are prepared: names and certificates, the warm-up, then
 * the run's own transport.
 *
 * @module
 */
import type { Deadlines } from "../base/deadline.ts";
import { RunError } from "../base/errors.ts";
import { setupStep } from "../base/setup_steps.ts";
import { listenAddress, serverAddresses } from "../deno/lookup.ts";
import { clientSettings, serverSettings } from "../exchange/secure_settings.ts";
import type { AnyServerTransport, ClientTransport, Prepare } from "../exchange/transport.ts";
import { setClock } from "../measure/clock.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { TlsContext } from "../openssl/context.ts";
import { SocketAddress } from "../posix/address.ts";
import { monotonicClock } from "../posix/clock.ts";
import { PollLoop } from "../posix/poll_loop.ts";
import { warmUp, warmUpSecure } from "./warm_up.ts";
import type { BlockingPair } from "./warm_up_pass.ts";

/** What a client's script and a server's script prepare. */
export interface BlockingPreparers<Server extends AnyServerTransport> {
  client: Prepare<ClientTransport<unknown>>;
  server: Prepare<Server>;
}

/**
 * Where an end waits, as `--io` says: the one decision between blocking and spinning. Times are
 * taken by C's clock from now on, as little as such an end takes.
 */
function begin({ io, role, clients }: PairOptions, { signal }: Deadlines): PollLoop {
  setClock(monotonicClock());
  const loop = new PollLoop(io === "spin" ? "spin" : "block", signal);
  // A server counts its connections as they come.
  if (role === "client") loop.users = clients;
  return loop;
}

/**
 * The server's addresses, looked up once for the run: those that the client's own can reach.
 *
 * @throws {RunError} where it can reach none
 */
async function socketAddresses({ hostname, port, bind }: PairOptions): Promise<SocketAddress[]> {
  const addresses = await serverAddresses(hostname);
  const isLike = (address: string) => bind === null || address.includes(":") === bind.includes(":");
  const near = addresses.filter(isLike);
  if (near.length > 0) return near.map((address) => SocketAddress.of(address, port));
  throw new RunError(`${hostname} cannot be reached from ${bind}: one has IPv4, the other IPv6`);
}

/** For a protocol without certificates. */
export function prepareBlocking<Server extends AnyServerTransport>(
  pair: BlockingPair<[], Server>,
): BlockingPreparers<Server> {
  return {
    async client(options, deadlines) {
      const loop = begin(options, deadlines);
      const servers = await socketAddresses(options);
      await warmUp(options, pair);
      return pair.client(options, loop, servers);
    },
    async server(options, deadlines) {
      const loop = begin(options, deadlines);
      const transport = pair.server(options, loop, await listenAddress(options.hostname));
      await warmUp(options, pair);
      return transport;
    },
  };
}

/** For TLS and DTLS. */
export function prepareBlockingSecure<Server extends AnyServerTransport>(
  pair: BlockingPair<[TlsContext], Server>,
): BlockingPreparers<Server> {
  return {
    async client(options, deadlines, trace) {
      const loop = begin(options, deadlines);
      const servers = await socketAddresses(options);
      const settings = await clientSettings(options, trace);
      const datagram = options.protocol === "dtls";
      const context = setupStep(
        "context",
        () => new TlsContext({ ...settings, role: "client", datagram }),
      );
      await warmUpSecure(options, pair);
      return pair.client(options, loop, servers, context);
    },
    async server(options, deadlines, trace) {
      const loop = begin(options, deadlines);
      const settings = await serverSettings(options, trace);
      const hostname = await listenAddress(options.hostname);
      const datagram = options.protocol === "dtls";
      const context = setupStep(
        "context",
        () => new TlsContext({ ...settings, role: "server", datagram }),
      );
      const transport = pair.server(options, loop, hostname, context);
      await warmUpSecure(options, pair);
      return transport;
    },
  };
}
