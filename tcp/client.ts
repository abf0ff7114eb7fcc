/**
 * TCP client: connects, sends a message, receives the answer, closes; once for every message.
 *
 *     deno run --allow-net tcp/client.ts --help
 *
 * @module
 */
import {
  BoundedTcp,
  clientMain,
  type ClientTransport,
  type Prepare,
  serverAddresses,
} from "../common/mod.ts";
import { blockingClient } from "./blocking.ts";

/** On Deno's event loop; `--io sync` and `--io spin` stand in blocking.ts. */
const asyncClient: Prepare<ClientTransport<BoundedTcp>> = async (options, deadlines) => {
  const { hostname, port, timeoutMs } = options;
  // A name is looked up once for the whole run; all of its addresses are tried.
  const addresses = await serverAddresses(hostname);
  return {
    /** SYN, SYN-ACK, ACK: one round trip. Nagle's delay is switched off (TCP_NODELAY). */
    connect: () => BoundedTcp.connect(addresses, port, timeoutMs, deadlines),

    /** All bytes; the system may take them in parts. */
    send: (tcp, message) => tcp.write(message, timeoutMs),

    /** A part of the answer, or all of it: TCP is a stream and keeps no boundaries. */
    receive: (tcp, into, timeoutMs) => tcp.read(into, timeoutMs),

    /** FIN: this end sends no more. */
    close: (tcp) => tcp.close(),
  };
};

/** The client of the lane that the options say. */
export const prepare: Prepare<ClientTransport<unknown>> = (options, deadlines) =>
  (options.io === "async" ? asyncClient : blockingClient)(options, deadlines);

if (import.meta.main) Deno.exit(await clientMain("tcp", prepare));
