/** Peers judged by fingerprints and by the program's own function, in full handshakes. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
} from "../testing/assert.ts";
import { chainOf } from "../testing/chain.ts";
import { testCertificates } from "../testing/certs.ts";
import { end, makeChain } from "../testing/authority_chain.ts";
import { type MemoryNet, memoryNet } from "../testing/memory_net.ts";
import { PROTOCOLS } from "../testing/resumption.ts";
import { CallbackError } from "./bindings/calls.ts";
import { CertificateError, OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { fingerprintOf } from "./fingerprints.ts";
import type { PeerCertificate } from "./peer_certificate.ts";
import type { PeerFacts, PeerSettings } from "./peer_settings.ts";
import { SelfSignedCertificate } from "./self_signed.ts";
import type { TlsClientSettings, TlsServerSettings } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const [MINE, YOURS, OTHER] = await Promise.all([
  SelfSignedCertificate.generate(),
  SelfSignedCertificate.generate({ names: [] }),
  SelfSignedCertificate.generate(),
]);

/** No authority, and no default of the tests'. */
const NOBODY = { caCerts: undefined, clientCertificate: undefined };

interface Ends {
  server?: TlsServerSettings;
  client?: TlsClientSettings;
  serverName?: string;
}

async function run(maxVersion: string, { server, client, serverName }: Ends): Promise<MemoryNet> {
  const net = await memoryNet({
    datagram: maxVersion.startsWith("DTLS"),
    server: { maxVersion, ...server } as TlsServerSettings,
    client: { maxVersion, ...client } as TlsClientSettings,
    ...serverName && { serverName },
  });
  net.run();
  return net;
}

/** Two ends without any authority, the server's certificate MINE and the client's YOURS. */
function selfSigned(maxVersion: string, server: PeerSettings, client: PeerSettings) {
  return run(maxVersion, {
    server: { ...NOBODY, ...MINE, ...server },
    client: { caCerts: undefined, ...YOURS, ...client },
    serverName: "whatever.example",
  });
}

const only = (...peerFingerprints: string[]): PeerSettings => ({ peerFingerprints });

/** A function that keeps what it was told. */
function watching(answer: () => unknown = () => undefined) {
  const told: [readonly PeerCertificate[], PeerFacts][] = [];
  const verifyPeer = (chain: readonly PeerCertificate[], facts: PeerFacts) => {
    told.push([chain, facts]);
    return answer() as void;
  };
  return { told, verifyPeer };
}

function assertEstablished(net: MemoryNet): void {
  assertEquals([net.client.error, net.server.error], [null, null]);
  assert(net.client.established && net.server.established);
}

/** One end has refused the other, which was told by an alert. */
function assertRefused(net: MemoryNet, by: "client" | "server"): Error {
  const [looking, showing] = by === "client" ? [net.client, net.server] : [net.server, net.client];
  assertInstanceOf(looking.error, Error);
  assertEquals(looking.established, false);
  assertInstanceOf(showing.error, OpenSslError);
  assertMatch(showing.error.message, /the peer refused: bad certificate$/);
  return looking.error;
}

