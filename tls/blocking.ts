/**
 * Both ends on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import { connectInTurn } from "../common/base/in_turn.ts";
import { setupStep } from "../common/base/setup_steps.ts";
import { prepareBlockingSecure } from "../common/blocking/prepare.ts";
import { AcceptedSession, secureClient, secureServer } from "../common/blocking/secure.ts";
import { PosixSessionSocket } from "../common/secure/posix_socket.ts";
import type { BlockingPair } from "../common/blocking/warm_up_pass.ts";
import type { ServerTransport } from "../common/exchange/transport.ts";
import type { TlsContext } from "../common/openssl/context.ts";
import { TlsSession } from "../common/openssl/session.ts";
import { PosixTcp, PosixTcpListener } from "../common/posix/tcp.ts";

/** Takes a connection over, also where no session can be made. */
function accepted(tcp: PosixTcp, context: TlsContext): AcceptedSession {
  try {
    const session = setupStep("session", () => new TlsSession(context));
    return new AcceptedSession(session, new PosixSessionSocket(tcp, session), "tls", tcp.peer.text);
  } catch (error) {
    tcp.close();
    throw error;
  }
}

/** Both ends. */
export const blockingPair: BlockingPair<[TlsContext], ServerTransport<AcceptedSession>> = {
  client: (options, loop, servers, context) =>
    secureClient(
      options,
      loop,
      context,
      () =>
        connectInTurn(
          servers,
          (server) => PosixTcp.connect(server, loop, options.timeoutMs, options.bind),
        ),
    ),
  server(options, loop, hostname, context) {
    const listener = new PosixTcpListener(hostname, options.port, loop, options.timeoutMs);
    return secureServer(options, context, listener, (tcp: PosixTcp) => accepted(tcp, context), {
      stopAccepting: () => listener.close(),
    });
  },
};

export const { client: blockingClient, server: blockingServer } = prepareBlockingSecure(
  blockingPair,
);
