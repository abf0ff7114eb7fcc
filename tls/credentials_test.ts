/** Both TLS engines take the same files, and refuse the same ones in the same words. */
import { createPrivateKey } from "node:crypto";
import { Authority } from "../certs/generate.ts";
import { loadCertificates } from "../common/pem/certificate_files.ts";
import { RunError, UsageError } from "../common/base/errors.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { formatPem, parsePem } from "../common/pem/blocks.ts";
import { ENCRYPTED, PASSPHRASE } from "../common/testing/pem.ts";
import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertRejects } from "../common/testing/assert.ts";
import { connectedNet } from "../common/testing/memory_net.ts";
import { type Credentials, loadCredentials } from "./rustls/credentials.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { credentials, TestServer } from "../common/testing/rustls.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

type Contents = string | Uint8Array;

/** Files of a server, some of them changed. */
type Files = Record<string, Contents>;

const { ca, server, client } = await testCertificates("good");
const stranger = await testCertificates("stranger");

const PLAIN: Files = { "ca.pem": ca, "server-cert.pem": server.cert, "server-key.pem": server.key };

/** Runs with the files in a directory of their own. */
async function withFiles<T>(changes: Files, act: (dir: string) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-credentials-" });
  try {
    for (const [name, contents] of Object.entries({ ...PLAIN, ...changes })) {
      const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
      await Deno.writeFile(join(dir, name), bytes);
    }
    return await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function filesIn(dir: string) {
  const hasPassphrase = [...Deno.readDirSync(dir)].some(({ name }) => name === "word.txt");
  return { certs: dir, keyPassphraseFile: hasPassphrase ? join(dir, "word.txt") : null };
}

/** What each engine does with a server's files: all of it, up to a handshake. */
const ENGINES = {
  async rustls(dir: string): Promise<void> {
    const own = await loadCredentials(filesIn(dir), "server");
    await using listening = await TestServer.listen(own);
    // An accept that fails is told by the client, too.
    const accepted = listening.accept().catch(() => null);
    const theirs: Credentials = { ...await credentials("client"), ca: own.ca };
    await listening.connect(theirs);
    assert(await accepted);
  },
  async openssl(dir: string): Promise<void> {
    const own = await loadCertificates(filesIn(dir), "server");
    const options = { server: own, client: { ...client, caCerts: own.caCerts } };
    using net = await connectedNet({ ...options, datagram: false });
    assert(net.server.established);
  },
} as const;

function everyKey(text: string): string {
  return `Bag Attributes\r\n    friendlyName: \u00e4\r\nsubject=CN = x\r\n${text}\r\n\r\nbye`;
}

const rsa = await otherKey("rsa2048");
const ed25519 = await otherKey("ed25519");

/** A server of the same names with another kind of key. */
async function otherKey(keyType: "rsa2048" | "ed25519") {
  const validity = { notBefore: new Date(0), notAfter: new Date("2099-01-01") };
  const authority = await Authority.create("A", { organization: "O", keyType, validity });
  const names = [{ type: "dns" as const, value: "localhost" }];
  const issued = await authority.issue({ role: "server", commonName: "S", validity, names });
  return { ca: authority.cert, ...issued };
}

const rsaFiles = { "ca.pem": ca + rsa.ca, "server-cert.pem": rsa.cert };
const sec1 = String(createPrivateKey(server.key).export({ type: "sec1", format: "pem" }));
const pkcs1 = String(createPrivateKey(rsa.key).export({ type: "pkcs1", format: "pem" }));
/** The named curve P-256, as `openssl ecparam -genkey` writes it before the key. */
const EC_PARAMETERS =
  "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
const sealed = String(
  createPrivateKey(server.key)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: PASSPHRASE }),
);

