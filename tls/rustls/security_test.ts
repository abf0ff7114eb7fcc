import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { PeerCertificate } from "node:tls";
import { RunError } from "../../common/base/errors.ts";
import { assertEquals, assertInstanceOf } from "../../common/testing/assert.ts";
import { checkHostname, formatSubject } from "./security.ts";

Deno.test("formatSubject() begins with the last part", () => {
  assertEquals(
    formatSubject({ C: "DE", O: "netpairs", CN: "a server" }),
    "CN=a server,O=netpairs,C=DE",
  );
});

Deno.test("formatSubject() writes a repeated part each time", () => {
  assertEquals(formatSubject({ OU: ["first", "second"], CN: "x" }), "CN=x,OU=second,OU=first");
});

Deno.test("formatSubject() escapes what would be read as something else", () => {
  assertEquals(
    formatSubject({ CN: '#a,b+c"d\\e<f>g;h ' }),
    'CN=\\#a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h\\ ',
  );
  assertEquals(formatSubject({ CN: " a = #b" }), "CN=\\ a = #b");
});

Deno.test("formatSubject() of an empty subject is null", () => {
  assertEquals(formatSubject({}), null);
});

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const keys = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);

/** What node:tls hands over of a certificate for these names. */
async function certificateFor(names: x509.JsonGeneralNames): Promise<PeerCertificate> {
  const extension = new x509.SubjectAlternativeNameExtension(names);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: names.length > 0 ? [extension] : [],
  });
  return { raw: new Uint8Array(made.rawData) } as unknown as PeerCertificate;
}

Deno.test("checkHostname() takes the names of the certificate, and no part of one", async () => {
  const certificate = await certificateFor([
    { type: "dns", value: "a.example, DNS:localhost" },
    { type: "dns", value: "Server.Example" },
    { type: "dns", value: "*.wild.example" },
    { type: "dns", value: "192.0.2.9" },
    { type: "ip", value: "192.0.2.7" },
    { type: "ip", value: "2001:db8::1" },
  ]);
  for (const good of ["server.example", "x.wild.example", "192.0.2.7", "2001:db8::1"]) {
    assertEquals(checkHostname(good, certificate), undefined, good);
  }
  for (const bad of ["localhost", "a.example", "wild.example", "x.y.wild.example", "192.0.2.9"]) {
    assertInstanceOf(checkHostname(bad, certificate), RunError);
  }
});

Deno.test("checkHostname() takes no common name for a name", async () => {
  const error = checkHostname("localhost", await certificateFor([]));
  assertEquals(error?.message, "the server's certificate is for no name, not for localhost");
});

Deno.test("checkHostname() refuses a certificate that cannot be read", () => {
  const broken = { raw: Uint8Array.of(1, 2, 3) } as unknown as PeerCertificate;
  assertInstanceOf(checkHostname("localhost", broken), RunError);
});
