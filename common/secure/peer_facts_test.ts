/** What `verifyPeer` is told of the peer besides its certificates, over sockets. */
import { connectDtls, listenDtls } from "../../dtls/mod.ts";
import { acceptTls, connectTls, listenTls, startTls } from "../../tls/mod.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import type { PeerFacts } from "../openssl/peer_settings.ts";
import { SelfSignedCertificate } from "../openssl/self_signed.ts";
import { assertEquals } from "../testing/assert.ts";
import { within } from "../testing/within.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const MINE = await SelfSignedCertificate.generate();
const serverName = "server.example";

/** Settings of an end that believes everybody, and keeps what it is told. */
function watching() {
  const told: PeerFacts[] = [];
  const verifyPeer = (_: unknown, facts: PeerFacts) => void told.push(facts);
  return { told, settings: { ...MINE, peerAuthentication: "verifyPeer", verifyPeer } as const };
}

for (
  const [protocol, listen, connect] of [
    ["DTLS", listenDtls, connectDtls],
    ["TLS", listenTls, connectTls],
  ] as const
) {
  Deno.test(`verifyPeer is told the peer's address and the name, on both ends (${protocol})`, async () => {
    const [server, client] = [watching(), watching()];
    await using listener = listen({ hostname: "127.0.0.1", port: 0, ...server.settings });
    const accepted = listener.accept();
    const { port } = listener.addr;
    using conn = await connect({ port, serverName, ...client.settings });
    await within(conn.handshake());
    using other = (await accepted)!;
    await within(other.handshake());
    const { remoteAddr } = other;
    assertEquals(remoteAddr.port, conn.localAddr.port);
    assertEquals(server.told, [{ role: "server", serverName, remoteAddr, resumed: false }]);
    const { transport } = remoteAddr;
    const there = { transport, hostname: "127.0.0.1", port };
    assertEquals(client.told, [
      { role: "client", serverName, remoteAddr: there, resumed: false },
    ] as PeerFacts[]);
  });
}

Deno.test("verifyPeer is told no address where streams have none, and no name where none is said", async () => {
  const [server, client] = [watching(), watching()];
  const [there, back] = [new TransformStream(), new TransformStream()];
  const ends = [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ] as const;
  using conn = startTls(ends[0], { ...client.settings, unsafelySkipNameCheck: true });
  using other = acceptTls(ends[1], server.settings);
  await within(Promise.all([conn.handshake(), other.handshake()]));
  const facts = { serverName: null, remoteAddr: null, resumed: false };
  assertEquals(server.told, [{ role: "server", ...facts }]);
  assertEquals(client.told, [{ role: "client", ...facts }]);
});
