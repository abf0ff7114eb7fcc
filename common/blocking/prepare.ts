/**
 * How the pairs on the system's own calls are prepared: names and certificates, the rehearsal, then
 * the run's own transport.
 *
 * @module
 */
import { loadCertificates } from "../pem/certificate_files.ts";
import type { ClientTransport } from "../exchange/client.ts";
import { setClock } from "../measure/clock.ts";
import type { Deadlines } from "../base/deadline.ts";
import { listenAddress } from "../deno/lookup.ts";
import { TlsContext } from "../openssl/context.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { monotonicClock } from "../posix/clock.ts";
import type { PollLoop } from "../posix/poll_loop.ts";
import { posixLoop, socketAddresses } from "./pair.ts";
import { rehearse, type RehearsedPair, rehearseSecure } from "./warm_up.ts";
import type { Prepare } from "../exchange/prepare.ts";
import { pairServerSettings, pairSettings } from "../exchange/secure_pair.ts";
import type { AnyServerTransport } from "../exchange/server_transport.ts";

/** What a client's script and a server's script prepare. */
export interface PosixPreparers<Server extends AnyServerTransport> {
  client: Prepare<ClientTransport>;
  server: Prepare<Server>;
}

/** Where an end waits. Times are taken by C's clock from now on, as little as such an end takes. */
function posixTime(options: PairOptions, deadlines: Deadlines): PollLoop {
  setClock(monotonicClock());
  return posixLoop(options, deadlines);
}

/** For a protocol without certificates. */
export function preparePosix<Server extends AnyServerTransport>(
  pair: RehearsedPair<[], Server>,
): PosixPreparers<Server> {
  return {
    async client(options, deadlines) {
      const loop = posixTime(options, deadlines);
      const servers = await socketAddresses(options);
      await rehearse(options, pair);
      return { transport: pair.client(options, loop, servers) };
    },
    async server(options, deadlines) {
      const loop = posixTime(options, deadlines);
      const transport = pair.server(options, loop, await listenAddress(options.hostname));
      await rehearse(options, pair);
      return { transport };
    },
  };
}

/** For TLS and DTLS. */
export function preparePosixSecure<Server extends AnyServerTransport>(
  pair: RehearsedPair<[TlsContext], Server>,
): PosixPreparers<Server> {
  return {
    async client(options, deadlines) {
      const loop = posixTime(options, deadlines);
      const servers = await socketAddresses(options);
      const certificates = await loadCertificates(options, "client");
      const settings = { ...certificates, ...pairSettings(options) };
      const datagram = options.protocol === "dtls";
      const context = new TlsContext({ ...settings, role: "client", datagram });
      await rehearseSecure(options, pair);
      const library = context.lib.versionText;
      const transport = pair.client(options, loop, servers, context);
      return { library, transport: { ...transport, close: () => context.close() } };
    },
    async server(options, deadlines) {
      const loop = posixTime(options, deadlines);
      const settings = await pairServerSettings(options);
      const hostname = await listenAddress(options.hostname);
      const datagram = options.protocol === "dtls";
      const context = new TlsContext({ ...settings, role: "server", datagram });
      const transport = pair.server(options, loop, hostname, context);
      await rehearseSecure(options, pair);
      return { library: context.lib.versionText, transport };
    },
  };
}
