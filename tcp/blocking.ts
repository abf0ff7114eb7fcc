/**
 * Both ends on the system's own calls, blocking or spinning.
 *
 * @module
 */
import { connectInTurn } from "../common/base/in_turn.ts";
import { prepareBlocking } from "../common/blocking/prepare.ts";
import type { BlockingPair } from "../common/blocking/warm_up_pass.ts";
import type { ConnectionVerbs, ServerTransport } from "../common/exchange/transport.ts";
import { PosixTcp, PosixTcpListener } from "../common/posix/tcp.ts";

const verbs: ConnectionVerbs<PosixTcp> = {
  send: (tcp, bytes) => tcp.send(bytes),
  receive: (tcp, into, timeoutMs) => tcp.receive(into, timeoutMs),
  close: (tcp) => tcp.close(),
};

/** Both ends. */
export const blockingPair: BlockingPair<[], ServerTransport<PosixTcp>> = {
  client: ({ timeoutMs, bind }, loop, servers) => ({
    ...verbs,
    connect: () =>
      connectInTurn(servers, (server) => PosixTcp.connect(server, loop, timeoutMs, bind)),
    rest: () => loop.rest(),
    until: (dueMs) => loop.until(dueMs),
  }),
  server({ port, timeoutMs }, loop, hostname) {
    const listener = new PosixTcpListener(hostname, port, loop, timeoutMs);
    return {
      ...verbs,
      hostname: listener.address.hostname,
      port: listener.address.port,
      accept: () => listener.accept((tcp) => tcp),
      peer: (tcp) => tcp.peer.text,
      stopAccepting: () => listener.close(),
    };
  },
};

export const { client: blockingClient, server: blockingServer } = prepareBlocking(blockingPair);
