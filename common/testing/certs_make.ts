/**
 * Makes the certificates of certs.ts anew.
 *
 * @module
 */
import { MAX_DAYS } from "../pem/kinds.ts";
import { generateCertificates, type GenerateOptions } from "../../certs/generate.ts";

/** As long as OpenSSL and rustls read times of two digits' years (RFC 5280 4.1.2.5). */
const LASTING = { notBefore: new Date("2025-01-01"), notAfter: new Date("2049-12-31") };

const KINDS: Record<string, GenerateOptions> = {
  /** For localhost, 127.0.0.1 and ::1. */
  good: LASTING,
  /** As good as the others, from an authority they do not know. */
  stranger: LASTING,
  /** The server is another one. */
  wrongName: { ...LASTING, names: ["wrong.example", "192.0.2.1", "2001:db8::1"] },
  /** The same, without an address of IPv6. */
  elsewhere: { ...LASTING, names: ["elsewhere.example", "192.0.2.1"] },
  /** The server's and the client's lifetime is over, and for as long as can be not their authority's. */
  expired: {
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2020-02-01"),
    days: MAX_DAYS,
  },
};

if (import.meta.main) {
  const made: Record<string, unknown> = {};
  for (const [kind, options] of Object.entries(KINDS)) {
    const { ca, server, client } = await generateCertificates(options);
    made[kind] = { ca, server: { ...server }, client: { ...client } };
  }
  const path = new URL("certs.json", import.meta.url);
  await Deno.writeTextFile(path, `${JSON.stringify(made, null, 2)}\n`);
}
