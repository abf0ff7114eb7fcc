import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { createPrivateKey } from "node:crypto";
import { formatPem, parsePem } from "../common/pem/blocks.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { Authority, type CertificateSet, generateCertificates } from "./authority.ts";
import { KEY_TYPES, type KeyType } from "./key_types.ts";
import { ENDS } from "./options.ts";
import { textsOf } from "../common/testing/certs.ts";
import { MS_PER_DAY } from "../common/pem/kinds.ts";
import { inspectCertificates } from "./inspect.ts";
import { type ChainSpec, end, makeChain } from "../common/testing/authority_chain.ts";
import { parseNames } from "../common/pem/names.ts";
import { FILES } from "../common/pem/certificate_files.ts";
import { readHolding } from "./store.ts";
import { withDirectory, writeOwnCertificates } from "../common/testing/own_certificates.ts";

function inspect(
  set: CertificateSet,
  wanted: { names?: string[]; keyType?: KeyType; renewBeforeDays?: number } = {},
): string {
  const { names = ["localhost", "::1"], keyType, renewBeforeDays = 7 } = wanted;
  const all = { roles: ENDS, names: parseNames(names), keyType, renewBeforeDays };
  const verdict = inspectCertificates(filesOf(set), all);
  if (!verdict.fits) return verdict.reason;
  return verdict.endsSoon ? "ends soon" : "fits";
}

function filesOf(set: CertificateSet): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  return new Map(Object.entries(textsOf(set)).map(([name, text]) => [name, encoder.encode(text)]));
}

for (const keyType of KEY_TYPES) {
  Deno.test(`inspectCertificates() takes what was just made with ${keyType}`, async () => {
    const set = await generateCertificates({ keyType });
    assertEquals(inspect(set, { keyType }), "fits");
    assertEquals(inspect(set), "fits");
  });
}

Deno.test("inspectCertificates() says when the first certificate ends", async () => {
  const notAfter = new Date("2099-01-01T00:00:00Z");
  const set = await generateCertificates({ notAfter });
  const wanted = { roles: ENDS, names: [], renewBeforeDays: 7 };
  const verdict = { fits: true, notAfter, endsSoon: false } as const;
  assertEquals(inspectCertificates(filesOf(set), wanted), verdict);
});

Deno.test("inspectCertificates() knows an address by any spelling", async () => {
  const set = await generateCertificates({ names: ["2001:db8::1", "Server.Example"] });
  assertEquals(inspect(set, { names: ["2001:DB8:0::1", "server.example"] }), "fits");
});

Deno.test("inspectCertificates() names a missing name", async () => {
  const set = await generateCertificates({ names: ["a.example"] });
  assertEquals(inspect(set), "server-cert.pem is not valid for localhost");
});

Deno.test("inspectCertificates() names the wrong kind of key", async () => {
  const set = await generateCertificates();
  assertEquals(inspect(set, { keyType: "ed25519" }), "server-cert.pem has no ed25519 key");
});

Deno.test("inspectCertificates() finds keys that do not belong to their certificates", async () => {
  const { ca, server, client } = await generateCertificates();
  const set = {
    ca,
    server: { cert: server.cert, key: client.key },
    client: { cert: client.cert, key: server.key },
  };
  assertEquals(inspect(set), "server-key.pem: it is not the private key of server-cert.pem");
});

for (const keyType of KEY_TYPES) {
  Deno.test(`inspectCertificates() finds another authority with ${keyType}`, async () => {
    const [set, { ca }] = await Promise.all([
      generateCertificates(),
      generateCertificates({ keyType }),
    ]);
    const reason = "server-cert.pem was not signed by an authority in ca.pem";
    assertEquals(inspect({ ...set, ca }), reason);
  });
}

Deno.test("inspectCertificates() finds certificates in each other's place", async () => {
  const { ca, server, client } = await generateCertificates();
  const reason = inspect({ ca, server: client, client: server });
  assertEquals(reason, "server-cert.pem is not a server certificate");
});

