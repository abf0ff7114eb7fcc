/** What OCSP says of a server's certificate, with responses that OpenSSL's command has made. */
import { join } from "../base/std.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../testing/assert.ts";
import { memoryNet } from "../testing/memory_net.ts";
import { openssl, withDirectory } from "../testing/own_certificates.ts";
import { findProgram } from "../testing/programs.ts";
import { type Issued, RevokingAuthority } from "../testing/revoking.ts";
import { PROTOCOLS } from "../testing/resumption.ts";
import { CertificateError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { applyStapling } from "./ocsp.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const ignore = findProgram("openssl") === null;

const root = await RevokingAuthority.make("root");
const [server, other] = [await root.issue("server"), await root.issue("server")];

/** What a responder says: "V" is good, "R" revoked, "" that it does not know the certificate. */
type Status = "V" | "R" | "";

const made = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** A response for a certificate of an authority, signed by it or another; made once. */
function responseOf(
  { cert, serialNumber }: Issued,
  status: Status,
  { authority = root, signer = authority }: Partial<
    Record<"authority" | "signer", RevokingAuthority>
  > = {},
  ...more: string[]
): Promise<Uint8Array<ArrayBuffer>> {
  const name = [serialNumber, status, authority.cert, signer.cert, ...more].join();
  const kept = made.get(name) ?? make();
  made.set(name, kept);
  return kept;

  async function make() {
    let bytes = new Uint8Array();
    await withDirectory(async (dir) => {
      const revoked = status === "R" ? "200101000000Z" : "";
      const row = [status, "491231000000Z", revoked, serialNumber, "unknown", "/CN=localhost"];
      const files = {
        "index.txt": status === "" ? "" : `${row.join("\t")}\n`,
        "root.pem": authority.cert,
        "signer.pem": signer.cert,
        "signer.key": signer.key,
        "leaf.pem": cert,
      };
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(dir, name), text);
      }
      const args = "ocsp -index index.txt -CA root.pem -rsigner signer.pem -rkey signer.key " +
        "-issuer root.pem -cert leaf.pem -noverify -respout response.der";
      const { code, stderr } = (await openssl(dir, ...args.split(" "), ...more))!;
      assertEquals(code, 0, stderr);
      bytes = await Deno.readFile(join(dir, "response.der"));
    });
    return bytes;
  }
}

const DAY = ["-ndays", "1"];

const [, major, minor] = loadOpenSsl().versionText.match(/^OpenSSL (\d+)\.(\d+)/)!.map(Number);

/** From 3.6 on a server sends no response that it cannot read, or that is for another certificate. */
const sendsAny = major === 3 && minor! < 6;

/** What is stapled, and why the server is refused: null where it is not, "unsent" where nothing comes. */
const RESPONSES: [string, () => Promise<Uint8Array<ArrayBuffer>>, RegExp | "unsent" | null][] = [
  ["good", () => responseOf(server!, "V", {}, ...DAY), null],
  ["good, without an end", () => responseOf(server!, "V"), null],
  [
    "good, named by SHA-256",
    () => responseOf(server!, "V", {}, "-sha256", "-cert", "leaf.pem"),
    null,
  ],
  ["revoked", () => responseOf(server!, "R", {}, ...DAY), /certificate has been revoked/],
  ["unknown", () => responseOf(server!, ""), /its authority does not know the certificate$/],
  [
    "another's",
    () => responseOf(other!, "V"),
    sendsAny ? /it is for another certificate$/ : "unsent",
  ],
  [
    "signed by another",
    async () => responseOf(server!, "V", { signer: await RevokingAuthority.make("root") }),
    /its signature is none of the certificate's authority$/,
  ],
  [
    "altered",
    async () => {
      const bytes = (await responseOf(server!, "V")).slice();
      // The first GeneralizedTime says when the response was made; its last digit is another.
      const at = bytes.findIndex((byte, i) => byte === 0x18 && bytes[i + 1] === 15);
      bytes[at + 15]! ^= 1;
      return bytes;
    },
    /its signature is none of the certificate's authority$/,
  ],
  [
    "nothing that can be read",
    () => Promise.resolve(Uint8Array.of(1, 2, 3)),
    sendsAny ? /it cannot be read$/ : "unsent",
  ],
];

/** What is stapled to no certificate, and why. */
const MISFITS = [
  ["another's", () => responseOf(other!, "V"), "it is for another certificate"],
  [
    "nothing that can be read",
    () => Promise.resolve(Uint8Array.of(1, 2, 3)),
    "it is no OCSP response in DER, or damaged",
  ],
  [
    "more than a response",
    async () => Uint8Array.of(...await responseOf(server!, "V"), 0),
    "it is no OCSP response in DER, or damaged",
  ],
] as const;

