/**
 * TCP server: accepts connections, receives messages, answers each with `ack`.
 *
 *     deno run --allow-net tcp/server.ts --help
 *
 * @module
 */
import {
  BoundedTcp,
  BoundedTcpListener,
  listenAddress,
  peerOf,
  type Prepare,
  serverMain,
  type ServerTransport,
} from "../common/mod.ts";
import { blockingServer } from "./blocking.ts";

/** On Deno's event loop; `--io sync` and `--io spin` stand in blocking.ts. */
const asyncServer: Prepare<ServerTransport<BoundedTcp>> = async (options, deadlines) => {
  // socket, bind, listen.
  const listener = new BoundedTcpListener(await listenAddress(options.hostname), options.port);
  return {
    hostname: listener.hostname,
    port: listener.port,

    /** The next client that has connected; all of them are served at once. */
    async accept() {
      const conn = await listener.accept();
      return conn && new BoundedTcp(conn, deadlines);
    },

    /** A part of a message, a whole one or several: its header says how long it is. */
    receive: (tcp, into, timeoutMs) => tcp.read(into, timeoutMs),

    /** The answer. */
    send: (tcp, answer) => tcp.write(answer, options.timeoutMs),

    /** FIN: this end sends no more. */
    close: (tcp) => tcp.close(),

    peer: peerOf,
    stopAccepting: () => listener.close(),
  };
};

/** The server of the lane that the options say. */
export const prepare: Prepare<ServerTransport<unknown>> = (options, deadlines) =>
  (options.io === "async" ? asyncServer : blockingServer)(options, deadlines);

if (import.meta.main) Deno.exit(await serverMain("tcp", prepare));