/** What both take. */
const ACCEPTED: Readonly<Record<string, Files>> = {
  "plain files": {},
  "CRLF": mapped((text) => text.replaceAll("\n", "\r\n")),
  "a byte order mark": mapped((text) => `\uFEFF${text}`),
  "text before and behind": mapped(everyKey),
  "key and certificate in one file": {
    "server-cert.pem": server.key + server.cert,
    "server-key.pem": server.cert + server.key,
  },
  "several authorities": { "ca.pem": stranger.ca + ca },
  "a certificate that is called X509": {
    "server-cert.pem": server.cert.replaceAll(" CERTIFICATE", " X509 CERTIFICATE"),
  },
  "a chain": { "server-cert.pem": server.cert + ca },
  "a SEC1 key": { "server-key.pem": sec1 },
  "EC PARAMETERS before the key": { "server-key.pem": EC_PARAMETERS + sec1 },
  "a PKCS#1 key": { ...rsaFiles, "server-key.pem": pkcs1 },
  "an RSA key": { ...rsaFiles, "server-key.pem": rsa.key },
  "an Ed25519 key": {
    ...{ "ca.pem": ca + ed25519.ca, "server-cert.pem": ed25519.cert },
    "server-key.pem": ed25519.key,
  },
  "an encrypted key": { "server-key.pem": sealed, "word.txt": `${PASSPHRASE}\r\nmore\r\n` },
  "a passphrase behind a byte order mark": {
    "server-key.pem": sealed,
    "word.txt": `\uFEFF${PASSPHRASE}`,
  },
};

function mapped(change: (text: string) => string): Files {
  return Object.fromEntries(Object.entries(PLAIN).map(([name, text]) => [name, change(`${text}`)]));
}

const der = (pem: string) => parsePem(pem, "")[0]!.bytes;
const utf16 = (text: string) =>
  new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer);
const linesOf = (pem: string) => pem.split("\n").length - 1;
const broken = formatPem("CERTIFICATE", Uint8Array.of(0x30, 0));
const trusted = server.cert.replaceAll(" CERTIFICATE", " TRUSTED CERTIFICATE");

/** What both refuse: the files, the one that is named, and what is said of it. */
const REFUSED: Readonly<Record<string, readonly [Files, file: string, why: string]>> = {
  "no authority": [{ "ca.pem": "" }, "ca.pem", "it is empty"],
  "a broken authority behind a good one": [
    { "ca.pem": ca + broken },
    ...["ca.pem", `the certificate that begins in line ${linesOf(ca) + 1} is damaged`] as const,
  ],
  "a key as an authority": [
    { "ca.pem": server.key },
    ...["ca.pem", "no certificate is in it, but PRIVATE KEY"] as const,
  ],
  "an empty certificate": [{ "server-cert.pem": "\n" }, "server-cert.pem", "it is empty"],
  "a certificate in DER": [
    { "server-cert.pem": der(server.cert) },
    "server-cert.pem",
    "it is DER, not PEM; to convert it: openssl x509 -inform DER -in OLD -out NEW",
  ],
  "a certificate in UTF-16": [
    { "server-cert.pem": utf16(`\uFEFF${server.cert}`) },
    "server-cert.pem",
    "it is UTF-16 text, and PEM is ASCII; to convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW",
  ],
  "a trusted certificate": [
    { "server-cert.pem": trusted },
    "server-cert.pem",
    "it is a TRUSTED CERTIFICATE of OpenSSL; to make a plain one: openssl x509 -in OLD -out NEW",
  ],
  "a chain with a hole in it": [
    { "server-cert.pem": server.cert + broken },
    "server-cert.pem",
    `the certificate that begins in line ${linesOf(server.cert) + 1} is damaged`,
  ],
  "a key in DER": [
    { "server-key.pem": der(server.key) },
    "server-key.pem",
    "it is DER, not PEM; to convert it: openssl pkey -inform DER -in OLD -out NEW",
  ],
  "an empty key": [{ "server-key.pem": "" }, "server-key.pem", "it is empty"],
  "a certificate as a key": [
    { "server-key.pem": server.cert },
    ...["server-key.pem", "no private key is in it, but CERTIFICATE"] as const,
  ],
  "an encrypted key without its passphrase": [
    { "server-key.pem": sealed },
    "server-key.pem",
    "it is encrypted; name the file with its passphrase: --key-passphrase-file FILE",
  ],
  "an encrypted key with another passphrase": [
    { "server-key.pem": sealed, "word.txt": "other\n" },
    "server-key.pem",
    "it is encrypted, and the first line of DIR/word.txt does not open it",
  ],
  "an encrypted key of another certificate": [
    { "server-key.pem": ENCRYPTED["PBES2, triple DES"]!, "word.txt": PASSPHRASE },
    "server-key.pem",
    "it is not the private key of DIR/server-cert.pem",
  ],
  "a key of another certificate": [
    { "server-key.pem": client.key },
    "server-key.pem",
    "it is not the private key of DIR/server-cert.pem",
  ],
  "a chain in the wrong order": [
    { "server-cert.pem": ca + server.cert },
    "server-key.pem",
    "it is not the private key of DIR/server-cert.pem, but of certificate 2 in it, " +
    "which has to be the first",
  ],
};

