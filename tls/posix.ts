/**
 * Both ends on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import { loadCertificates } from "../common/certificates.ts";
import type { ClientTransport } from "../common/client.ts";
import { STEP_INDEX } from "../common/clock.ts";
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
import { PosixTcp, PosixTcpAcceptor } from "../common/posix/tcp.ts";
import { rehearseSecure } from "../common/rehearsal.ts";
import type { Prepared } from "../common/script.ts";
import { pairServerSettings, pairSettings, SessionPool } from "../common/secure_pair.ts";
import type { ServerTransport } from "../common/server_transport.ts";

function client(
  options: PairOptions,
  loop: PollLoop,
  server: SocketAddress,
  context: TlsContext,
): ClientTransport {
  const { hostname, timeoutMs } = options;
  const sessions = new SessionPool(options.resume);
  return {
    rest: () => loop.rest(),
    open(timer) {
      const connected = (tcp: PosixTcp) => {
        timer.mark(STEP_INDEX.connect);
        using session = sessions.take();
        const core = new TlsSession(context, { serverName: hostname, session });
        const carrier = new PosixCarrier(tcp, core);
        return new DrivenClient(core, carrier, options, sessions).shaken(timer);
      };
      const connecting = PosixTcp.connect(server, loop, timeoutMs);
      return connecting instanceof Promise ? connecting.then(connected) : connected(connecting);
    },
  };
}

function server(
  options: PairOptions,
  loop: PollLoop,
  hostname: string,
  context: TlsContext,
): ServerTransport {
  const acceptor = new PosixTcpAcceptor(hostname, options.port, loop, options.timeoutMs);
  const take = (tcp: PosixTcp) => {
    const core = new TlsSession(context);
    return new DrivenServer(core, new PosixCarrier(tcp, core), options, tcp.peer.text);
  };
  return {
    hostname: acceptor.address.hostname,
    port: acceptor.address.port,
    accept: () => acceptor.accept(take),
    stopAccepting: () => acceptor.close(),
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
  const context = new TlsContext({ ...settings, role: "client", datagram: false });
  await rehearseSecure(options, { client, server });
  return {
    library: context.lib.versionText,
    transport: client(options, posixLoop(options, deadlines), address, context),
  };
}

/** Loads certificates and listens. */
export async function preparePosixServer(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const settings = await pairServerSettings(options);
  const context = new TlsContext({ ...settings, role: "server", datagram: false });
  const hostname = await resolveHost(options.hostname);
  const transport = server(options, posixLoop(options, deadlines), hostname, context);
  await rehearseSecure(options, { client, server });
  return { library: context.lib.versionText, transport };
}
