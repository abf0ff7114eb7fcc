import { generateCertificates } from "../../certs/generate.ts";
import { assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { encryptedKey } from "../testing/good_settings.ts";
import { connectedNet } from "../testing/memory_net.ts";
import { TlsContext } from "./context.ts";
import type { TlsContextOptions } from "./settings.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

const BAD_PEM =
  "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";

/** On brainpoolP256r1, by openssl-genpkey(1) and openssl-req(1); a test's and nothing else. */
const BRAINPOOL = {
  key: `-----BEGIN PRIVATE KEY-----
MIGIAgEAMBQGByqGSM49AgEGCSskAwMCCAEBBwRtMGsCAQEEIGsjpD5mRQ9J5q23
iXGF2YrhgvobmKHonU0xvO0g955soUQDQgAEcD2YKVsAzev8vHrZp+1iGnIOchmB
kpDkQeufgU69Ct8lT+qBoJ0h1Z4N/Xe3g0OGilyp6cCM6O9IJlQRtSobwA==
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBpTCCAUygAwIBAgIUVeRl/xTuTslty7PMGH/Gboq+QUkwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPYnJhaW5wb29sUDI1NnIxMB4XDTI2MTEyNjEzNDMwOFoXDTI2
MTIwNjEzNDMwOFowGjEYMBYGA1UEAwwPYnJhaW5wb29sUDI1NnIxMFowFAYHKoZI
zj0CAQYJKyQDAwIIAQEHA0IABHA9mClbAM3r/Lx62aftYhpyDnIZgZKQ5EHrn4FO
vQrfJU/qgaCdIdWeDf13t4NDhopcqenAjOjvSCZUEbUqG8CjbzBtMB0GA1UdDgQW
BBTaZDbPZ31NSWTyfPvKNmuSy9zhWzAfBgNVHSMEGDAWgBTaZDbPZ31NSWTyfPvK
NmuSy9zhWzAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcE
fwAAATAKBggqhkjOPQQDAgNHADBEAiBDZmcCxzP7HoGBR6/pCvAgPu271gH0K0i5
49HYAMEDOwIgLWjs1JsnBPR7ic77+SVTaz7NgoLAeFa628vBqJGbacw=
-----END CERTIFICATE-----
`,
};

/** Why a context cannot be made. */
async function refusal(wrong: Partial<TlsContextOptions>): Promise<string> {
  const { ca, server } = await testCertificates();
  const asking = { role: "server", clientCertificate: "require", datagram: true } as const;
  const options = { ...asking, caCerts: [ca], ...server, ...wrong } as const;
  return assertThrows(() => new TlsContext(options).close(), RangeError).message;
}

Deno.test("TlsContext() takes certificates for either end and protocol", async () => {
  const { ca, server } = await testCertificates();
  for (const role of ["client", "server"] as const) {
    for (const datagram of [true, false]) {
      const asks = role === "server" && { clientCertificate: "require" as const };
      using context = new TlsContext({ role, datagram, caCerts: [ca], ...server, ...asks });
      assertEquals([context.role, context.datagram], [role, datagram]);
    }
  }
});

Deno.test("TlsContext() refuses a certificate that is none", async () => {
  const line = "Cannot use cert: the certificate that begins in line 1 is damaged";
  assertEquals(await refusal({ cert: BAD_PEM }), line);
});

Deno.test("TlsContext() refuses a text without a certificate", async () => {
  const { server } = await testCertificates();
  assertMatch(await refusal({ cert: "hello" }), /^Cannot use cert: it is not PEM/);
  assertMatch(await refusal({ cert: server.key }), /^Cannot use cert: no certificate is in it/);
});

Deno.test("TlsContext() names the authority that is none", async () => {
  const { ca } = await testCertificates();
  assertMatch(
    await refusal({ caCerts: [ca, BAD_PEM] }),
    /^Cannot use caCerts\[1\]: .* is damaged$/,
  );
});

Deno.test("TlsContext() refuses a chain whose second certificate is none", async () => {
  const { server } = await testCertificates();
  assertMatch(await refusal({ cert: server.cert + BAD_PEM }), /^Cannot use cert: .* is damaged$/);
});

Deno.test("TlsContext() trusts every authority of one text", async () => {
  const [{ ca }, stranger] = await Promise.all([testCertificates(), testCertificates("stranger")]);
  using net = await connectedNet({ client: { caCerts: [stranger.ca + ca] } });
  assertEquals(
    net.client.session!.info().peerCertificate?.subject,
    "CN=netpairs server,O=netpairs",
  );
});

Deno.test("TlsContext() refuses a key that is none", async () => {
  assertMatch(await refusal({ key: "hello" }), /^Cannot use key: it is not PEM/);
});

Deno.test("TlsContext() refuses a key of another certificate", async () => {
  const { client } = await testCertificates();
  const line = "Cannot use key: it is not the private key of cert";
  assertEquals(await refusal({ key: client.key }), line);
});

Deno.test("TlsContext() refuses what OpenSSL refuses, in OpenSSL's words", async () => {
  // A curve that Deno's node:crypto does not know, so that OpenSSL alone can look at the key.
  const { key, cert } = BRAINPOOL;
  new TlsContext({ role: "client", datagram: true, key, cert }).close();
  const { client } = await testCertificates();
  const options = { role: "client", datagram: true, key, cert: client.cert } as const;
  assertThrows(() => new TlsContext(options).close(), OpenSslError, "Cannot use key: ");
});

for (const part of ["cert", "key"] as const) {
  Deno.test(`TlsContext() refuses a ${part} alone`, async () => {
    const { client } = await testCertificates();
    const options = { role: "client", datagram: true, [part]: client[part] } as const;
    assertThrows(
      () => new TlsContext(options),
      TypeError,
      part === "cert" ? "cert needs its key" : "key needs its cert",
    );
  });
}

Deno.test("TlsContext() refuses a server that has nothing to authenticate with", () => {
  const options = { role: "server", datagram: false } as const;
  assertThrows(
    () => new TlsContext(options),
    TypeError,
    "cert with its key, or pskLookup, is wanted",
  );
});

Deno.test("TlsContext() refuses an Ed25519 key on DTLS, and takes it on TLS", async () => {
  const { server } = await generateCertificates({ keyType: "ed25519" });
  const line = "Cannot use an ED25519 key on DTLS";
  assertThrows(
    () => new TlsContext({ role: "server", datagram: true, ...server }),
    RangeError,
    line,
  );
  new TlsContext({ role: "server", datagram: false, ...server }).close();
});

Deno.test("TlsContext() refuses another libssl once one is in use", () => {
  const options = { role: "client", datagram: false, library: "/nowhere/libssl.so.3" } as const;
  assertThrows(() => new TlsContext(options), TypeError, "is in use already");
});

Deno.test("TlsContext() opens an encrypted key with keyPassphrase alone, and asks for nothing", async () => {
  const { server } = await testCertificates();
  const key = encryptedKey(server.key, "secret");
  const options = { role: "server", datagram: true, cert: server.cert, key } as const;
  new TlsContext({ ...options, keyPassphrase: "secret" }).close();
  const why = (keyPassphrase?: string) => refusal({ key, keyPassphrase });
  assertEquals(await why(), "Cannot use key: it is encrypted; keyPassphrase is wanted");
  const wrong = "Cannot use key: it is encrypted, and keyPassphrase does not open it";
  assertEquals(await why("Secret"), wrong);
});

Deno.test("TlsContext() leaves no error behind for others to find", async () => {
  const { ca, server } = await testCertificates();
  new TlsContext({ role: "client", datagram: true, caCerts: [ca], ...server }).close();
  assertEquals(lib.ERR_get_error(), 0n);
});

Deno.test("TlsContext.close() may be called twice", async () => {
  const { server } = await testCertificates();
  const context = new TlsContext({ role: "server", datagram: true, caCerts: [], ...server });
  context.close();
  context.close();
});

Deno.test("TlsContext.pointer throws after close()", () => {
  const context = new TlsContext({ role: "client", datagram: true, caCerts: [] });
  context.close();
  assertThrows(() => context.pointer, TypeError, "it is closed");
});

Deno.test("MemoryBio.text() gives what was put in, once", () => {
  const text = "ä".repeat(5000);
  using bio = new MemoryBio(lib, text);
  assertEquals(bio.text(), text);
  assertEquals(bio.text(), "");
});

Deno.test("MemoryBio.pointer throws after close(), which may be called twice", () => {
  const bio = new MemoryBio(lib);
  bio.close();
  bio.close();
  assertThrows(() => bio.pointer, TypeError, "it is closed");
});
