import { assert, assertEquals } from "../common/testing/assert.ts";
import {
  Authority,
  type CertificateSet,
  generateCertificates,
  KEY_TYPES,
  type KeyType,
} from "./authority.ts";
import { inspectCertificates } from "./inspect.ts";
import { parseNames } from "./names.ts";
import { FILES } from "./store.ts";

const MS_PER_DAY = 86_400_000;

async function inspect(
  set: CertificateSet,
  wanted: { names?: string[]; keyType?: KeyType; renewBeforeDays?: number } = {},
): Promise<string> {
  const { names = ["localhost", "::1"], keyType, renewBeforeDays = 7 } = wanted;
  const all = { names: parseNames(names), keyType, renewBeforeDays };
  const verdict = await inspectCertificates(set, all, FILES);
  return verdict.keep ? "keep" : verdict.reason;
}

for (const keyType of KEY_TYPES) {
  Deno.test(`inspectCertificates() keeps what was just made with ${keyType}`, async () => {
    const set = await generateCertificates({ keyType });
    assertEquals(await inspect(set, { keyType }), "keep");
    assertEquals(await inspect(set), "keep");
  });
}

Deno.test("inspectCertificates() says when the first certificate ends", async () => {
  const notAfter = new Date("2099-01-01T00:00:00Z");
  const set = await generateCertificates({ notAfter });
  const wanted = { names: [], renewBeforeDays: 7 };
  assertEquals(await inspectCertificates(set, wanted, FILES), { keep: true, notAfter });
});

Deno.test("inspectCertificates() knows an address by any spelling", async () => {
  const set = await generateCertificates({ names: ["2001:db8::1", "Server.Example"] });
  assertEquals(await inspect(set, { names: ["2001:DB8:0::1", "server.example"] }), "keep");
});

Deno.test("inspectCertificates() names a missing name", async () => {
  const set = await generateCertificates({ names: ["a.example"] });
  assertEquals(await inspect(set), "server-cert.pem is not valid for localhost");
});

Deno.test("inspectCertificates() names the wrong kind of key", async () => {
  const set = await generateCertificates();
  assertEquals(await inspect(set, { keyType: "ed25519" }), "ca.pem has no ed25519 key");
});

Deno.test("inspectCertificates() finds keys that do not belong to their certificates", async () => {
  const { ca, server, client } = await generateCertificates();
  const set = {
    ca,
    server: { cert: server.cert, key: client.key },
    client: { cert: client.cert, key: server.key },
  };
  assertEquals(await inspect(set), "server-key.pem does not belong to server-cert.pem");
});

for (const keyType of KEY_TYPES) {
  Deno.test(`inspectCertificates() finds another authority with ${keyType}`, async () => {
    const [set, { ca }] = await Promise.all([
      generateCertificates(),
      generateCertificates({ keyType }),
    ]);
    assertEquals(await inspect({ ...set, ca }), "server-cert.pem was not signed by ca.pem");
  });
}

Deno.test("inspectCertificates() finds certificates in each other's place", async () => {
  const { ca, server, client } = await generateCertificates();
  const reason = await inspect({ ca, server: client, client: server });
  assertEquals(reason, "server-cert.pem is not a server certificate");
});

Deno.test("inspectCertificates() finds an authority that is none", async () => {
  const { server, client } = await generateCertificates();
  assertEquals(await inspect({ ca: client.cert, server, client }), "ca.pem is not an authority");
});

const GARBAGE = {
  "an empty file": "",
  "text": "no certificate\n",
  "damaged PEM": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
};

for (const [what, text] of Object.entries(GARBAGE)) {
  Deno.test(`inspectCertificates() finds ${what} in place of each part`, async () => {
    const set = await generateCertificates();
    const { server, client } = set;
    const reasons = [
      await inspect({ ...set, ca: text }),
      await inspect({ ...set, server: { ...server, cert: text } }),
      await inspect({ ...set, server: { ...server, key: text } }),
      await inspect({ ...set, client: { ...client, cert: text } }),
      await inspect({ ...set, client: { ...client, key: text } }),
    ];
    assertEquals(reasons, [
      "ca.pem is not one PEM certificate",
      "server-cert.pem is not one PEM certificate",
      "server-key.pem is not a PEM private key",
      "client-cert.pem is not one PEM certificate",
      "client-key.pem is not a PEM private key",
    ]);
  });
}

Deno.test("inspectCertificates() finds an expired certificate", async () => {
  const set = await generateCertificates({
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2021-01-01"),
  });
  assertEquals(await inspect(set), "server-cert.pem has expired");
});

Deno.test("inspectCertificates() finds a certificate that is not valid yet", async () => {
  const set = await generateCertificates({
    notBefore: new Date(Date.now() + MS_PER_DAY),
    notAfter: new Date(Date.now() + 100 * MS_PER_DAY),
  });
  assertEquals(await inspect(set), "server-cert.pem is not valid yet");
});

Deno.test("inspectCertificates() finds a certificate near its end", async () => {
  const notBefore = new Date(Date.now() - 100 * MS_PER_DAY);
  const notAfter = new Date(Date.now() + 6 * MS_PER_DAY);
  const reason = await inspect(await generateCertificates({ notBefore, notAfter }));
  assert(reason.startsWith("server-cert.pem expires soon, on 20"), reason);
});

Deno.test("inspectCertificates() keeps a short-lived certificate in its first half", async () => {
  assertEquals(await inspect(await generateCertificates({ days: 1 })), "keep");
});

Deno.test("inspectCertificates() looks at the client's certificate too", async () => {
  const validity = { notBefore: new Date("2020-01-01"), notAfter: new Date("2099-01-01") };
  const expired = { ...validity, notAfter: new Date("2021-01-01") };
  const authority = await Authority.create("A", { organization: "O", keyType: "p256", validity });
  const set = {
    ca: authority.cert,
    server: await authority.issue({
      role: "server",
      commonName: "S",
      validity,
      names: parseNames(["localhost", "::1"]),
    }),
    client: await authority.issue({ role: "client", commonName: "C", validity: expired }),
  };
  assertEquals(await inspect(set), "client-cert.pem has expired");
});
