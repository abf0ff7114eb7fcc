import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertRejects,
  assertStringIncludes,
} from "../common/testing/assert.ts";
import { type CertificateSet, generateCertificates } from "./authority.ts";
import { KEY_TYPES, type KeyType } from "./key_types.ts";
import { BUILT_IN_PROFILE } from "./profile.ts";
import { FILES } from "../common/pem/certificate_files.ts";
import { writeCertificates } from "./store.ts";
import { type Finished, openssl, withDirectory } from "../common/testing/own_certificates.ts";

/** Writes a set and asks OpenSSL about it; `check` is not called where there is no OpenSSL. */
function askOpenssl(
  set: CertificateSet,
  args: string[],
  check: (finished: Finished) => void,
): Promise<void> {
  return withDirectory(async (dir) => {
    await writeCertificates(dir, set);
    const finished = await openssl(dir, ...args);
    if (finished) check(finished);
  });
}

function verify(role: "server" | "client", ...more: string[]): string[] {
  const strict = ["verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", FILES.ca];
  return [...strict, "-purpose", `ssl${role}`, ...more, FILES[`${role}Cert`]];
}

function assertVerified({ code, stdout, stderr }: Finished): void {
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(stdout, /-cert\.pem: OK/);
}

const made = new Map<KeyType, Promise<CertificateSet>>();

/** A set with keys of a type, made once: RSA keys take their time. */
function setWith(keyType: KeyType): Promise<CertificateSet> {
  const set = made.get(keyType) ?? generateCertificates({ keyType });
  made.set(keyType, set);
  return set;
}

for (const keyType of KEY_TYPES) {
  for (const role of ["server", "client"] as const) {
    Deno.test(`generateCertificates() satisfies OpenSSL as a ${role} with ${keyType}`, async () => {
      const set = await setWith(keyType);
      await askOpenssl(set, verify(role), assertVerified);
      const pkey = ["pkey", "-check", "-noout", "-in", FILES[`${role}Key`]];
      await askOpenssl(set, pkey, ({ code, stderr }) => assertEquals([code, stderr], [0, ""]));
    });
  }

  Deno.test(`generateCertificates() satisfies rustls with ${keyType}`, async () => {
    const { ca, server } = await setWith(keyType);
    using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...server });
    const accepted = listener.accept();
    const { port } = listener.addr;
    using conn = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [ca] });
    using peer = await accepted;
    await Promise.all([conn.handshake(), peer.handshake()]);
    await conn.write(Uint8Array.of(7));
    const into = new Uint8Array(2);
    assertEquals([await peer.read(into), into[0]], [1, 7]);
  });
}

const USAGES = {
  p256: "Digital Signature",
  rsa2048: "Digital Signature, Key Encipherment",
  ed25519: "Digital Signature",
};

for (const keyType of KEY_TYPES) {
  Deno.test(`generateCertificates() allows a ${keyType} key what it is for`, async () => {
    const set = await setWith(keyType);
    const show = ["x509", "-noout", "-ext", "basicConstraints,keyUsage,extendedKeyUsage"];
    const lines = ({ stdout }: Finished) => stdout.trim().split("\n").map((line) => line.trim());
    await askOpenssl(set, [...show, "-in", FILES.serverCert], (finished) => {
      assertEquals(lines(finished), [
        ...["X509v3 Basic Constraints: critical", "CA:FALSE"],
        ...["X509v3 Key Usage: critical", USAGES[keyType]],
        ...["X509v3 Extended Key Usage:", "TLS Web Server Authentication"],
      ]);
    });
    await askOpenssl(set, [...show, "-in", FILES.ca], (finished) => {
      assertEquals(lines(finished), [
        ...["X509v3 Basic Constraints: critical", "CA:TRUE, pathlen:0"],
        ...["X509v3 Key Usage: critical", "Certificate Sign, CRL Sign"],
      ]);
    });
  });
}

Deno.test("generateCertificates() makes a client that is no server", async () => {
  const { ca, client } = await generateCertificates();
  await askOpenssl({ ca, server: client, client }, verify("server"), ({ code, stderr }) => {
    assertNotEquals(code, 0);
    assertMatch(stderr, /unsuitable certificate purpose/i);
  });
});

