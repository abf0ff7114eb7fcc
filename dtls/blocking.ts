/**
 * Both ends on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import { prepareBlockingSecure } from "../common/blocking/prepare.ts";
import { AcceptedSession, secureClient, secureServer } from "../common/blocking/secure.ts";
import type { BlockingPair } from "../common/blocking/warm_up_pass.ts";
import type { ServerTransport } from "../common/exchange/transport.ts";
import type { TlsContext } from "../common/openssl/context.ts";
import { PosixUdpClient } from "../common/posix/udp_client.ts";
import { DtlsPosixListener } from "./blocking_listener.ts";
import type { DtlsPosixPeer } from "./blocking_peer.ts";

function accepted(peer: DtlsPosixPeer): AcceptedSession {
  return new AcceptedSession(peer.session, peer, "dtls", peer.address.text);
}

/** Both ends. */
export const blockingPair: BlockingPair<[TlsContext], ServerTransport<AcceptedSession>> = {
  client: (options, loop, servers, context) =>
    secureClient(options, loop, context, () => new PosixUdpClient(servers, loop, options.bind)),
  server(options, loop, hostname, context) {
    const listener = new DtlsPosixListener(context, hostname, options.port, loop);
    return secureServer(options, context, listener, accepted, {
      stopAccepting: () => listener.stopAccepting(),
      end: () => listener.close(),
    });
  },
};

export const { client: blockingClient, server: blockingServer } = prepareBlockingSecure(
  blockingPair,
);
