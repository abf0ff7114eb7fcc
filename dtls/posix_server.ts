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
import type { MaybePromise } from "../common/protocol.ts";
import type { Prepared } from "../common/script.ts";
import { pairServerSettings } from "../common/secure_pair.ts";
import type { ServerTransport } from "../common/server_transport.ts";
import { DtlsPosixListener, type DtlsPosixPeer } from "./posix_listener.ts";

class DtlsConnection extends DrivenServer {
  readonly #peer: DtlsPosixPeer;

  constructor(peer: DtlsPosixPeer, options: PairOptions) {
    super(peer.core, peer, options, peer.address.text);
    this.#peer = peer;
  }

  override handshake(): MaybePromise<void> {
    this.#peer.expectCookie();
    return super.handshake();
  }
}

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
  return {
    library: context.lib.versionText,
    transport: {
      hostname: listener.address.hostname,
      port: listener.address.port,
      // Datagrams get lost.
      lossy: true,
      accept: () => listener.accept((peer) => new DtlsConnection(peer, options)),
      stopAccepting: () => listener.stopAccepting(),
      close: () => listener.close(),
    },
  };
}