for (const [protocol, version] of Object.entries(PROTOCOLS)) {
  Deno.test(`two self-signed ends connect by fingerprints (${protocol})`, async () => {
    using net = await selfSigned(version, only(YOURS.fingerprint), only(MINE.fingerprint));
    assertEstablished(net);
    assertEquals(net.server.session!.info().peerCertificate?.pem, YOURS.cert);
    assertEquals(net.client.session!.info().peerCertificate?.pem, MINE.cert);
  });

  Deno.test(`a wrong fingerprint is refused by the client (${protocol})`, async () => {
    using net = await selfSigned(version, only(YOURS.fingerprint), only(OTHER.fingerprint));
    const error = assertRefused(net, "client");
    assertInstanceOf(error, CertificateError);
    assertEquals(
      error.message,
      "Cannot complete the handshake: the peer's certificate has the fingerprint " +
        `${MINE.fingerprint}, and peerFingerprints asks for ${OTHER.fingerprint}`,
    );
  });

  Deno.test(`a wrong fingerprint is refused by the server (${protocol})`, async () => {
    using net = await selfSigned(version, only(OTHER.fingerprint), only(MINE.fingerprint));
    const error = assertRefused(net, "server");
    assertInstanceOf(error, CertificateError);
    assertStringIncludes(error.message, YOURS.fingerprint);
    assertStringIncludes(error.message, OTHER.fingerprint);
  });

  Deno.test(`a server with fingerprints takes no client without a certificate (${protocol})`, async () => {
    using net = await run(version, {
      server: { ...NOBODY, ...MINE, ...only(YOURS.fingerprint) },
      client: { caCerts: undefined, cert: undefined, key: undefined, ...only(MINE.fingerprint) },
    });
    assertMatch(String(net.server.error), /peer did not return a certificate/);
  });

  Deno.test(`verifyPeer alone decides, and a certificate is demanded (${protocol})`, async () => {
    const server = watching();
    const client = watching();
    const alone = (verifyPeer: typeof server.verifyPeer): PeerSettings => ({
      peerAuthentication: "verifyPeer",
      verifyPeer,
    });
    using net = await selfSigned(version, alone(server.verifyPeer), alone(client.verifyPeer));
    assertEstablished(net);
    const shown = (told: typeof server.told) =>
      told.map(([chain, facts]) => [chain.map(({ pem }) => pem), facts]);
    assertEquals(shown(client.told), [[
      [MINE.cert],
      { role: "client", serverName: "whatever.example", remoteAddr: null, resumed: false },
    ]]);
    assertEquals(shown(server.told), [[
      [YOURS.cert],
      { role: "server", serverName: "whatever.example", remoteAddr: null, resumed: false },
    ]]);
  });

  Deno.test(`verifyPeer is told the way to the authority that OpenSSL has found (${protocol})`, async () => {
    const { root, chain, key } = await chainOf(["localhost"]);
    const { told, verifyPeer } = watching();
    const stray = OTHER.cert;
    using net = await run(version, {
      server: { ...NOBODY, cert: chain + stray, key },
      client: { caCerts: [root], verifyPeer },
    });
    assertEstablished(net);
    assertEquals(told[0]![0].map(({ pem }) => pem).join(""), chain + root);
    assert(Object.isFrozen(told[0]![0]));
  });

  for (const by of ["client", "server"] as const) {
    Deno.test(`an Error that verifyPeer returns is the handshake's cause (${by}, ${protocol})`, async () => {
      const cause = new Error("not on the list");
      using net = await run(version, { [by]: { verifyPeer: () => cause } });
      const error = assertRefused(net, by);
      assertInstanceOf(error, CertificateError);
      assertEquals(error.cause, cause);
      assertEquals(
        error.message,
        "Cannot complete the handshake: the peer's certificate is refused by verifyPeer: " +
          "not on the list",
      );
    });

    Deno.test(`an error that verifyPeer throws is the handshake's cause (${by}, ${protocol})`, async () => {
      const cause = new Error("the list is away");
      const verifyPeer = () => {
        throw cause;
      };
      using net = await run(version, { [by]: { verifyPeer } });
      const error = assertRefused(net, by);
      assertInstanceOf(error, CallbackError);
      assertEquals([error.message, error.cause], ["verifyPeer failed: the list is away", cause]);
    });
  }
}

const ANSWERS: readonly (() => unknown)[] = [
  () => true,
  () => false,
  () => null,
  () => "no",
  () => ({}),
  () => ({ message: "no" }),
  () => Promise.resolve(),
  () => Promise.reject(new Error("no")),
];

for (const answer of ANSWERS) {
  Deno.test(`verifyPeer refuses the peer by returning what it may not: ${answer}`, async () => {
    const { verifyPeer } = watching(answer);
    using net = await run("TLSv1.3", { client: { verifyPeer } });
    const error = assertRefused(net, "client");
    assertInstanceOf(error, CallbackError);
    assertInstanceOf(error.cause, TypeError);
    assertStringIncludes(error.message, "its result must be undefined, or an Error");
  });
}

Deno.test("verifyPeer is not asked about a peer that the built-in checks refuse", async () => {
  const { told, verifyPeer } = watching();
  using net = await run("TLSv1.3", { client: { caCerts: [OTHER.cert], verifyPeer } });
  assertInstanceOf(net.client.error, CertificateError);
  assertEquals(told, []);
});

Deno.test("verifyPeer without authorities believes nobody", async () => {
  const { told, verifyPeer } = watching();
  using net = await selfSigned("TLSv1.3", { verifyPeer }, only(MINE.fingerprint));
  assertInstanceOf(net.server.error, CertificateError);
  assertEquals(told, []);
});

Deno.test("a server with verifyPeer demands a certificate, unless it only requests one", async () => {
  const { told, verifyPeer } = watching(() => new Error("nobody"));
  const client = { cert: undefined, key: undefined };
  using demanded = await run("TLSv1.3", {
    server: { clientCertificate: undefined, verifyPeer },
    client,
  });
  assertMatch(String(demanded.server.error), /peer did not return a certificate/);
  using requested = await run("TLSv1.3", {
    server: { clientCertificate: "request", verifyPeer },
    client,
  });
  assertEstablished(requested);
  assertEquals(told, []);
});

Deno.test("one of several fingerprints is enough, of whichever hash function", async () => {
  const upper = fingerprintOf(MINE.cert, "sha-512").toUpperCase();
  const lower = fingerprintOf(MINE.cert, "sha-384").toLowerCase();
  for (const right of [upper, lower]) {
    const client = only(OTHER.fingerprint, right);
    using net = await selfSigned("TLSv1.3", only(YOURS.fingerprint), client);
    assertEstablished(net);
  }
});