Deno.test("inspectCertificates() finds an authority that is none", async () => {
  const { server, client } = await generateCertificates();
  assertEquals(inspect({ ca: client.cert, server, client }), "ca.pem is not an authority");
});

Deno.test("inspectCertificates() names the part that is no PEM", async () => {
  const set = await generateCertificates();
  const { server, client } = set;
  const reasons = [
    inspect({ ...set, ca: "" }),
    inspect({ ...set, server: { ...server, cert: "" } }),
    inspect({ ...set, server: { ...server, key: "" } }),
    inspect({ ...set, client: { ...client, cert: "" } }),
    inspect({ ...set, client: { ...client, key: "" } }),
  ];
  const names = [FILES.ca, FILES.serverCert, FILES.serverKey, FILES.clientCert, FILES.clientKey];
  assertEquals(reasons, names.map((name) => `${name}: it is empty`));
});

Deno.test("inspectCertificates() takes a user's chain and several authorities", () =>
  withDirectory(async (dir) => {
    await writeOwnCertificates(dir, ["*.corp.example", "127.0.0.1"]);
    const { files } = await readHolding(dir);
    const wanted = { roles: ENDS, names: parseNames(["a.corp.example", "127.0.0.1"]) };
    assert(inspectCertificates(files, { ...wanted, renewBeforeDays: 0 }).fits);
    for (const name of ["a.b.corp.example", "corp.example"]) {
      const names = parseNames([name]);
      const verdict = inspectCertificates(files, { ...wanted, names, renewBeforeDays: 0 });
      assertEquals(verdict, {
        fits: false,
        reason: `server-cert.pem is not valid for ${name}`,
      });
    }
  }));

Deno.test("inspectCertificates() finds a chain without its intermediate", () =>
  withDirectory(async (dir) => {
    await writeOwnCertificates(dir);
    const files = new Map((await readHolding(dir)).files);
    const [first] = parsePem(files.get(FILES.serverCert)!, "");
    const alone = formatPem("CERTIFICATE", first!.bytes);
    files.set(FILES.serverCert, new TextEncoder().encode(alone));
    const verdict = inspectCertificates(files, {
      roles: ENDS,
      names: [],
      renewBeforeDays: 0,
    });
    const reason = "server-cert.pem was not signed by an authority in ca.pem";
    assertEquals(verdict, { fits: false, reason });
  }));

for (const role of ENDS) {
  Deno.test(`inspectCertificates() wants the ${role}'s files alone for the ${role}`, async () => {
    const files = filesOf(await generateCertificates());
    const other = role === "server" ? "client" : "server";
    files.delete(`${other}-cert.pem`);
    files.delete(`${other}-key.pem`);
    const wanted = { names: [], renewBeforeDays: 0 };
    assert(inspectCertificates(files, { ...wanted, roles: [role] }).fits);
    const verdict = inspectCertificates(files, { ...wanted, roles: ENDS });
    assertEquals(verdict, { fits: false, reason: `${other}-cert.pem is missing` });
  });
}

Deno.test("inspectCertificates() opens encrypted keys", async () => {
  const { key } = (await generateCertificates()).server;
  const options = { format: "pem", type: "pkcs8", cipher: "aes-256-cbc" } as const;
  const sealed = createPrivateKey(key).export({ ...options, passphrase: "secret" });
  const files = new Map([[FILES.serverKey, new TextEncoder().encode(String(sealed))]]);
  const wanted = { roles: ["server"] as const, names: [], renewBeforeDays: 0 };
  const set = await generateCertificates();
  const all = new Map([...filesOf(set), ...files]);
  const reasonFor = (keyPassphrase?: string) => {
    const verdict = inspectCertificates(all, { ...wanted, keyPassphrase });
    return verdict.fits ? null : verdict.reason;
  };
  assertMatch(reasonFor() ?? "", /^server-key.pem: it is encrypted; .*--key-passphrase-file/);
  assertMatch(reasonFor("other") ?? "", /^server-key.pem: .* does not open it$/);
  // It was opened: what is wrong with it now is that it is of another set.
  assertMatch(reasonFor("secret") ?? "", /it is not the private key of server-cert.pem$/);
});