for (const [engine, use] of Object.entries(ENGINES)) {
  for (const [what, files] of Object.entries(ACCEPTED)) {
    Deno.test(`${engine} takes ${what}`, () => withFiles(files, use));
  }

  for (const [what, [files, file, why]] of Object.entries(REFUSED)) {
    Deno.test(`${engine} refuses ${what}, and names the file`, () =>
      withFiles(files, async (dir) => {
        const error = await assertRejects(() => use(dir), RunError);
        const line = `cannot use ${join(dir, file)}: ${why.replaceAll("DIR/", join(dir, "/"))}`;
        assertEquals(error.message, line);
      }));
  }

  for (const name of Object.keys(PLAIN)) {
    Deno.test(`${engine} names ${name} where it is missing`, () =>
      withFiles({}, async (dir) => {
        await Deno.remove(join(dir, name));
        const line = `cannot read ${
          join(dir, name)
        }: no such file; put it there, or make certificates with: `;
        await assertRejects(() => use(dir), RunError, line);
      }));
  }

  Deno.test(`${engine} refuses a passphrase of nothing as a wrong word`, () =>
    withFiles({ "word.txt": "\nsecond" }, async (dir) => {
      await assertRejects(() => use(dir), UsageError, "its first line is empty");
    }));
}

/** On Ed448, by openssl-genpkey(1) and openssl-req(1); a test's and nothing else. */
const ED448 = {
  key: `-----BEGIN PRIVATE KEY-----
MEcCAQAwBQYDK2VxBDsEOeCG6GTBb2ojVQIIk8xtYPtJIcG30OEEfXguJGe+yLwX
NS+T164EByzEU/vo6scaAX3NB2WTuLmMWA==
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnDCCARygAwIBAgIUC++ykpCtKBBFBr8wBKW/VVsCHoIwBQYDK2VxMBAxDjAM
BgNVBAMMBWVkNDQ4MB4XDTI2MTEyNjEzNDMwOFoXDTI2MTIwNjEzNDMwOFowEDEO
MAwGA1UEAwwFZWQ0NDgwQzAFBgMrZXEDOgCom083ITHzJA4UVfnrAfcpfKi7+eQI
cXegi8C6gSOh/DzR+3UK5AGQ3lt36yAI4OOK1o7op7YUUQCjbzBtMB0GA1UdDgQW
BBRorFqRFFo3swwKHfEzN68XTGPW0DAfBgNVHSMEGDAWgBRorFqRFFo3swwKHfEz
N68XTGPW0DAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcE
fwAAATAFBgMrZXEDcwBXPyruYutQsmmvhLKsVHgFGfJw0RSI8mxAUf33FFuxKnb4
+4knBWykb51GTVrQqPbOtAowlbi9K4A+6Ahot+RZnODyN6qp7ONSgYx7Uvm5yKFg
cQVBAmFad/85T9J9ia+ytVE9eVqpQCpBVoHjnsdjIQA=
-----END CERTIFICATE-----
`,
};

Deno.test("loadCredentials() names a kind of key that OpenSSL alone takes", () => {
  const files = { "server-cert.pem": ED448.cert, "server-key.pem": ED448.key };
  return withFiles(files, async (dir) => {
    const line = `cannot use ${join(dir, "server-key.pem")}: Deno's own TLS takes keys on P-256`;
    await assertRejects(() => loadCredentials(filesIn(dir), "server"), RunError, line);
    const own = await loadCertificates(filesIn(dir), "server");
    const clientCertificate = "require";
    using context = new TlsContext({ role: "server", datagram: false, clientCertificate, ...own });
    assertEquals(context.closed, false);
  });
});
