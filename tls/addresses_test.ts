/** Whom a TLS client reaches, and how it hears that there is nobody. */
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { assertEquals, assertRejects, assertThrows } from "../common/testing/assert.ts";
import { FakeNames } from "../common/testing/fake_names.ts";
import { within } from "../common/testing/within.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { connectTls } from "./lib/connect.ts";
import { listenTls } from "./lib/listen.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const PSK = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };

Deno.test("connectTls() tries all addresses of a name", async () => {
  using _names = new FakeNames({ "two.test": ["::1", "127.0.0.1"] });
  await using listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => PSK.key });
  const accepted = listener.accept();
  const { port } = listener.addr;
  await using conn = await connectTls({ hostname: "two.test", port, psk: PSK });
  await within(conn.handshake());
  (await accepted)!.abandon();
  await listener.close();
  const refused = connectTls({ hostname: "two.test", port, psk: PSK });
  await assertRejects(() => refused, Deno.errors.ConnectionRefused);
});

Deno.test("connectTls() says and checks a name without its trailing dot, in lower case", async () => {
  using _names = new FakeNames({ "localhost.": ["127.0.0.1"] });
  const { ca, server } = await testCertificates();
  await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server });
  const accepted = listener.accept();
  const { port } = listener.addr;
  await using conn = await connectTls({ hostname: "LocalHost.", port, caCerts: [ca] });
  await within(conn.handshake());
  const served = await accepted;
  await within(served!.handshake());
  assertEquals(served!.info.serverName, "localhost");
  served!.abandon();
});

for (const [setting, value] of [["hostname", "host:1443"], ["serverName", "https://x"]] as const) {
  Deno.test(`connectTls() refuses a ${setting} that is no host, by its name`, async () => {
    const options = { port: 1, psk: PSK, [setting]: value };
    await assertRejects(() => connectTls(options), RangeError, `${setting} "${value}" `);
  });
}

Deno.test("listenTls() refuses a hostname that is no host, by its name", () => {
  const settings = { port: 0, pskLookup: () => null };
  const listen = (hostname: unknown) => listenTls({ hostname: hostname as string, ...settings });
  assertThrows(() => listen("256.1.1.1"), RangeError, 'hostname "256.1.1.1" is no IPv4 address');
  assertThrows(() => listen(null), TypeError, "hostname must be a host name");
});
