/**
 * What a scanner says of servers: sslscan of TLS, in the words of docs/security.md, and the same
 * questions of DTLS, which no scanner asks, with OpenSSL's client.
 */
import { join } from "../common/base/std.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { testCertificates, textsOf } from "../common/testing/certs.ts";
import { folderWith } from "../common/testing/folder.ts";
import { laneNamed, Workplace } from "../common/testing/pairs.ts";
import { findProgram } from "../common/testing/programs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";
import { listenDtls } from "../dtls/mod.ts";
import { listenTls } from "../tls/mod.ts";
import { ROOT } from "./lib/children.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

hostScripts();

const ignore = findProgram("sslscan") === null;

/** What a scan has found, in sslscan's own lines. */
interface Scan {
  /** "TLSv1.2   enabled" */
  versions: string[];
  /** "TLSv1.3  256 bits  TLS_AES_256_GCM_SHA384        Curve 25519 DHE 253", the preferred one first. */
  suites: string[];
  /** "TLSv1.3  128 bits  x25519" */
  groups: string[];
  text: string;
}

/** Takes a report apart; what is of another machine or certificate is left out. */
function read(text: string): Scan {
  const lines = text.split("\n").map((line) => line.trim());
  return {
    versions: lines.filter((line) => / +(?:en|dis)abled$/.test(line)),
    suites: lines.filter((line) => /^(?:Preferred|Accepted) /.test(line)).map((line) =>
      line.replace(/^\w+ +/, "")
    ),
    groups: lines.filter((line) => /^TLSv1\.\d +\d+ bits /.test(line)),
    text,
  };
}

async function scan(port: number, ...more: string[]): Promise<Scan> {
  const args = ["--no-colour", ...more, `127.0.0.1:${port}`];
  const { stdout, success } = await new Deno.Command("sslscan", { args }).output();
  const text = new TextDecoder().decode(stdout);
  assert(success, text);
  return read(text);
}

/** What docs/security.md says a scan finds. */
function documented(): Scan {
  const page = Deno.readTextFileSync(join(ROOT, "docs", "security.md"));
  return read(/^## What scanners say$.*?^```text$(.*?)^```$/ms.exec(page)![1]!);
}

/** What is wrong with many servers, and not with these. */
function assertSound({ text }: Scan): void {
  assertMatch(text, /Session renegotiation not supported/);
  assertMatch(text, /Compression disabled|OpenSSL version does not support compression/);
  assertEquals(/(?<!not )vulnerable|insecure|(?:sha1|md5)With/i.exec(text), null);
}

Deno.test(
  "sslscan finds what docs/security.md says, with a certificate of the client's or without",
  {
    ignore,
  },
  async () => {
    const { ca, server } = await testCertificates();
    await using folder = await folderWith(textsOf(await testCertificates()));
    const own = { hostname: "127.0.0.1", port: 0, ...server };
    const asking = { ...own, caCerts: [ca], clientCertificate: "require" } as const;
    const [cert, key] = ["client-cert.pem", "client-key.pem"].map((name) => join(folder.dir, name));
    for (
      const [settings, more] of [[own, []], [asking, [`--certs=${cert}`, `--pk=${key}`]]] as const
    ) {
      await using listener = listenTls(settings);
      const serving = (async () => {
        for await (const conn of listener) {
          conn.handshake().catch(() => {}).then(() => conn.abandon());
        }
      })();
      const { text, ...found } = await scan(listener.addr.port, ...more);
      const { text: _, ...said } = documented();
      assertEquals(found, said);
      assertSound({ text, ...found });
      assertMatch(text, /Server supports TLS Fallback SCSV/);
      await listener.close();
      await serving;
    }
  },
);

for (const name of ["tls-async-rustls", "tls-async-openssl", "tls-sync-openssl"]) {
  Deno.test(`sslscan finds the same versions and suites at ${name}`, { ignore }, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(laneNamed(name), ["--sizes", "100"]);
    const shown = [
      `--certs=${place.path("client-cert.pem")}`,
      `--pk=${place.path("client-key.pem")}`,
    ];
    // What it asks about groups takes ten seconds at one of them.
    const found = await scan(port, ...shown, "--no-groups");
    process.kill("SIGTERM");
    await process.ended;
    const said = documented();
    assertEquals(found.versions, said.versions);
    assertEquals(found.suites.toSorted(), said.suites.toSorted());
    assertSound(found);
  });
}

/** What OpenSSL's client is told, and whether a server of DTLS serves it. */
const DTLS: [string, string[], boolean][] = [
  ["DTLS 1.2", ["-dtls1_2"], true],
  ["DTLS 1.0", ["-dtls1", "-cipher", "ALL:@SECLEVEL=0"], false],
  ["CBC", ["-dtls1_2", "-cipher", "ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0"], false],
  ["key exchange by RSA", ["-dtls1_2", "-cipher", "kRSA:@SECLEVEL=0"], false],
  ["finite fields", ["-dtls1_2", "-cipher", "kDHE:@SECLEVEL=0"], false],
  ["NULL", ["-dtls1_2", "-cipher", "eNULL:@SECLEVEL=0"], false],
  ["no certificate", ["-dtls1_2", "-cipher", "aNULL:@SECLEVEL=0"], false],
  [
    "signatures with SHA-1",
    ["-dtls1_2", "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", "ECDSA+SHA1"],
    false,
  ],
  ["P-521 alone", ["-dtls1_2", "-groups", "P-521"], false],
];

Deno.test(
  "OpenSSL's client is served by DTLS 1.2 with ECDHE and AEAD, and by nothing older or weaker",
  {
    ignore: findProgram("openssl") === null,
  },
  async () => {
    const { server } = await testCertificates();
    await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...server });
    const serving = (async () => {
      for await (const conn of listener) {
        conn.handshake().catch(() => {}).then(() => conn.abandon());
      }
    })();
    const connect = `127.0.0.1:${listener.addr.port}`;
    await Promise.all(DTLS.map(async ([what, how, serves]) => {
      const args = ["s_client", "-connect", connect, ...how];
      const child = new Deno.Command("openssl", { args, stdin: "null" });
      const output = new TextDecoder().decode((await child.output()).stdout);
      const cipher = /Cipher is (\S+)/.exec(output)?.[1] ?? "(NONE)";
      assertEquals(cipher, serves ? "ECDHE-ECDSA-AES256-GCM-SHA384" : "(NONE)", what);
      if (!serves) return;
      assertMatch(output, /Secure Renegotiation IS supported/);
      assertMatch(output, /Compression: NONE/);
      assertMatch(output, /Extended master secret: yes/);
    }));
    await listener.close();
    await serving;
  },
);
