/**
 * Takes syslog messages over UDP (RFC 5426) and gives them to a collector over TLS (RFC 5425), both
 * ends with certificates. It connects again when the collector has gone away. Syslog knows no
 * acknowledgement: what was on its way then is lost.
 *
 *     deno run --allow-net=127.0.0.1 --allow-ffi examples/syslog_forwarder.ts
 *
 * @module
 */
import { generateCertificates } from "../certs/generate.ts";
import { connectTls, listenTls, type TlsConn } from "../tls/mod.ts";

/** Forwards what comes until the socket is closed; `connect` opens a connection to the collector. */
export async function forward(
  socket: Deno.DatagramConn,
  connect: () => Promise<TlsConn>,
  retryMs = 1000,
): Promise<void> {
  let collector = null as Promise<TlsConn> | null;
  const open = async () => {
    const conn = await connect();
    await conn.handshake();
    // A collector says nothing: what a read brings is its end.
    conn.read(new Uint8Array(1)).catch(() => null).then(() => (conn.abandon(), collector = null));
    return conn;
  };
  for await (const [message] of socket) {
    // A message goes with its length before it (RFC 5425 4.3).
    const framed = Uint8Array.of(...new TextEncoder().encode(`${message.length} `), ...message);
    const send = async () => void await (await (collector ??= open())).write(framed);
    while (await send().catch((error) => error)) {
      collector = null;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
  await (await collector)?.close();
}

/** A collector, a program that logs, and the forwarder between them. */
export async function main(): Promise<void> {
  const { ca, server, client } = await generateCertificates();
  const trust = { caCerts: [ca], clientCertificate: "require" } as const;
  await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server, ...trust });
  const { port } = listener.addr;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const forwarding = forward(socket, () => connectTls({ port, caCerts: [ca], ...client }));
  await socket.send(new TextEncoder().encode("<14>1 - host app - - - it works"), socket.addr);
  const conn = await listener.accept();
  const { value } = await conn!.readable.getReader().read();
  console.log(`${conn!.info.peerCertificate!.subject} logs: ${new TextDecoder().decode(value)}`);
  socket.close();
  await forwarding;
}

if (import.meta.main) await main();
