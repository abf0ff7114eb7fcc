import { X509Certificate } from "node:crypto";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { checkAll } from "../testing/settings_suite.ts";
import { unknownSettings, wrongValues } from "../testing/wrong_settings.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { SELF_SIGNED, SelfSignedCertificate } from "./self_signed.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const { generate } = SelfSignedCertificate;

Deno.test("generate() makes a certificate for names, which has signed itself", async () => {
  const names = ["Device.example", "*.a.example", "192.0.2.1", "2001:db8::1", "device.example"];
  const { cert, key, fingerprint } = await generate({ names, days: 3650 });
  const x509 = new X509Certificate(cert);
  assert(x509.verify(x509.publicKey));
  assertEquals(
    x509.subjectAltName,
    "DNS:device.example, DNS:*.a.example, IP Address:192.0.2.1, IP Address:2001:db8::1",
  );
  assertEquals(x509.ca, false);
  assertEquals(x509.publicKey.asymmetricKeyDetails, { namedCurve: "prime256v1" });
  assertEquals(x509.subject, x509.issuer);
  assertEquals(fingerprint, `sha-256 ${x509.fingerprint256}`);
  assert(key.startsWith("-----BEGIN PRIVATE KEY-----\n"));
});

Deno.test("generate() makes certificates that differ, valid from a day ago on", async () => {
  const before = Date.now();
  const all = await Promise.all([generate(), generate({ names: [] }), generate({ days: 1 })]);
  const read = all.map(({ cert }) => new X509Certificate(cert));
  const names = read.map(({ subjectAltName }) => subjectAltName);
  const usual = "DNS:localhost, IP Address:127.0.0.1, IP Address:::1";
  assertEquals(names, [usual, undefined, usual]);
  assertEquals(new Set(read.map(({ subject }) => subject)).size, all.length);
  assertEquals(new Set(read.map(({ serialNumber }) => serialNumber)).size, all.length);
  assert(read.every(({ serialNumber }) => /^[4-7][0-9A-F]{31}$/.test(serialNumber)));
  const days = read.map(({ validFrom, validTo }) =>
    (Date.parse(validTo) - Date.parse(validFrom)) / 86_400_000
  );
  assertEquals(days, [31, 31, 2]);
  assert(read.every(({ validFrom }) => Date.parse(validFrom) < before - 86_000_000));
});

Deno.test("a certificate's texts are what a connection's settings take", async () => {
  assertEquals(Object.keys({ ...await generate() }), ["cert", "key"]);
});

Deno.test("generate() refuses what it cannot use, and says what", async () => {
  const table = { ...SELF_SIGNED };
  await checkAll(generate, () => [
    ...Object.keys(table).flatMap((name) => wrongValues(table, {}, name)),
    ...unknownSettings(table, {}),
  ]);
  for (const options of [null, "text", 1, [], () => ({})]) {
    await assertRejects(
      () => generate(options as unknown as undefined),
      TypeError,
      "the options must be an object with settings",
    );
  }
});
