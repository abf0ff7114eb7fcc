/**
 * The server on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import type { Deadlines } from "../common/deadline.ts";
import { DrivenServer } from "../common/driven_pair.ts";
import { resolveHost } from "../common/net.ts";
import { TlsContext } from "../common/openssl/context.ts";
import type { PairOptions } from "../common/options.ts";
import { posixLoop } from "../common/posix_pair.ts";
import type { Prepared } from "../common/script.ts";
import { pairServerSettings } from "../common/secure_pair.ts";
import type { ServerTransport } from "../common/server_transport.ts";
import { DtlsPosixListener, type DtlsPosixPeer } from "./posix_listener.ts";

/** Loads certificates and binds the socket. */
export async function preparePosixServer(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const settings = await pairServerSettings(options);
  const hostname = await resolveHost(options.hostname);
  const context = new TlsContext({ ...settings, role: "server", datagram: true });
  const loop = posixLoop(options, deadlines);
  const listener = new DtlsPosixListener(context, hostname, options.port, loop);
  const take = (peer: DtlsPosixPeer) =>
    new DrivenServer(peer.core, peer, options, peer.address.text);
  return {
    library: context.lib.versionText,
    transport: {
      hostname: listener.address.hostname,
      port: listener.address.port,
      // Datagrams get lost.
      lossy: true,
      accept: () => listener.accept(take),
      stopAccepting: () => listener.stopAccepting(),
      close: () => listener.close(),
    },
  };
}
