import { createPrivateKey } from "node:crypto";
import { generateCertificates } from "../../certs/generate.ts";
import { assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { connectedNet } from "../testing/memory_net.ts";
import { TlsContext, type TlsContextOptions } from "./context.ts";
import { MemoryBio } from "./memory_bio.ts";
import { OpenSslError } from "./errors.ts";
import { loadOpenSsl } from "./library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

const BAD_PEM =
  "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";

/** Why a context cannot be made. */
async function refusal(wrong: Partial<TlsContextOptions>): Promise<OpenSslError> {
  const { ca, server } = await testCertificates();
  const options = { role: "server", datagram: true, caCerts: [ca], ...server, ...wrong } as const;
  return assertThrows(() => new TlsContext(options).close(), OpenSslError);
}

Deno.test("TlsContext() takes certificates for either end and protocol", async () => {
  const { ca, server } = await testCertificates();
  for (const role of ["client", "server"] as const) {
    for (const datagram of [true, false]) {
      using context = new TlsContext({ role, datagram, caCerts: [ca], ...server });
      assertEquals([context.role, context.datagram], [role, datagram]);
    }
  }
});

Deno.test("TlsContext() refuses a certificate that is none", async () => {
  assertMatch((await refusal({ cert: BAD_PEM })).message, /^Cannot read the certificate: /);
});

Deno.test("TlsContext() refuses a text without a certificate", async () => {
  for (const cert of ["hello", (await testCertificates()).server.key]) {
    assertEquals(
      (await refusal({ cert })).message,
      "Cannot read the certificate: no start line",
    );
  }
});

Deno.test("TlsContext() refuses an authority that is none", async () => {
  const { message } = await refusal({ caCerts: [BAD_PEM] });
  assertMatch(message, /^Cannot read an authority's certificate: /);
});

Deno.test("TlsContext() refuses a chain whose second certificate is none", async () => {
  const { server } = await testCertificates();
  const { message } = await refusal({ cert: server.cert + BAD_PEM });
  assertMatch(message, /^Cannot read the certificate: /);
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
  assertMatch((await refusal({ key: "hello" })).message, /^Cannot read the private key: /);
});

Deno.test("TlsContext() refuses a key of another certificate", async () => {
  const { client } = await testCertificates();
  const error = await refusal({ key: client.key });
  assertEquals(error.message, "Cannot use the private key: key values mismatch");
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

Deno.test("TlsContext() refuses an encrypted key and asks nobody for its passphrase", async () => {
  const { server } = await testCertificates();
  const key = createPrivateKey(server.key)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" });
  const error = await refusal({ key: String(key) });
  assertMatch(error.message, /^Cannot read the private key: /);
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
