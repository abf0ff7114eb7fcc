import { PASSPHRASE } from "../testing/good_settings.ts";
import {
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../testing/assert.ts";
import { end, makeChain } from "../testing/authority_chain.ts";
import { testCertificates } from "../testing/certs.ts";
import { openssl, withDirectory } from "../testing/own_certificates.ts";
import { pkcs12, type Pkcs12Kind } from "../testing/pkcs12.ts";
import { findProgram } from "../testing/programs.ts";
import { connectedNet } from "../testing/memory_net.ts";
import { readCertificates } from "../pem/certificates.ts";
import { PemError } from "../pem/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { readPkcs12 } from "./pkcs12.ts";
import { join } from "../base/std.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

function read(bytes: Uint8Array<ArrayBuffer>, passphrase?: string) {
  return readPkcs12(lib, bytes, passphrase, "pkcs12");
}

function refusal(bytes: Uint8Array<ArrayBuffer>, passphrase?: string): string {
  return assertThrows(() => read(bytes, passphrase), PemError).problem;
}

const OPENED: [Pkcs12Kind, string | undefined][] = [
  ["aes", PASSPHRASE],
  ["empty", undefined],
  ["empty", ""],
  ["plain", undefined],
];

for (const [kind, passphrase] of OPENED) {
  Deno.test(`readPkcs12() reads ${kind} with passphrase ${passphrase}`, async () => {
    const { client } = await testCertificates();
    const { cert, key } = read(pkcs12(kind), passphrase);
    assertEquals(cert, client.cert);
    assertStringIncludes(key, client.key);
  });
}

const REFUSED: [string, Uint8Array<ArrayBuffer>, string | undefined, RegExp][] = [
  [
    "a wrong passphrase",
    pkcs12("aes"),
    "wrong",
    /^it is encrypted, and keyPassphrase does not open/,
  ],
  ["no passphrase", pkcs12("aes"), undefined, /^it is encrypted; keyPassphrase is wanted/],
  ["one without a key", pkcs12("nokey"), PASSPHRASE, /^no private key is in it/],
  ["one without a certificate", pkcs12("nocert"), PASSPHRASE, /^no certificate of its private key/],
  ["what is something else", new TextEncoder().encode("hello"), undefined, /^it is no PKCS#12/],
  ["what is cut off", pkcs12("aes").slice(0, -1), PASSPHRASE, /^it is no PKCS#12, or damaged/],
];

for (const [what, bytes, passphrase, words] of REFUSED) {
  Deno.test(`readPkcs12() refuses ${what}`, () => {
    assertMatch(refusal(bytes, passphrase), words);
    assertEquals(lib.ERR_get_error(), 0n);
  });
}

Deno.test("readPkcs12() says how to convert what OpenSSL's legacy provider alone reads", () => {
  const words =
    /such as RC2, which OpenSSL 3 keeps in its legacy provider; .* openssl pkcs12 -legacy/;
  assertMatch(refusal(pkcs12("legacy"), PASSPHRASE), words);
});

Deno.test({
  name: "readPkcs12() puts the chain in order, and leaves the root out",
  ignore: findProgram("openssl") === null,
  fn: () =>
    withDirectory(async (dir) => {
      const { ca, cert, key } = await makeChain("client", { leaf: { extensions: end("client") } });
      const { ca: stranger } = await testCertificates();
      const [leaf, middle] = readCertificates(cert, "cert").map(({ pem }) => pem);
      const files = { "leaf.pem": leaf!, "key.pem": key, "more.pem": stranger + ca + middle };
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(dir, name), text);
      }
      const args = "pkcs12 -export -in leaf.pem -inkey key.pem -certfile more.pem -passout pass:x";
      const made = await openssl(dir, ...args.split(" "), "-out", "all.p12");
      assertEquals(made?.code, 0, made?.stderr);
      assertEquals(read(await Deno.readFile(join(dir, "all.p12")), "x").cert, cert);
    }),
});

Deno.test("pkcs12 is shown by either end, and checked by the other", async () => {
  const own = { cert: undefined, key: undefined, keyPassphrase: PASSPHRASE };
  using net = await connectedNet({ client: { ...own, pkcs12: pkcs12("aes") } });
  const { peerCertificate } = net.server.session!.info();
  assertEquals(peerCertificate?.subject, "CN=netpairs client,O=netpairs");
});
