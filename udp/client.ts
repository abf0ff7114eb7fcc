/**
 * UDP client: sends datagrams and receives an answer to each, or counts it as lost.
 *
 *     deno run --unstable-net --allow-net udp/client.ts --help
 *
 * @module
 */
import {
  clientMain,
  type ClientTransport,
  type Prepare,
  serverAddresses,
  UdpConnection,
} from "../common/mod.ts";
import { blockingClient } from "./blocking.ts";

/** On Deno's event loop; `--io sync` and `--io spin` stand in blocking.ts. */
const asyncClient: Prepare<ClientTransport<UdpConnection>> = async (options, deadlines) => {
  // A name is looked up once for the whole run; all of its addresses are tried.
  const addresses = await serverAddresses(options.hostname);
  return {
    datagrams: true,
    // One socket serves the whole run: there is nothing to connect, to end or to close between.
    connectionless: true,

    /** A socket on any free port. */
    connect: () => new UdpConnection(addresses, options.port, deadlines),

    /** One message is one datagram. */
    send: (socket, message) => socket.send(message),

    /** The answer; where none comes in time, the message or its answer was lost. */
    receive: (socket, into, timeoutMs) => socket.receive(into, timeoutMs),

    close: (socket) => socket.close(),

    /** What the system said of a datagram that was refused on its way (ICMP). */
    lastLoss: (socket) => socket.lastLoss,
  };
};

/** The client of the lane that the options say. */
export const prepare: Prepare<ClientTransport<unknown>> = (options, deadlines) =>
  (options.io === "async" ? asyncClient : blockingClient)(options, deadlines);

if (import.meta.main) Deno.exit(await clientMain("udp", prepare));