Deno.test("inspectCertificates() finds an expired certificate", async () => {
  const set = await generateCertificates({
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2021-01-01"),
  });
  assertEquals(inspect(set), "server-cert.pem has expired");
});

Deno.test("inspectCertificates() finds a certificate that is not valid yet", async () => {
  const set = await generateCertificates({
    notBefore: new Date(Date.now() + MS_PER_DAY),
    notAfter: new Date(Date.now() + 100 * MS_PER_DAY),
  });
  assertEquals(inspect(set), "server-cert.pem is not valid yet");
});

Deno.test("inspectCertificates() finds a certificate near its end", async () => {
  const notBefore = new Date(Date.now() - 100 * MS_PER_DAY);
  const notAfter = new Date(Date.now() + 6 * MS_PER_DAY);
  const set = await generateCertificates({ notBefore, notAfter });
  assertEquals(inspect(set), "ends soon");
});

Deno.test("inspectCertificates() takes a short-lived certificate in its first half", async () => {
  assertEquals(inspect(await generateCertificates({ days: 1 })), "fits");
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
  assertEquals(inspect(set), "client-cert.pem has expired");
});

/** What is said of a server's files with a chain that differs from a good one. */
async function inspectChain(spec: ChainSpec): Promise<string> {
  const { server } = await generateCertificates();
  const chain = await makeChain("server", spec);
  const own = { cert: chain.cert, key: chain.key };
  const files = filesOf({ ca: chain.ca, server: own, client: server });
  const wanted = { roles: ["server"] as const, names: [], renewBeforeDays: 0 };
  const verdict = inspectCertificates(files, wanted);
  return verdict.fits ? "fits" : verdict.reason;
}

Deno.test("inspectCertificates() names the file with the authority whose time is over", async () => {
  const [past, far] = [{ from: -3, to: -1 }, { from: 1, to: 2 }];
  assertEquals(await inspectChain({ root: past }), "ca.pem has expired");
  assertEquals(await inspectChain({ root: far }), "ca.pem is not valid yet");
  assertEquals(await inspectChain({ middle: past }), "server-cert.pem has expired");
});

Deno.test("inspectCertificates() takes an intermediate authority in ca.pem", async () => {
  const { cert, key } = await makeChain("server", {});
  const [first, middle] = parsePem(cert, "").map(({ bytes }) => formatPem("CERTIFICATE", bytes));
  const { client } = await generateCertificates();
  const files = filesOf({ ca: middle!, server: { cert: first!, key }, client });
  const wanted = { roles: ["server"] as const, names: [], renewBeforeDays: 0 };
  assert(inspectCertificates(files, wanted).fits);
});

Deno.test("inspectCertificates() takes no certificate for any use, as no engine does", async () => {
  const purposes = ["2.5.29.37.0" as x509.ExtendedKeyUsage];
  const leaf = { extensions: end("server", { purposes }) };
  assertEquals(await inspectChain({ leaf }), "server-cert.pem is not a server certificate");
});

Deno.test("inspectCertificates() goes by the names where it does not know the signature", async () => {
  assertEquals(await inspectChain({ leaf: { hash: "SHA-1" } }), "fits");
});

Deno.test("inspectCertificates() takes an intermediate that is no authority for none", async () => {
  const middle = { extensions: [new x509.BasicConstraintsExtension(false)] };
  const reason =
    "server-cert.pem was not signed by an authority in ca.pem, by way of the chain in it";
  assertEquals(await inspectChain({ middle }), reason);
});
