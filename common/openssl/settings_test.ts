import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertThrows,
} from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { connectedNet, contextOptions, memoryNet } from "../testing/memory_net.ts";
import { versionRange } from "./configure.ts";
import { TlsContext } from "./context.ts";
import type { TlsContextOptions } from "./settings.ts";
import { VERSION } from "./bindings/constants.ts";
import { CertificateError, OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import type { TlsVersion } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

/** Makes and frees a context. */
function make(options: Partial<TlsContextOptions>, datagram: boolean): void {
  new TlsContext({ role: "client", datagram, ...options } as TlsContextOptions).close();
}

const FOREIGN: [boolean, TlsVersion, string][] = [
  [true, "TLSv1.2", '"DTLSv1.2" or "DTLSv1.3"'],
  [true, "TLSv1.3", '"DTLSv1.2" or "DTLSv1.3"'],
  [false, "DTLSv1.2", '"TLSv1.2" or "TLSv1.3"'],
  [false, "DTLSv1.3", '"TLSv1.2" or "TLSv1.3"'],
];

for (const [datagram, version, known] of FOREIGN) {
  for (const name of ["minVersion", "maxVersion"]) {
    Deno.test(`${name} ${version} is refused by ${datagram ? "DTLS" : "TLS"}`, () => {
      const words = `${name} must be ${known}, not "${version}"`;
      assertThrows(() => make({ [name]: version }, datagram), RangeError, words);
    });
  }
}

for (const wrong of ["TLSv1", "tlsv1.3", "toString", ""]) {
  Deno.test(`a version "${wrong}" is refused`, () => {
    const minVersion = wrong as TlsVersion;
    assertThrows(() => make({ minVersion }, false), RangeError, "minVersion must be");
  });
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  Deno.test(`maxVersion ${version} is what both ends agree on`, async () => {
    using net = await connectedNet({ datagram: false, client: { maxVersion: version } });
    assertEquals(net.server.session!.info().version, version);
  });
}

/** From 4.1 on (openssl/CHANGES.md). */
const [, major, minor] = lib.versionText.match(/^OpenSSL (\d+)\.(\d+)/)!.map(Number);
const knowsDtls13 = major! > 4 || major === 4 && minor! >= 1;

for (const name of ["minVersion", "maxVersion"]) {
  Deno.test(`${name} DTLSv1.3 is taken by a library that has it, and refused by others`, () => {
    const take = () => make({ [name]: "DTLSv1.3" }, true);
    if (knowsDtls13) return take();
    const why = `Cannot use ${name} DTLSv1.3: ${lib.versionText} does not know it`;
    assertThrows(take, RangeError, why);
  });
}

Deno.test("versionRange() has DTLS 1.3 only where it is named", () => {
  const range = (options: Partial<TlsContextOptions>) =>
    versionRange({ datagram: true, ...options });
  const { DTLS1_2, DTLS1_3 } = VERSION;
  assertEquals(range({}), [DTLS1_2, DTLS1_2]);
  assertEquals(range({ maxVersion: "DTLSv1.2" }), [DTLS1_2, DTLS1_2]);
  assertEquals(range({ maxVersion: "DTLSv1.3" }), [DTLS1_2, DTLS1_3]);
  assertEquals(range({ minVersion: "DTLSv1.3" }), [DTLS1_3, DTLS1_3]);
});

Deno.test("minVersion refuses a peer that is too old", async () => {
  using net = await memoryNet({
    datagram: false,
    client: { maxVersion: "TLSv1.2" },
    server: { minVersion: "TLSv1.3" as const },
  });
  net.run();
  assertInstanceOf(net.server.error, OpenSslError);
  assertEquals(net.server.error.reason, "unsupported protocol");
});

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";

  Deno.test(`ciphers decide what is agreed on (${protocol})`, async () => {
    const client = { ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" };
    const server = { maxVersion: datagram ? undefined : "TLSv1.2" as const };
    using net = await connectedNet({ datagram, client, server });
    assertEquals(net.server.session!.info().cipher, "ECDHE-ECDSA-CHACHA20-POLY1305");
  });

  // P-256 is the certificates' curve, without which they would not do in DTLS 1.2.
  const GROUPS = {
    "X25519:P-256": "x25519",
    "P-384:P-256": "secp384r1",
    "P-256": "secp256r1",
    prime256v1: "secp256r1",
  };
  for (const [groups, agreed] of Object.entries(GROUPS)) {
    Deno.test(`groups ${groups} decide on ${agreed} (${protocol})`, async () => {
      using net = await connectedNet({ datagram, client: { groups }, server: { groups } });
      assertEquals(net.client.session!.info().group, agreed);
    });
  }

  const WRONG: [Partial<TlsContextOptions>, string][] = [
    [{ ciphers: "none-such" }, "Cannot use the ciphers: no cipher match"],
    [{ groups: ":" }, "Cannot use the groups: "],
    [{ cipherSuites: "none-such" }, "Cannot use the cipherSuites: "],
  ];
  for (const [options, words] of WRONG) {
    Deno.test(`${Object.keys(options)} that nobody knows are refused (${protocol})`, () => {
      assertThrows(() => make(options, datagram), OpenSslError, words);
    });
  }

  const UNUSABLE: [Partial<TlsContextOptions>, RegExp][] = [
    [{ groups: "X25519:none-such" }, /^Cannot use the groups: OpenSSL .* has no group none-such$/],
    [{ groups: "-----BEGIN KEY-----" }, /: OpenSSL .* has no group of a name in it$/],
  ];
  if (datagram) {
    UNUSABLE.push([{ groups: "X25519:ffdhe2048" }, /: ffdhe2048 is none of DTLS 1\.2$/]);
  } else {
    UNUSABLE.push(
      [
        { groups: "ffdhe2048", maxVersion: "TLSv1.2" },
        /ffdhe2048 is for TLS 1\.3 and later alone$/,
      ],
      [{ groups: "brainpoolP256r1", minVersion: "TLSv1.3" }, /is for TLS 1\.2 and earlier alone$/],
    );
  }
  for (const [options, line] of UNUSABLE) {
    Deno.test(`groups ${options.groups} cannot be used (${protocol})`, () => {
      assertMatch(assertThrows(() => make(options, datagram), RangeError).message, line);
    });
  }

  Deno.test(`ends with no cipher in common refuse each other (${protocol})`, async () => {
    const maxVersion = datagram ? undefined : "TLSv1.2" as const;
    using net = await memoryNet({
      datagram,
      client: { maxVersion, ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" },
      server: { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" },
    });
    net.run();
    assertInstanceOf(net.server.error, OpenSslError);
    assertEquals(net.server.error.reason, "no shared cipher");
    assertInstanceOf(net.client.error, OpenSslError);
    assert(net.client.error.message.endsWith("the peer refused: handshake failure"));
  });

  for (const asked of ["none", "request"] as const) {
    Deno.test(`clientCertificate ${asked} takes a client without one (${protocol})`, async () => {
      using net = await connectedNet({
        datagram,
        server: { clientCertificate: asked },
        client: { cert: undefined, key: undefined },
      });
      assertEquals(net.server.session!.info().peerCertificate, null);
    });
  }

  Deno.test(`clientCertificate none does not ask for one (${protocol})`, async () => {
    using net = await connectedNet({ datagram, server: { clientCertificate: "none" } });
    assertEquals(net.server.session!.info().peerCertificate, null);
  });

  Deno.test(`clientCertificate request takes a good one (${protocol})`, async () => {
    using net = await connectedNet({ datagram, server: { clientCertificate: "request" } });
    const { peerCertificate } = net.server.session!.info();
    assertEquals(peerCertificate?.subject, "CN=netpairs client,O=netpairs");
  });

  Deno.test(`clientCertificate request refuses a bad one (${protocol})`, async () => {
    using net = await memoryNet({
      datagram,
      server: { clientCertificate: "request" },
      client: (await testCertificates("stranger")).client,
    });
    net.run();
    assertInstanceOf(net.server.error, CertificateError);
  });

  Deno.test(`clientCertificate require refuses a client without one (${protocol})`, async () => {
    using net = await memoryNet({ datagram, client: { cert: undefined, key: undefined } });
    net.run();
    assertInstanceOf(net.server.error, OpenSslError);
    assertEquals(net.server.error.reason, "peer did not return a certificate");
  });

  Deno.test(`unsafelySkipVerification believes any server (${protocol})`, async () => {
    const { server } = await testCertificates("stranger");
    const client = { unsafelySkipVerification: true };
    using net = await connectedNet({ datagram, server, client, serverName: "other.example" });
    assert(net.client.established);
  });
}

Deno.test("DTLS takes AEAD ciphers alone where nothing else is said", async () => {
  const client = { ciphers: "ECDHE-ECDSA-AES256-SHA384" };
  using net = await memoryNet({ client });
  net.run();
  assertInstanceOf(net.server.error, OpenSslError);
  assertEquals(net.server.error.reason, "no shared cipher");
});

for (const sessionTimeoutSeconds of [undefined, 60]) {
  for (const datagram of [true, false]) {
    const protocol = datagram ? "DTLS" : "TLS";

    Deno.test(`sessionTimeoutSeconds ${sessionTimeoutSeconds} is two hours or what is said (${protocol})`, async () => {
      const options = { ...await contextOptions("server", datagram), sessionTimeoutSeconds };
      using context = new TlsContext(options as TlsContextOptions);
      // It returns what was set before.
      const before = lib.SSL_CTX_set_timeout(context.pointer, 1n);
      assertEquals(before, BigInt(sessionTimeoutSeconds ?? 7200));
    });
  }
}

for (const [name, min] of [["sessionCacheSize", 0], ["sessionTimeoutSeconds", 1]] as const) {
  for (const wrong of [min - 1, 0.5, NaN, Infinity, 2 ** 31]) {
    Deno.test(`${name} ${wrong} is refused`, async () => {
      const options = { ...await contextOptions("server"), [name]: wrong };
      const words = `${name} must be a whole number from ${min} to`;
      assertThrows(() => new TlsContext(options as TlsContextOptions), RangeError, words);
    });
  }
}
