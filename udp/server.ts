/**
 * UDP server: receives datagrams from any number of clients, answers each with `ack`.
 *
 *     deno run --unstable-net --allow-net udp/server.ts --help
 *
 * @module
 */
import {
  addressOf,
  type DatagramServerTransport,
  listenAddress,
  LISTENER_BUFFER_BYTES,
  type Prepare,
  serverMain,
  UdpSocket,
} from "../common/mod.ts";
import { blockingServer } from "./blocking.ts";

/** On Deno's event loop; `--io sync` and `--io spin` stand in blocking.ts. */
const asyncServer: Prepare<DatagramServerTransport<Deno.NetAddr>> = async (options) => {
  // socket, bind; a large receive buffer, as what does not fit is lost.
  const hostname = await listenAddress(options.hostname);
  const socket = UdpSocket.at(hostname, options.port, {
    receiveBufferBytes: LISTENER_BUFFER_BYTES,
  });
  return {
    hostname: socket.addr.hostname,
    port: socket.addr.port,
    get receiveBuffer() {
      return socket.receiveBuffer;
    },

    /** Every datagram, and from where it came: that address is all there is of a client. */
    run: (onDatagram) => socket.run(onDatagram),

    /** The answer, in one datagram, back to where the message came from. */
    send: (peer, answer) => socket.send(answer, peer),

    peer: addressOf,
    portOf: ({ port }) => port,
    end: () => socket.close(),
  };
};

/** The server of the lane that the options say. */
export const prepare: Prepare<DatagramServerTransport<unknown>> = (options, deadlines) =>
  (options.io === "async" ? asyncServer : blockingServer)(options, deadlines);

if (import.meta.main) Deno.exit(await serverMain("udp", prepare));
