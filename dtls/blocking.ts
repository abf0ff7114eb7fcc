/**
 * Both ends on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import type { ClientTransport } from "../common/exchange/client.ts";
import { DrivenServer } from "../common/blocking/driven_pair.ts";
import { connectInTurn } from "../common/base/in_turn.ts";
import type { TlsContext } from "../common/openssl/context.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { secureClient } from "../common/blocking/pair.ts";
import { preparePosixSecure } from "../common/blocking/prepare.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop } from "../common/posix/poll_loop.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import { SessionPool } from "../common/exchange/secure_pair.ts";
import type { ServerTransport } from "../common/exchange/server_transport.ts";
import { DtlsPosixListener } from "./blocking_listener.ts";

function client(
  options: PairOptions,
  loop: PollLoop,
  servers: SocketAddress[],
  context: TlsContext,
): ClientTransport {
  const sessions = new SessionPool(options.resume);
  return {
    rest: () => loop.rest(),
    open: (timer) =>
      // A datagram that nobody takes is turned back in the midst of the handshake.
      connectInTurn(servers, (server) => {
        const socket = PosixUdp.toward(server, loop);
        return secureClient(socket, context, options, sessions).shaken(timer);
      }),
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
    get receiveBuffer() {
      return listener.receiveBuffer;
    },
    // Datagrams get lost.
    lossy: true,
    accept: () =>
      listener.accept((peer) => new DrivenServer(peer.session, peer, options, peer.address.text)),
    stopAccepting: () => listener.stopAccepting(),
    close: () => listener.close(),
  };
}

/** Both ends. */
export const posixPair = { client, server };

export const { client: preparePosixClient, server: preparePosixServer } = preparePosixSecure(
  posixPair,
);
