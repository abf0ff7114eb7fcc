/** What holds where a program says nothing: see docs/security.md. */
import { makeChain } from "../testing/authority_chain.ts";
import { assert, assertEquals, assertStringIncludes } from "../testing/assert.ts";
import { connectedNet, memoryNet, type MemoryNetOptions } from "../testing/memory_net.ts";
import type { TlsContextOptions } from "./settings.ts";
import { loadOpenSsl } from "./bindings/library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** Numbers of groups: the IANA's registry of TLS supported groups. */
const GROUPS = { mlkem: 0x11ec, x25519: 29, p256: 23, p384: 24, p521: 25 };

/** Extension supported_groups: RFC 8446 4.2.7. */
const SUPPORTED_GROUPS = 10;

/** What a client offers in its first ClientHello. */
async function offered(datagram: boolean, client: Partial<TlsContextOptions> = {}) {
  using net = await memoryNet({ datagram, client });
  net.client.advance();
  const { bytes } = net.sent[0]!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = (at: number, count: number) =>
    Array.from({ length: count }, (_, i) => view.getUint16(at + 2 * i));
  // Headers of record and handshake, version, random; then session, and on DTLS a cookie, by length.
  let at = (datagram ? 13 + 12 : 5 + 4) + 2 + 32;
  at += 1 + bytes[at]!;
  if (datagram) at += 1 + bytes[at]!;
  const suites = numbers(at + 2, view.getUint16(at) / 2);
  at += 2 + view.getUint16(at);
  at += 1 + bytes[at]!;
  for (at += 2; at < bytes.length; at += 4 + view.getUint16(at + 2)) {
    if (view.getUint16(at) !== SUPPORTED_GROUPS) continue;
    return { suites, groups: numbers(at + 6, view.getUint16(at + 4) / 2) };
  }
  return { suites, groups: [] };
}

/** How a handshake ends: the cipher and the group, or why it does not. */
async function outcome(options: MemoryNetOptions): Promise<string> {
  using net = await memoryNet(options);
  net.run();
  const { client, server } = net;
  if (server.error) return (server.error as Error).message;
  const { cipher, group } = client.session!.info();
  return `${cipher} ${group}`;
}

const VERSIONS = ["TLSv1.2", "TLSv1.3", "DTLSv1.2"] as const;

Deno.test("TlsContext() offers three elliptic curves on DTLS", async () => {
  const { x25519, p256, p384 } = GROUPS;
  assertEquals((await offered(true)).groups, [x25519, p256, p384]);
});

Deno.test("TlsContext() offers three elliptic curves on TLS, after ML-KEM where that is known", async () => {
  const { mlkem, x25519, p256, p384 } = GROUPS;
  const { groups } = await offered(false);
  assertEquals(groups.filter((one) => one !== mlkem), [x25519, p256, p384]);
  assertEquals(groups.indexOf(mlkem), groups.length > 3 ? 0 : -1);
});

for (const groups of ["ffdhe8192", "ffdhe2048", "X448"]) {
  Deno.test(`TlsContext() refuses a client that offers ${groups} alone`, async () => {
    const line = await outcome({ datagram: false, client: { groups, minVersion: "TLSv1.3" } });
    assertStringIncludes(line, "no suitable key share");
  });
}

Deno.test("TlsContext() agrees on another group with a client that sends a share of ffdhe8192", async () => {
  const client = { groups: "ffdhe8192:X25519" };
  assertStringIncludes(await outcome({ datagram: false, client }), " x25519");
});

Deno.test("TlsContext() refuses a server that wants ffdhe8192", async () => {
  const line = await outcome({ datagram: false, server: { groups: "ffdhe8192" } });
  assertStringIncludes(line, "no suitable key share");
});

for (const version of VERSIONS) {
  Deno.test(`TlsContext() takes P-521 certificates of both ends (${version})`, async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" };
    const part = { algorithm, hash: "SHA-512" };
    const spec = { root: part, middle: part, leaf: part };
    const [server, client] = await Promise.all([
      makeChain("server", spec),
      makeChain("client", spec),
    ]);
    const versions = { minVersion: version, maxVersion: version };
    using net = await connectedNet({
      datagram: version === "DTLSv1.2",
      server: { cert: server.cert, key: server.key, caCerts: [client.ca], ...versions },
      client: { cert: client.cert, key: client.key, caCerts: [server.ca], ...versions },
    });
    assertEquals(net.client.session!.info().peerCertificate?.subject, "CN=localhost");
  });
}

Deno.test("TlsContext() offers P-521 where an authority is on it", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" };
  const { ca } = await makeChain("server", { root: { algorithm, hash: "SHA-512" } });
  assertEquals((await offered(true, { caCerts: [ca] })).groups.at(-1), GROUPS.p521);
});

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";
  const version = datagram ? "DTLSv1.2" : "TLSv1.2";
  for (
    const [what, ciphers] of [
      ["CBC", "ECDHE-ECDSA-AES128-SHA256"],
      ["CBC and SHA-1", "ECDHE-ECDSA-AES256-SHA"],
      ["key exchange by RSA", "AES128-GCM-SHA256"],
      ["finite fields", "DHE-RSA-AES128-GCM-SHA256"],
    ]
  ) {
    Deno.test(`TlsContext() refuses a client with ${what} alone (${protocol})`, async () => {
      const line = await outcome({ datagram, client: { ciphers, maxVersion: version } });
      assertStringIncludes(line, "no shared cipher");
    });
  }

  Deno.test(`TlsContext() offers suites with ECDHE and AEAD alone (${protocol})`, async () => {
    const { suites } = await offered(datagram, { maxVersion: version });
    // RFC 5289 3.2, RFC 7905 2; 0x00ff says that renegotiation is safe (RFC 5746 3.3).
    const known = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff];
    assert(suites.length > 1);
    assertEquals(suites.filter((suite) => !known.includes(suite)), []);
  });

  Deno.test(`a server chooses the suite, not its client (${protocol})`, async () => {
    const ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
    const line = await outcome({ datagram, client: { ciphers, maxVersion: version } });
    assertEquals(line, "ECDHE-ECDSA-AES256-GCM-SHA384 x25519");
  });

  Deno.test(`a server chooses the group, not its client (${protocol})`, async () => {
    const client = { groups: "P-384:P-256", maxVersion: version } as const;
    assertStringIncludes(await outcome({ datagram, client }), " secp256r1");
  });

  Deno.test(`a server takes ChaCha20 where its client prefers it (${protocol})`, async () => {
    const ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384";
    const line = await outcome({ datagram, client: { ciphers, maxVersion: version } });
    assertEquals(line, "ECDHE-ECDSA-CHACHA20-POLY1305 x25519");
  });
}