Deno.test("generateCertificates() writes the profile's subjects", async () => {
  const profile = {
    ...BUILT_IN_PROFILE,
    organization: "Zoë, Ltd + Co",
    server: { commonName: '#1 a "quoted" name', names: ["a.example"] },
  };
  const set = await generateCertificates({ profile });
  const show = ["x509", "-noout", "-subject", "-issuer", "-nameopt", "multiline,utf8,-esc_msb"];
  await askOpenssl(set, [...show, "-in", FILES.serverCert], ({ stdout }) => {
    const [subject = "", issuer = ""] = stdout.split("issuer=");
    assertMatch(subject, /Name += Zoë, Ltd \+ Co\n +commonName += #1 a "quoted" name\n/);
    assertMatch(issuer, /Name += Zoë, Ltd \+ Co\n +commonName += netpairs CA\n/);
  });
  await askOpenssl(set, verify("server", "-verify_hostname", "a.example"), assertVerified);
});

Deno.test("generateCertificates() takes the server's names from its options", async () => {
  const set = await generateCertificates({ names: ["*.sub.example", "2001:db8::1"] });
  await askOpenssl(set, verify("server", "-verify_hostname", "x.sub.example"), assertVerified);
  await askOpenssl(set, verify("server", "-verify_ip", "2001:db8::1"), assertVerified);
  await askOpenssl(set, verify("server", "-verify_hostname", "localhost"), ({ code, stderr }) => {
    assertNotEquals(code, 0);
    assertMatch(stderr, /hostname mismatch/i);
  });
});

Deno.test("generateCertificates() makes an expired certificate under a valid CA", async () => {
  const set = await generateCertificates({
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2020-02-01"),
  });
  await askOpenssl(set, verify("server"), ({ code, stderr }) => {
    assertNotEquals(code, 0);
    assertStringIncludes(stderr, "error 10 at 0 depth lookup");
  });
  // In its time it was good.
  const then = String(Date.parse("2020-01-15") / 1000);
  await askOpenssl(set, verify("server", "-attime", then), assertVerified);
});

Deno.test("generateCertificates() makes certificates valid beyond 2049", async () => {
  // RFC 5280 section 4.1.2.5: from 2050 on, dates are written as GeneralizedTime.
  const set = await generateCertificates({ notAfter: new Date("2060-01-01T00:00:00.123Z") });
  await askOpenssl(set, verify("server"), assertVerified);
});

Deno.test("generateCertificates() allows for clocks that lag", async () => {
  const set = await generateCertificates();
  const late = (minutes: number) => String(Math.floor(Date.now() / 1000) - minutes * 60);
  await askOpenssl(set, verify("server", "-attime", late(59)), assertVerified);
  await askOpenssl(set, verify("server", "-attime", late(61)), ({ stderr }) => {
    assertMatch(stderr, /not yet valid/);
  });
});

Deno.test("generateCertificates() makes another authority every time", async () => {
  const [one, other] = await Promise.all([generateCertificates(), generateCertificates()]);
  assertNotEquals(one.ca, other.ca);
  await askOpenssl({ ...one, ca: other.ca }, verify("server"), ({ code, stderr }) => {
    assertNotEquals(code, 0);
    assertNotMatch(stderr, /: OK/);
  });
});

Deno.test("generateCertificates() writes PEM with a line break at its end", async () => {
  const { ca, server } = await generateCertificates();
  assertMatch(ca, /^-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----\n$/);
  assertMatch(server.key, /^-----BEGIN PRIVATE KEY-----\n[^-]+\n-----END PRIVATE KEY-----\n$/);
});

const day = new Date("2020-01-01");
const WRONG = {
  "days that are no number": { days: NaN },
  "no days": { days: 0 },
  "an end before the start": { notBefore: new Date("2020-01-02"), notAfter: day },
  "an end at the start": { notBefore: day, notAfter: day },
  "an invalid date": { notAfter: new Date("never") },
  "an invalid name": { names: ["a..b"] },
  "no names at all": { names: [] },
};

for (const [what, options] of Object.entries(WRONG)) {
  Deno.test(`generateCertificates() refuses ${what}`, async () => {
    const error = await assertRejects(() => generateCertificates(options), RangeError);
    assert(error.message.length > 0);
  });
}