for (const [protocol, maxVersion] of Object.entries(PROTOCOLS)) {
  const datagram = protocol === "DTLS";
  const usual = { caCerts: [root.cert], cert: undefined, key: undefined, maxVersion };
  const shown = { cert: server!.cert, key: server!.key, clientCertificate: "none" } as const;

  for (const [what, response, why] of MISFITS) {
    Deno.test({
      name: `a server takes no ocspResponse that is ${what} (${protocol})`,
      ignore,
      async fn() {
        const ocspResponse = await response();
        const words = (place: string) => `Cannot use ${place}ocspResponse: ${why}`;
        const own = { ...shown, ocspResponse };
        const make = (server: object) => memoryNet({ datagram, client: usual, server });
        await assertRejects(() => make(own), RangeError, words(""));
        using net = await make(shown);
        const { cert, key } = shown;
        const identities = [{ cert, key }, { names: ["a.example"], cert, key, ocspResponse }];
        const place = words("identities[1].");
        assertThrows(() => net.serverContext.setIdentities(identities), RangeError, place);
        net.run();
        assertEquals([net.client.error, net.client.established], [null, true]);
      },
    });
  }

  Deno.test({
    name: `a server looks at the authority of its ocspResponse where it has that (${protocol})`,
    ignore,
    async fn() {
      const twin = await RevokingAuthority.make("root");
      const chain = server!.cert + root.cert;
      const take = async (authority: RevokingAuthority, cert: string) => {
        const ocspResponse = await responseOf(server!, "V", { authority });
        const net = await memoryNet({ datagram, server: { ...shown, cert, ocspResponse } });
        net[Symbol.dispose]();
      };
      await take(root, chain);
      // An authority of the same name with another key.
      await take(twin, server!.cert);
      const words = "Cannot use ocspResponse: it is for another certificate";
      await assertRejects(() => take(twin, chain), RangeError, words);
    },
  });

  for (const [what, response, refusal] of RESPONSES) {
    Deno.test({
      name: `a client that asks for OCSP is told: ${what} (${protocol})`,
      ignore,
      async fn() {
        const ocspResponse = await response();
        const client = { ...usual, ocsp: "request" as const };
        const isTaken = !MISFITS.some(([misfit]) => misfit === what);
        const own = { ...shown, ...isTaken && { ocspResponse } };
        using net = await memoryNet({ datagram, client, server: own });
        const target = { lib: loadOpenSsl(), ctx: net.serverContext.pointer };
        using made = new DisposableStack();
        // What no server of this library's would staple.
        if (!isTaken) made.adopt(applyStapling(target, () => ocspResponse), (one) => one.close());
        net.run();
        if (refusal === "unsent" && datagram && what === "another's") {
          // A fault of the library's: its message is missing, and its number is not (docs/openssl.md).
          assertEquals([net.client.error, net.client.established], [null, false]);
          return;
        }
        if (refusal === null || refusal === "unsent") {
          assertEquals(net.client.error ?? net.server.error, null);
          const told = refusal === null ? ocspResponse : null;
          assertEquals(net.client.session!.info().ocspResponse, told);
          assertEquals(net.server.session!.info().ocspResponse, null);
          return;
        }
        assertInstanceOf(net.client.error, CertificateError);
        assertMatch(net.client.error.message, refusal);
        assertEquals(
          (net.server.error as Error).message.replace(/^.*: /, ""),
          "bad certificate status response",
        );
      },
    });
  }

  Deno.test(`ocsp "request" takes a server that staples nothing, "require" does not (${protocol})`, async () => {
    for (const ocsp of ["request", "require"] as const) {
      using net = await memoryNet({ datagram, client: { ...usual, ocsp }, server: shown });
      net.run();
      if (ocsp === "request") {
        assert(net.client.established);
        assertEquals(net.client.session!.info().ocspResponse, null);
      } else {
        assertInstanceOf(net.client.error, CertificateError);
        assertMatch(
          net.client.error.message,
          /has stapled no OCSP response to it, and ocsp requires/,
        );
      }
    }
  });

  Deno.test({
    name: `each identity has its own response, which a client gets that asks for it (${protocol})`,
    ignore,
    async fn() {
      const ocspResponse = await responseOf(server!, "V");
      const identities = [
        { names: ["localhost"], cert: server!.cert, key: server!.key, ocspResponse },
        { cert: other!.cert, key: other!.key },
      ];
      const own = {
        cert: undefined,
        key: undefined,
        clientCertificate: "none",
        identities,
      } as const;
      for (
        const [serverName, ocsp, got] of [
          ["localhost", "require", ocspResponse],
          ["localhost", "none", null],
          ["127.0.0.1", "request", null],
        ] as const
      ) {
        using net = await memoryNet({
          datagram,
          client: { ...usual, ocsp },
          server: own,
          serverName,
        });
        net.run();
        assertEquals(net.client.error, null);
        assertEquals(net.client.session!.info().ocspResponse, got);
      }
    },
  });
}
