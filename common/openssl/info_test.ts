import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotEquals,
} from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { connectedNet } from "../testing/memory_net.ts";
import { X509Certificate } from "node:crypto";
import { toSecurity } from "./info.ts";
import { loadOpenSsl } from "./bindings/library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** RFC 5705 4: labels of one's own begin with this. */
const LABEL = "EXPERIMENTAL netpairs";

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";

  Deno.test(`info() tells what was agreed on (${protocol})`, async () => {
    using net = await connectedNet({
      datagram,
      client: { groups: "P-256", alpnProtocols: ["soak"] },
      server: { alpnProtocols: ["soak"] },
    });
    const [client, server] = [net.client.session!.info(), net.server.session!.info()];
    for (const info of [client, server]) {
      const { version, cipher, group, signatureAlgorithm, alpnProtocol, resumed } = info;
      assertEquals([version, group], [datagram ? "DTLSv1.2" : "TLSv1.3", "secp256r1"]);
      assertMatch(cipher, datagram ? /^ECDHE-ECDSA-/ : /^TLS_AES_256_GCM_SHA384$/);
      assertEquals(signatureAlgorithm, "id-ecPublicKey SHA256");
      assertEquals([alpnProtocol, resumed, info.serverName], ["soak", false, "localhost"]);
    }
    assertEquals(client.cipher, server.cipher);
  });

  Deno.test(`info() has no server name where the client checks an address (${protocol})`, async () => {
    using net = await connectedNet({ datagram, serverName: "127.0.0.1" });
    assertEquals(net.client.session!.info().serverName, null);
    assertEquals(net.server.session!.info().serverName, null);
  });

  Deno.test(`peerCertificate is the one that was shown (${protocol})`, async () => {
    using net = await connectedNet({ datagram });
    const { peerCertificate } = net.client.session!.info();
    const expected = new X509Certificate((await testCertificates()).server.cert);
    assert(peerCertificate !== null);
    assertEquals(new X509Certificate(peerCertificate.pem).raw, expected.raw);
    assertEquals(peerCertificate.fingerprint256, expected.fingerprint256);
    assertMatch(peerCertificate.fingerprint256, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assertEquals(peerCertificate.subject, "CN=netpairs server,O=netpairs");
    assertMatch(peerCertificate.issuer, /^CN=.*,O=netpairs$/);
    assertEquals(peerCertificate.names, [
      { type: "dns", value: "localhost" },
      { type: "ip", value: "127.0.0.1" },
      { type: "ip", value: "::1" },
    ]);
    const { validFrom, validTo } = peerCertificate;
    assert(validFrom.getTime() <= Date.now() && Date.now() < validTo.getTime());
    assertEquals(validTo, new Date(expected.validTo));
  });

  Deno.test(`peerCertificate without names has none (${protocol})`, async () => {
    using net = await connectedNet({ datagram });
    assertEquals(net.server.session!.info().peerCertificate?.names, []);
  });

  Deno.test(`handshake counts what was sent and received (${protocol})`, async () => {
    using net = await connectedNet({ datagram });
    const client = net.client.session!.info().handshake;
    const server = net.server.session!.info().handshake;
    const sum = (from: string) =>
      net.sent.filter((sent) => sent.from === from).reduce(
        (sum, { bytes }) => sum + bytes.length,
        0,
      );
    assertEquals([client.bytesSent, client.retransmissions], [sum("client"), 0]);
    assertEquals(client.datagramsSent, net.sent.filter(({ from }) => from === "client").length);
    assert(client.bytesReceived > 1000 && client.bytesReceived <= sum("server"));
    assert(server.bytesReceived > 1000 && server.bytesReceived <= sum("client"));
    assertEquals([client.roundTripMs, server.roundTripMs], [null, null], "no clock in here");
  });

  Deno.test(`handshake counts no message that comes later (${protocol})`, async () => {
    using net = await connectedNet({ datagram });
    const before = net.client.session!.info().handshake;
    net.client.send(new Uint8Array(1000));
    net.settle();
    net.server.send(new Uint8Array(1000));
    net.settle();
    assertEquals(net.client.session!.info().handshake, before);
  });

  Deno.test(`exportKeyingMaterial() is the same at both ends (${protocol})`, async () => {
    using net = await connectedNet({ datagram });
    for (const context of [undefined, Uint8Array.of(1, 2)]) {
      const [client, server] = [net.client, net.server].map((end) =>
        end.session!.exportKeyingMaterial(LABEL, 40, context)
      );
      assertEquals([client!.length, client], [40, server]);
    }
  });

  Deno.test(`exportKeyingMaterial() differs by label, context and session (${protocol})`, async () => {
    using net = await connectedNet({ datagram });
    using other = await connectedNet({ datagram });
    const { session } = net.client;
    const secrets = [
      session!.exportKeyingMaterial(LABEL, 32),
      session!.exportKeyingMaterial(`${LABEL} 2`, 32),
      session!.exportKeyingMaterial(LABEL, 32, Uint8Array.of(1)),
      session!.exportKeyingMaterial(LABEL, 32, Uint8Array.of(2)),
      other.client.session!.exportKeyingMaterial(LABEL, 32),
    ];
    assertEquals(new Set(secrets.map((secret) => secret.join())).size, secrets.length);
  });
}

Deno.test("exportKeyingMaterial() tells no context from an empty one, up to version 1.2", async () => {
  using net = await connectedNet();
  const { session } = net.client;
  const empty = session!.exportKeyingMaterial(LABEL, 32, new Uint8Array());
  assertNotEquals(session!.exportKeyingMaterial(LABEL, 32), empty);
  assertEquals(net.server.session!.exportKeyingMaterial(LABEL, 32, new Uint8Array()), empty);
});

Deno.test("toSecurity() takes what a result document says", async () => {
  using net = await connectedNet({ datagram: false, client: { groups: "P-256" } });
  const { handshake, ...agreed } = toSecurity(net.client.session!.info());
  const { roundTrips, bytesSent, bytesReceived, datagramsReceived } = handshake!;
  assertEquals([roundTrips, datagramsReceived > 0, bytesSent > 0], [1, true, true]);
  // The server has shown its certificate, this end none.
  assertGreater(bytesReceived, bytesSent);
  assertEquals(agreed, {
    version: "TLSv1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
    group: "secp256r1",
    peer: "CN=netpairs server,O=netpairs",
    resumed: false,
  });
});
