/**
 * The server on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import type { Deadlines } from "../common/deadline.ts";
import { DrivenServer } from "../common/driven_pair.ts";
import { resolveHost } from "../common/net.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { TlsSession } from "../common/openssl/session.ts";
import type { PairOptions } from "../common/options.ts";
import { PosixCarrier } from "../common/posix_carrier.ts";
import { posixLoop } from "../common/posix_pair.ts";
import { type PosixTcp, PosixTcpAcceptor } from "../common/posix/tcp.ts";
import type { Prepared } from "../common/script.ts";
import { pairServerSettings } from "../common/secure_pair.ts";
import type { ServerTransport } from "../common/server_transport.ts";

/** Loads certificates and listens. */
export async function preparePosixServer(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const settings = await pairServerSettings(options);
  const context = new TlsContext({ ...settings, role: "server", datagram: false });
  const hostname = await resolveHost(options.hostname);
  const loop = posixLoop(options, deadlines);
  const acceptor = new PosixTcpAcceptor(hostname, options.port, loop, options.timeoutMs);
  const take = (tcp: PosixTcp) => {
    const core = new TlsSession(context);
    return new DrivenServer(core, new PosixCarrier(tcp, core), options, tcp.peer.text);
  };
  return {
    library: context.lib.versionText,
    transport: {
      hostname: acceptor.address.hostname,
      port: acceptor.address.port,
      accept: () => acceptor.accept(take),
      stopAccepting: () => acceptor.close(),
    },
  };
}
