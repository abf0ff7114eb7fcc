/** Whom a DTLS client reaches, and how it hears that there is nobody. */
import { TimeoutError } from "../common/base/errors.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { liveSessions } from "../common/openssl/session.ts";
import { assertEquals, assertRejects, assertThrows } from "../common/testing/assert.ts";
import { FakeNames } from "../common/testing/fake_names.ts";
import { within } from "../common/testing/within.ts";
import { connectDtls } from "./lib/connect.ts";
import { listenDtls } from "./lib/listen.ts";
import { acceptFrom } from "../common/testing/dtls.ts";
import { freePort } from "../common/testing/free_port.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const PSK = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };

Deno.test("DtlsConn.handshake() rejects at once where nobody listens, and leaves nothing open", async () => {
  const live = liveSessions();
  await using conn = await connectDtls({ port: freePort("udp"), psk: PSK });
  await assertRejects(() => within(conn.handshake()), Deno.errors.ConnectionRefused);
  await assertRejects(() => conn.send(new Uint8Array(1)), Deno.errors.ConnectionRefused);
  conn.abandon();
  assertEquals(liveSessions(), live);
});

Deno.test("connectDtls() tries all addresses of a name, and says which one has answered", async () => {
  using _names = new FakeNames({ "two.test": ["::1", "127.0.0.1"] });
  await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => PSK.key });
  const { port } = listener.addr;
  await using conn = await connectDtls({ hostname: "two.test", port, psk: PSK });
  await within(conn.handshake());
  assertEquals(conn.remoteAddr.hostname, "127.0.0.1");
});

for (const hostname of ["::ffff:127.0.0.1", "0.0.0.0", "127.0.0.1"]) {
  Deno.test(`connectDtls() reaches a listener of both address families as ${hostname}`, async () => {
    await using listener = listenDtls({ hostname: "[::]", port: 0, pskLookup: () => PSK.key });
    const { port } = listener.addr;
    await using conn = await connectDtls({ hostname, port, psk: PSK });
    const server = await acceptFrom(listener, conn);
    await conn.send(Uint8Array.of(1));
    await server.send((await within(server.receive()))!);
    assertEquals(await within(conn.receive()), Uint8Array.of(1));
    assertEquals(conn.remoteAddr.hostname, "127.0.0.1");
  });
}

Deno.test("DtlsConn outlives a refusal once the handshake is complete", async () => {
  const listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => PSK.key });
  const conn = await connectDtls({ port: listener.addr.port, psk: PSK });
  const server = await acceptFrom(listener, conn);
  // Nobody says goodbye.
  server.abandon();
  await listener.close();
  for (let i = 0; i < 3; i++) await conn.send(Uint8Array.of(i));
  await assertRejects(() => conn.receive(undefined, 20), TimeoutError);
  await conn.send(Uint8Array.of(4));
  conn.abandon();
});

for (const [setting, value] of [["hostname", "host:1443"], ["serverName", "https://x"]] as const) {
  Deno.test(`connectDtls() refuses a ${setting} that is no host, by its name`, async () => {
    const options = { port: 1, psk: PSK, [setting]: value };
    await assertRejects(() => connectDtls(options), RangeError, `${setting} "${value}" `);
  });
}

Deno.test("listenDtls() refuses a hostname that is no host, by its name", () => {
  const settings = { port: 0, pskLookup: () => null };
  const listen = (hostname: unknown) => listenDtls({ hostname: hostname as string, ...settings });
  assertThrows(() => listen("[::1]:1443"), RangeError, 'hostname "[::1]:1443" has a port in it');
  assertThrows(() => listen(7), TypeError, "hostname must be a host name or an address, not 7");
});
