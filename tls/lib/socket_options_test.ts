/** What the sockets of TLS connections and listeners can be told, and what they cannot. */
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { assertEquals, assertRejects, assertThrows } from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { within } from "../../common/testing/within.ts";
import { connectTls } from "./connect.ts";
import { listenTls } from "./listen.ts";
import type { ConnectTlsOptions, ListenTlsOptions } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** The system shares clients out by a hash of their address and port: so many go to one by chance never. */
const MAX_CLIENTS = 64;

Deno.test("two listeners with reusePort share a port, and both get clients", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const { server, ca } = await testCertificates();
  const base = { hostname: "127.0.0.1", ...server, reusePort: true };
  await using one = listenTls({ ...base, port: 0 });
  await using other = listenTls({ ...base, port: one.addr.port });
  assertEquals(other.addr.port, one.addr.port);
  const serving = [one, other].map(async (listener) => {
    for await (const conn of listener) conn.handshake().then(() => conn.abandon(), () => {});
  });
  const both = () => one.counters.established > 0 && other.counters.established > 0;
  for (let clients = 0; !both() && clients < MAX_CLIENTS; clients++) {
    const client = await connectTls({ port: one.addr.port, caCerts: [ca] });
    await within(client.handshake());
    // In TLS 1.3 the client is ready first.
    await within(client.read(new Uint8Array(1)).catch(() => {}));
    client.abandon();
  }
  assertEquals(both(), true);
  for (const listener of [one, other]) listener.stopAccepting();
  await Promise.all(serving);
});

Deno.test("a listener without reusePort shares its port with none", async () => {
  const { server } = await testCertificates();
  await using one = listenTls({ hostname: "127.0.0.1", port: 0, ...server });
  const options = { hostname: "127.0.0.1", port: one.addr.port, ...server, reusePort: true };
  assertThrows(() => listenTls(options), Deno.errors.AddrInUse);
});

Deno.test("reusePort without --unstable-net is a TypeError, and does not end the program", async () => {
  const { server } = await testCertificates();
  const listenDatagram = Object.getOwnPropertyDescriptor(Deno, "listenDatagram")!;
  Object.defineProperty(Deno, "listenDatagram", { value: undefined, configurable: true });
  try {
    assertThrows(
      () => listenTls({ hostname: "127.0.0.1", port: 0, ...server, reusePort: true }),
      TypeError,
      "Cannot listen: reusePort needs Deno's --unstable-net",
    );
  } finally {
    Object.defineProperty(Deno, "listenDatagram", listenDatagram);
  }
});

const UNSET = "cannot be set on TCP: Deno's TCP sockets have no setting for it";
const REFUSED: Readonly<Record<string, [unknown, string]>> = {
  localAddr: [{ port: 5000 }, "cannot be chosen on TCP: Deno.connect() has no setting for it"],
  ttl: [64, UNSET],
  tos: [0, UNSET],
  sendBufferBytes: [65_536, UNSET],
  receiveBufferBytes: [65_536, UNSET],
};

for (const [name, [value, why]] of Object.entries(REFUSED)) {
  Deno.test(`connectTls() says why there is no ${name}`, async () => {
    const options = { port: 9, [name]: value } as unknown as ConnectTlsOptions;
    await assertRejects(() => connectTls(options), TypeError, `Cannot connect: ${name} ${why}`);
  });
  if (why !== UNSET) continue;
  Deno.test(`listenTls() says why there is no ${name}`, () => {
    const options = { port: 0, [name]: value } as unknown as ListenTlsOptions;
    assertThrows(() => listenTls(options), TypeError, `Cannot listen: ${name} ${why}`);
  });
}
