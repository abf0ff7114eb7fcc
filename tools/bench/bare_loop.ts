/**
 * The least that a program on Deno's own sockets does for a message: what our async clients are
 * measured against. It times no more than the sending and the answer, and prints the median.
 *
 *     deno run --unstable-net --allow-net tools/bench/bare_loop.ts tcp PORT MESSAGES SIZE
 *
 * @module
 */
import { MessageWriter } from "../../common/model/message.ts";
import { print } from "../../common/base/output.ts";
import { MAX_DATAGRAM_BYTES } from "../../common/base/datagrams.ts";

if (import.meta.main) {
  const protocol = Deno.args[0] === "udp" ? "udp" : "tcp";
  const [port = 0, messages = 0, sizeBytes = 0] = Deno.args.slice(1).map(Number);
  const us = await (protocol === "tcp" ? tcp : udp)(port, messages, sizeBytes);
  // The first one is warm-up, as it is in our clients.
  print(`${us.subarray(1).sort()[(messages - 1) >> 1]}\n`);
}

async function tcp(port: number, messages: number, sizeBytes: number): Promise<Float64Array> {
  const us = new Float64Array(messages);
  const writer = new MessageWriter("tcp", sizeBytes);
  const answer = new Uint8Array(16_384);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  for (let no = 0; no < messages; no++) {
    const message = writer.prepare(no, sizeBytes);
    const start = performance.now();
    await conn.write(message);
    await conn.read(answer);
    us[no] = (performance.now() - start) * 1000;
  }
  return us;
}

async function udp(port: number, messages: number, sizeBytes: number): Promise<Float64Array> {
  const us = new Float64Array(messages);
  const writer = new MessageWriter("udp", sizeBytes);
  const answer = new Uint8Array(MAX_DATAGRAM_BYTES);
  const server: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  for (let no = 0; no < messages; no++) {
    const message = writer.prepare(no, sizeBytes);
    const start = performance.now();
    await socket.send(message, server);
    await socket.receive(answer);
    us[no] = (performance.now() - start) * 1000;
  }
  socket.close();
  return us;
}
