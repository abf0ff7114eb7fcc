/**
 * Clients of every secure lane: some that go well, some that are refused, and some that refuse.
 *
 * @module
 */
import type { CertificateSet } from "../../certs/authority.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import { RunError } from "../../common/base/errors.ts";
import type { ClientTransport } from "../../common/exchange/transport.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { SocketAddress } from "../../common/posix/address.ts";
import { PollLoop } from "../../common/posix/poll_loop.ts";
import { blockingPair as dtls } from "../../dtls/blocking.ts";
import { blockingPair as tls } from "../../tls/blocking.ts";
import { clientWith } from "../../tls/rustls/mod.ts";
import {
  type Client,
  type Connect,
  connectTo,
  MESSAGE_BYTES,
  Messages,
  PATIENCE_MS,
} from "./clients.ts";
import { ALPN, type ListenerKind, type SecureProtocol } from "./listener_order.ts";
import { credentialsOf, endOptions } from "./pair_options.ts";

/** Connects in one way; closing it gives back what its connections share. */
export interface LaneClients extends Disposable {
  connect: Connect;
}

/** Clients of a kind of listener, with certificates of a set's. */
export function laneClients(
  kind: ListenerKind,
  port: number,
  set: CertificateSet,
): LaneClients {
  switch (kind) {
    case "dtls":
    case "tls":
      return { connect: connectTo(kind, port, set), [Symbol.dispose]() {} };
    case "dtls-sync":
      return blockingClients("dtls", port, set);
    case "tls-sync":
      return blockingClients("tls", port, set);
    case "tls-rustls":
      return rustlsClients(port, set);
  }
}

function blockingClients(
  protocol: SecureProtocol,
  port: number,
  { ca, client }: CertificateSet,
): LaneClients {
  const datagram = protocol === "dtls";
  const options = endOptions(protocol, "client", "sync", port);
  const deadlines = new Deadlines();
  const loop = new PollLoop("block", deadlines.signal);
  loop.users = 1;
  const settings = { datagram, caCerts: [ca], ...client, alpnProtocols: [ALPN] };
  const context = new TlsContext({ role: "client", ...settings });
  const pair = datagram ? dtls : tls;
  const transport = pair.client(options, loop, [SocketAddress.of("127.0.0.1", port)], context);
  return {
    connect: async () => clientOf(transport, await transport.connect()),
    [Symbol.dispose]() {
      transport.end?.();
      deadlines.close();
    },
  };
}

/** Each has deadlines of its own, which leave no timer behind. */
function rustlsClients(port: number, { ca, client }: CertificateSet): LaneClients {
  const options = endOptions("tls", "client", "async", port);
  return {
    async connect() {
      const deadlines = new Deadlines();
      const transport = await clientWith(credentialsOf(ca, client), options, deadlines);
      return clientOf(transport, await transport.connect(), () => deadlines.close());
    },
    [Symbol.dispose]() {},
  };
}

function clientOf<C>(
  transport: ClientTransport<C>,
  connection: C,
  released = () => {},
): Client {
  const messages = new Messages();
  const answer = new Uint8Array(MESSAGE_BYTES);
  let isNew = true;
  /** Whether there is something to be ended in order. */
  let isSound = false;
  return {
    async exchange() {
      isSound = false;
      if (isNew) await transport.handshake!(connection);
      isNew = false;
      await transport.send(connection, messages.next());
      for (let at = 0; at < answer.length;) {
        const length = await transport.receive(connection, answer.subarray(at), PATIENCE_MS);
        if (length < 0) throw new RunError("the listener ended the connection, or is silent");
        at += length;
      }
      if (!messages.isCurrent(answer)) throw new RunError("an answer is of another message");
      isSound = true;
      await transport.rest?.();
      return 0;
    },
    async close() {
      if (isSound) await transport.shutdown!(connection);
      await transport.close(connection);
      released();
    },
  };
}
