/**
 * Both ends on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import type { ClientTransport } from "../common/exchange/client.ts";
import { STEP_INDEX } from "../common/measure/clock.ts";
import { DrivenServer } from "../common/blocking/driven_pair.ts";
import { connectInTurn } from "../common/base/in_turn.ts";
import type { TlsContext } from "../common/openssl/context.ts";
import { TlsSession } from "../common/openssl/session.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { PosixSessionSocket } from "../common/blocking/session_socket.ts";
import { secureClient } from "../common/blocking/pair.ts";
import { preparePosixSecure } from "../common/blocking/prepare.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop } from "../common/posix/poll_loop.ts";
import { PosixTcp, PosixTcpListener } from "../common/posix/tcp.ts";
import { SessionPool } from "../common/exchange/secure_pair.ts";
import type { ServerTransport } from "../common/exchange/server_transport.ts";

function client(
  options: PairOptions,
  loop: PollLoop,
  servers: SocketAddress[],
  context: TlsContext,
): ClientTransport {
  const { timeoutMs } = options;
  const sessions = new SessionPool(options.resume);
  return {
    rest: () => loop.rest(),
    open(timer) {
      const connected = (tcp: PosixTcp) => {
        timer.mark(STEP_INDEX.connect);
        return secureClient(tcp, context, options, sessions).shaken(timer);
      };
      const connect = (server: SocketAddress) => PosixTcp.connect(server, loop, timeoutMs);
      const connecting = connectInTurn(servers, connect);
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
  const listener = new PosixTcpListener(hostname, options.port, loop, options.timeoutMs);
  const take = (tcp: PosixTcp) => {
    try {
      const session = new TlsSession(context);
      return new DrivenServer(
        session,
        new PosixSessionSocket(tcp, session),
        options,
        tcp.peer.text,
      );
    } catch (error) {
      tcp.close();
      throw error;
    }
  };
  return {
    hostname: listener.address.hostname,
    port: listener.address.port,
    accept: () => listener.accept(take),
    stopAccepting: () => listener.close(),
  };
}

/** Both ends. */
export const posixPair = { client, server };

export const { client: preparePosixClient, server: preparePosixServer } = preparePosixSecure(
  posixPair,
);
