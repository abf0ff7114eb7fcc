/**
 * A Worker with a listener of TLS and one of DTLS, and clients of both. It is told how many connections
 * to make, and says "done"; without a number it makes them without end, and says "connected" once.
 *
 * @module
 */
import { connectDtls, listenDtls } from "../../../dtls/mod.ts";
import { connectTls, listenTls } from "../../../tls/mod.ts";

const scope = globalThis as unknown as {
  postMessage(message: string): void;
  onmessage: (event: { data: number | null }) => void;
};

const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
const server = { hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key };

async function connectTo(ports: { dtls: number; tls: number }): Promise<void> {
  const message = Uint8Array.of(1, 2, 3);
  await using dtls = await connectDtls({ port: ports.dtls, psk });
  await dtls.send(message);
  if ((await dtls.receive(undefined, 30_000))?.length !== 3) throw new Error("DTLS: no answer");
  await using tls = await connectTls({ port: ports.tls, psk });
  await tls.write(message);
  if (await tls.read(new Uint8Array(3), 30_000) !== 3) throw new Error("TLS: no answer");
}

scope.onmessage = async ({ data: connections }) => {
  await using dtls = listenDtls(server);
  await using tls = listenTls(server);
  const serving = [
    (async () => {
      for await (const conn of dtls) conn.readable.pipeTo(conn.writable).catch(() => {});
    })(),
    (async () => {
      for await (const conn of tls) conn.readable.pipeTo(conn.writable).catch(() => {});
    })(),
  ];
  const ports = { dtls: dtls.addr.port, tls: tls.addr.port };
  for (let made = 0; connections === null || made < connections; made++) {
    await connectTo(ports);
    if (made === 0 && connections === null) scope.postMessage("connected");
  }
  await Promise.all([dtls.close(), tls.close()]);
  await Promise.all(serving);
  scope.postMessage("done");
};
