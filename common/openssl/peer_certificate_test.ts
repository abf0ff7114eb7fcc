import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import fc from "fast-check";
import { assert, assertEquals } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { type PeerCertificate, readCertificate } from "./peer_certificate.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const keys = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);

/** A certificate for these names, as DER. */
async function certificateFor(names: x509.JsonGeneralNames): Promise<ArrayBuffer> {
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=test",
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date("2026-01-02T03:04:05Z"),
    notAfter: new Date("2050-06-07T08:09:10Z"),
    extensions: [new x509.SubjectAlternativeNameExtension(names)],
  });
  return made.rawData;
}

/** Reads DER as OpenSSL does; null where it is no certificate. */
function read(der: BufferSource): PeerCertificate | null {
  using bio = new MemoryBio(lib, x509.PemConverter.encode(der, "CERTIFICATE"));
  lib.ERR_clear_error();
  const pointer = lib.PEM_read_bio_X509(bio.pointer, null, null, new Uint8Array(1));
  lib.ERR_clear_error();
  if (pointer === null) return null;
  try {
    return readCertificate(lib, pointer);
  } finally {
    lib.X509_free(pointer);
  }
}

Deno.test("names are those of the extension, one entry a name, whatever stands in them", async () => {
  const names: x509.JsonGeneralNames = [
    { type: "dns", value: "a.example, DNS:admin.example" },
    { type: "dns", value: "b.example\0.evil.example" },
    { type: "dns", value: 'c", IP Address:"192.0.2.7' },
    { type: "dns", value: "d\nDNS:e" },
    { type: "email", value: "f@example" },
    { type: "url", value: "https://g.example/, DNS:h" },
    { type: "ip", value: "192.0.2.7" },
    { type: "ip", value: "2001:db8:0:0:1:0:0:1" },
    { type: "dn", value: "CN=i" },
    { type: "id", value: "1.2.3.4" },
  ];
  assertEquals(read(await certificateFor(names))!.names, [
    { type: "dns", value: "a.example, DNS:admin.example" },
    { type: "dns", value: "b.example\0.evil.example" },
    { type: "dns", value: 'c", IP Address:"192.0.2.7' },
    { type: "dns", value: "d\nDNS:e" },
    { type: "email", value: "f@example" },
    { type: "uri", value: "https://g.example/, DNS:h" },
    { type: "ip", value: "192.0.2.7" },
    { type: "ip", value: "2001:db8::1:0:0:1" },
    { type: "directory", value: "CN=i" },
    { type: "id", value: "1.2.3.4" },
  ]);
});

Deno.test("validFrom and validTo are read from the certificate, UTCTime and GeneralizedTime", async () => {
  const read50 = read(await certificateFor([{ type: "dns", value: "a" }]))!;
  assertEquals(read50.validFrom.toISOString(), "2026-01-02T03:04:05.000Z");
  assertEquals(read50.validTo.toISOString(), "2050-06-07T08:09:10.000Z");
});

Deno.test("a certificate without names has none", async () => {
  const { client } = await testCertificates();
  const [block] = x509.PemConverter.decode(client.cert);
  assertEquals(read(block!)!.names, []);
});

Deno.test("names give back any text of a certificate, for random texts", async () => {
  const ascii = fc.string({
    unit: fc.integer({ min: 0, max: 127 }).map((n) => String.fromCharCode(n)),
  });
  const name = fc.record({ type: fc.constantFrom("dns" as const, "email" as const), value: ascii });
  await fc.assert(
    fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 5 }), async (names) => {
      assertEquals(read(await certificateFor(names))!.names, names);
    }),
    { numRuns: 100 },
  );
});

Deno.test("a certificate with bytes changed at random is read or refused, and harms nothing", async () => {
  const der = new Uint8Array(
    await certificateFor([
      { type: "dns", value: "a.example" },
      { type: "ip", value: "192.0.2.7" },
      { type: "dn", value: "CN=i" },
      { type: "id", value: "1.2.3.4" },
    ]),
  );
  const change = fc.record({ at: fc.nat(der.length - 1), byte: fc.nat(255) });
  let wereRead = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const copy = der.slice();
      for (const { at, byte } of changes) copy[at] = byte;
      const certificate = read(copy);
      if (certificate === null) return;
      wereRead++;
      for (const { type, value } of certificate.names) {
        assert(typeof type === "string" && typeof value === "string");
      }
    }),
    { numRuns: 3000 },
  );
  assert(wereRead > 100, `${wereRead} of 3000 could be read`);
});
