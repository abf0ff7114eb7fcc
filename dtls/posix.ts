/**
 * Both ends on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import { loadCertificates } from "../common/certificates.ts";
import type { ClientTransport } from "../common/client.ts";
import type { Deadlines } from "../common/deadline.ts";
import { DrivenClient, DrivenServer } from "../common/driven_pair.ts";
import { resolveHost } from "../common/net.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { TlsSession } from "../common/openssl/session.ts";
import type { PairOptions } from "../common/options.ts";
import { PosixCarrier } from "../common/posix_carrier.ts";
import { posixLoop, serverAddress } from "../common/posix_pair.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop } from "../common/posix/poll_loop.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import type { MaybePromise } from "../common/protocol.ts";
import { rehearseSecure } from "../common/rehearsal.ts";
import type { Prepared } from "../common/script.ts";
import { pairServerSettings, pairSettings, SessionPool } from "../common/secure_pair.ts";
import type { ServerTransport } from "../common/server_transport.ts";
import { DtlsPosixListener, type DtlsPosixPeer } from "./posix_listener.ts";

class DtlsServerConnection extends DrivenServer {
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

function client(
  options: PairOptions,
  loop: PollLoop,
  server: SocketAddress,
  context: TlsContext,
): ClientTransport {
  const sessions = new SessionPool(options.resume);
  return {
    rest: () => loop.rest(),
    open(timer) {
      using session = sessions.take();
      const core = new TlsSession(context, { serverName: options.hostname, session });
      const carrier = new PosixCarrier(PosixUdp.toward(server, loop), core);
      return new DrivenClient(core, carrier, options, sessions).shaken(timer);
    },
  };
}

function server(
  options: PairOptions,
  loop: PollLoop,
  hostname: string,
  context: TlsContext,
): ServerTransport {
  const listener = new DtlsPosixListener(context, hostname, options.port, loop);
  return {
    hostname: listener.address.hostname,
    port: listener.address.port,
    // Datagrams get lost.
    lossy: true,
    accept: () => listener.accept((peer) => new DtlsServerConnection(peer, options)),
    stopAccepting: () => listener.stopAccepting(),
    close: () => listener.close(),
  };
}

/** Loads certificates and looks the name up, once for the run. */
export async function preparePosixClient(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const address = await serverAddress(options);
  const certificates = await loadCertificates(options.certs, "client");
  const settings = { ...certificates, ...pairSettings(options) };
  const context = new TlsContext({ ...settings, role: "client", datagram: true });
  await rehearseSecure(options, { client, server });
  return {
    library: context.lib.versionText,
    transport: client(options, posixLoop(options, deadlines), address, context),
  };
}

/** Loads certificates and binds the socket. */
export async function preparePosixServer(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const settings = await pairServerSettings(options);
  const hostname = await resolveHost(options.hostname);
  const context = new TlsContext({ ...settings, role: "server", datagram: true });
  const transport = server(options, posixLoop(options, deadlines), hostname, context);
  await rehearseSecure(options, { client, server });
  return { library: context.lib.versionText, transport };
}
