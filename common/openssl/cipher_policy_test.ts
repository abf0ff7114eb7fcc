import { assert, assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { memoryNet } from "../testing/memory_net.ts";
import { KEY, pskOptions } from "../testing/psk.ts";
import { type ProtocolName, PROTOCOLS, resumptionBench } from "../testing/resumption.ts";
import { SSL_CTRL } from "./bindings/constants.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { lowerLevel } from "./cipher_policy.ts";
import { CertificateError } from "./bindings/errors.ts";
import { TlsContext } from "./context.ts";
import type { TlsContextOptions } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

const PSK = { identity: "sensor-7", key: KEY };
const OLD = ["DTLS", "TLS 1.2"] as const satisfies ProtocolName[];

/** Makes and frees a context. */
function make(options: Partial<TlsContextOptions>): void {
  new TlsContext({ role: "client", datagram: true, ...options } as TlsContextOptions).close();
}

for (const protocol of OLD) {
  const datagram = protocol === "DTLS";
  const maxVersion = PROTOCOLS[protocol];

  Deno.test(`ccm8Ciphers lets a device in that has a key and nothing else (${protocol})`, async () => {
    const options = pskOptions(datagram, () => KEY);
    const level = "@SECLEVEL=0";
    const client = { ...options.client, maxVersion, ciphers: `PSK-AES128-CCM8:${level}` };
    for (const ciphers of [undefined, "ECDHE-PSK-CHACHA20-POLY1305"]) {
      const server = { ...options.server, maxVersion, ciphers, ccm8Ciphers: true };
      using net = await memoryNet({ ...options, client, server });
      net.run();
      assertEquals([net.server.error, net.server.session!.info().cipher], [
        null,
        "PSK-AES128-CCM8",
      ]);
    }
    using net = await memoryNet({ ...options, client, server: { ...options.server, maxVersion } });
    net.run();
    assertEquals(net.server.established, false);
  });

  Deno.test(`ccm8Ciphers lets a device in that has a certificate (${protocol})`, async () => {
    const client = { maxVersion, ciphers: "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0" };
    using net = await memoryNet({ datagram, client, server: { maxVersion, ccm8Ciphers: true } });
    net.run();
    assertEquals(net.server.error, null);
    assertEquals(net.server.session!.info().cipher, "ECDHE-ECDSA-AES128-CCM8");
  });

  Deno.test(`ccm8Ciphers come last: with others in common one of these is used (${protocol})`, async () => {
    const options = pskOptions(datagram, () => KEY);
    const both = { maxVersion, ccm8Ciphers: true };
    using net = await memoryNet({
      datagram,
      client: { ...options.client, ...both },
      server: { ...options.server, ...both },
    });
    net.run();
    assert(!net.server.session!.info().cipher.includes("CCM8"), net.server.session!.info().cipher);
  });
}

for (
  const [role, psk, certificates] of [["client", true, false], ["client", false, true]] as const
) {
  Deno.test(`ccm8Ciphers of a ${role} are those of its way to authenticate (psk: ${psk})`, () => {
    const options = { role, datagram: true, ...(psk && { psk: PSK }), ccm8Ciphers: true };
    using context = new TlsContext(options as TlsContextOptions);
    const names = cipherNames(context);
    assertEquals(
      ["PSK-AES128-CCM8", "ECDHE-ECDSA-AES128-CCM8"].map((name) => names.includes(name)),
      [psk, certificates],
    );
  });
}

Deno.test("ccm8Ciphers lower the level as far as they must, and let no other suite in", () => {
  // At level 4 suites have 192 bits: what is below is kept out although the level is lowered.
  const options = { role: "client", datagram: false, maxVersion: "TLSv1.2" } as const;
  const ciphers = "ECDHE+AESGCM:ECDHE+AES:aNULL:@SECLEVEL=4";
  using context = new TlsContext({ ...options, ciphers, ccm8Ciphers: true });
  // They have 128 bits with older libraries, 64 with newer ones.
  assert([3, 0].includes(lib.SSL_CTX_get_security_level(context.pointer)));
  const names = cipherNames(context);
  assertEquals(names.filter((name) => !name.includes("AES256")), ["ECDHE-ECDSA-AES128-CCM8"]);
  assertEquals(names.filter((name) => /^A|NULL/.test(name)), []);
});

for (const ciphers of ["ECDHE+AESGCM:DHE-RSA-AES128-GCM-SHA256", "kDHEPSK+AESGCM", "ALL"]) {
  Deno.test(`ccm8Ciphers do not go with suites of finite fields: ${ciphers}`, () => {
    const words = /^Cannot use ccm8Ciphers beside DHE-[A-Z0-9-]+ in ciphers: /;
    const all = { role: "client", datagram: true, ciphers, ccm8Ciphers: true } as const;
    const options = ciphers.includes("PSK") ? { ...all, psk: PSK } : all;
    assertMatch(assertThrows(() => make(options), RangeError).message, words);
    make({ ...options, ccm8Ciphers: false });
  });
}

Deno.test("certificates are held to the level that there was before it was lowered", async () => {
  const { ca } = await testCertificates();
  const client = {
    caCerts: [ca],
    ciphers: "ECDHE+AESGCM:@SECLEVEL=4",
    maxVersion: "TLSv1.2",
  } as const;
  using net = await memoryNet({
    datagram: false,
    client: { ...client, cert: undefined, key: undefined, ccm8Ciphers: true },
    server: { clientCertificate: "none" },
  });
  net.run();
  // P-256 has 128 bits.
  assert(net.client.error instanceof CertificateError, String(net.client.error));
  assert(/too (?:weak|small)|key/.test(net.client.error.message), net.client.error.message);
});

Deno.test("a level that is lowered lets no signature with SHA-1 in", async () => {
  const ciphers = "ECDHE+AESGCM:@SECLEVEL=0";
  using it = await resumptionBench("TLS 1.2", { ciphers }, { ciphers });
  const connects = () => {
    const context = it.client({});
    const list = Deno.UnsafePointer.of(new TextEncoder().encode("ECDSA+SHA1\0"));
    assertEquals(lib.SSL_CTX_ctrl(context.pointer, SSL_CTRL.SET_SIGALGS_LIST, 0n, list), 1n);
    return it.tell({ context }).established;
  };
  assertEquals(connects(), true);
  lowerLevel({ lib, ctx: it.server.pointer, datagram: false, versions: [0, 0] }, 0, []);
  assertEquals(connects(), false);
  assertEquals(it.tell().established, true);
});

const LOST: [string, Partial<TlsContextOptions>, string][] = [
  ["a suite with a key", { psk: PSK, ciphers: "PSK-AES128-CCM8:@SECLEVEL=5" }, "ccm8Ciphers: true"],
  [
    "a suite among others",
    { ciphers: "AES256:ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=4" },
    "ccm8Ciphers",
  ],
  [
    "none",
    { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=5" },
    "a lower level with @SECLEVEL",
  ],
  [
    "none of 1.3",
    {
      datagram: false,
      ciphers: "AES256:@SECLEVEL=5",
      cipherSuites: "TLS_AES_128_GCM_SHA256",
    },
    "Cannot use the cipherSuites: TLS_AES_128_GCM_SHA256 is below OpenSSL's security level 5",
  ],
];

for (const [what, options, words] of LOST) {
  Deno.test(`ciphers that the level would drop in silence are refused: ${what}`, () => {
    assertThrows(() => make(options), RangeError, words);
  });
}

Deno.test("a device's suite that is named either lets devices in or is refused at once", async () => {
  const { client, ...options } = pskOptions(true, () => KEY);
  const device = { ...client, ccm8Ciphers: true, ciphers: "PSK-AES128-CCM8:@SECLEVEL=0" };
  const server = { ...options.server, ciphers: "PSK-AES128-CCM8" } as Partial<TlsContextOptions>;
  const none = { cert: undefined, key: undefined, caCerts: undefined };
  try {
    make({ role: "server", ...server, ...none });
  } catch (error) {
    assertMatch((error as Error).message, /is below OpenSSL's security level .* ccm8Ciphers: true/);
    return;
  }
  using net = await memoryNet({ client: device, server });
  net.run();
  assertEquals([net.server.error, net.server.established], [null, true]);
});

Deno.test("ciphers of which some are left are taken, and so are those of no version in use", () => {
  make({ ciphers: "AES256:AES128:@SECLEVEL=4" });
  make({ psk: PSK, ciphers: "PSK-AES256-GCM-SHA384" });
  make({ datagram: false, minVersion: "TLSv1.3", ciphers: "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=4" });
  make({ datagram: false, maxVersion: "TLSv1.2", cipherSuites: "TLS_AES_128_CCM_8_SHA256" });
});

function cipherNames(context: TlsContext): string[] {
  const list = lib.SSL_CTX_get_ciphers(context.pointer);
  return Array.from(
    { length: lib.OPENSSL_sk_num(list) },
    (_, i) =>
      Deno.UnsafePointerView.getCString(lib.SSL_CIPHER_get_name(lib.OPENSSL_sk_value(list, i))!),
  ).filter((name) => !name.startsWith("TLS_"));
}