Deno.test("many wrong fingerprints make no long line", async () => {
  const many = Array.from({ length: 50 }, (_, i) => OTHER.fingerprint.slice(0, -2) + (10 + i));
  using net = await selfSigned("TLSv1.3", only(YOURS.fingerprint), only(...many));
  assertMatch(String(net.client.error), / or 47 more$/);
});

Deno.test("fingerprints beside authorities: both have to be right", async () => {
  const { ca, server } = await testCertificates();
  const stranger = await testCertificates("stranger");
  const right = fingerprintOf(server.cert, "sha-256");
  using good = await run("TLSv1.3", { client: { caCerts: [ca], ...only(right) } });
  assertEstablished(good);
  const wrong: [TlsClientSettings, string, RegExp][] = [
    [{ caCerts: [ca], ...only(OTHER.fingerprint) }, "localhost", /has the fingerprint/],
    [{ caCerts: [stranger.ca], ...only(right) }, "localhost", /is refused: /],
    [{ caCerts: [], ...only(right) }, "localhost", /is refused: /],
    [{ caCerts: [ca], ...only(right) }, "other.example", /is not for other\.example/],
    [
      { caCerts: undefined, peerAuthentication: "authorities", ...only(right) },
      "localhost",
      /is refused: /,
    ],
  ];
  for (const [client, serverName, what] of wrong) {
    using net = await run("TLSv1.3", { client, serverName });
    assertInstanceOf(net.client.error, CertificateError);
    assertMatch(net.client.error.message, what);
  }
});

Deno.test("a certificate whose time is over passes by its fingerprint", async () => {
  const { cert, key } = await makeChain("server", {
    leaf: { selfSigned: true, from: -20, to: -10, extensions: end("client") },
  });
  const server = { ...NOBODY, cert, key };
  using net = await run("TLSv1.3", {
    server,
    client: { caCerts: undefined, ...only(fingerprintOf(cert, "sha-256")) },
  });
  assertEstablished(net);
  using unchecked = await run("TLSv1.3", { server, client: { caCerts: [cert] } });
  assertInstanceOf(unchecked.client.error, CertificateError);
});

Deno.test("a fingerprint makes no weak key good", async () => {
  const RSA = {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 1024,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: "SHA-256",
  };
  const { cert, key } = await makeChain("server", { leaf: { selfSigned: true, algorithm: RSA } });
  const ciphers = "ECDHE+AESGCM:@SECLEVEL=0";
  using net = await run("TLSv1.2", {
    server: { ...NOBODY, cert, key, ciphers },
    client: { caCerts: undefined, ciphers, ...only(fingerprintOf(cert, "sha-256")) },
  });
  assertMatch(String(net.client.error), /an RSA key in its chain has 1024 bits/);
});

Deno.test("a suite without certificates is no way around a fingerprint", async () => {
  const ciphers = "AECDH-AES128-SHA:@SECLEVEL=0";
  using client = await run("TLSv1.2", {
    server: { ...NOBODY, ...MINE, ciphers },
    client: { caCerts: undefined, ciphers, ...only(MINE.fingerprint) },
  });
  assertInstanceOf(client.client.error, CertificateError);
  assertMatch(client.client.error.message, /certificate is missing: the peer has shown none$/);
  assertEquals(client.client.established, false);
  // It asks for a certificate all the same, which such a suite's client refuses (RFC 5246 7.4.4).
  using server = await run("TLSv1.2", {
    server: { ...NOBODY, ...MINE, ciphers, ...only(YOURS.fingerprint) },
    client: { ciphers },
  });
  assertEquals([server.server.established, server.client.established], [false, false]);
});

Deno.test("a suite without certificates is no way around authorities", async () => {
  const ciphers = "ALL:@SECLEVEL=0";
  for (const protocol of ["TLSv1.2", "DTLSv1.2"] as const) {
    using net = await run(protocol, {
      server: { ...NOBODY, ...MINE, ciphers: "AECDH-AES128-SHA:@SECLEVEL=0" },
      client: { ciphers },
    });
    assertInstanceOf(net.client.error, CertificateError);
    assertMatch(net.client.error.message, /certificate is missing: the peer has shown none$/);
  }
});

Deno.test("a self-signed certificate may be its own authority, for its names", async () => {
  const made = await SelfSignedCertificate.generate({ names: ["*.a.example", "192.0.2.1"] });
  for (
    const [serverName, isGood] of [["x.a.example", true], ["192.0.2.1", true], [
      "b.example",
      false,
    ]] as const
  ) {
    using net = await run("TLSv1.2", {
      server: { ...NOBODY, ...made },
      client: { caCerts: [made.cert] },
      serverName,
    });
    assertEquals(net.client.established, isGood);
  }
});
