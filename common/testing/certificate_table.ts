/**
 * Certificates, and whether a peer may show them: the one table that every engine is held to.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { parsePem } from "../pem/blocks.ts";
import {
  authority,
  type ChainSpec,
  end,
  type EndFiles,
  makeChain,
  USUAL_NAMES,
} from "./authority_chain.ts";
import { LARGE_KEY } from "./large_key.ts";
import type { Role } from "../model/protocol.ts";

/** A row. */
export interface Row {
  name: string;
  /** Which ends it is about (default both). */
  role?: Role;
  spec: (role: Role) => ChainSpec;
  /** Name that the server is looked for under (default "localhost"). */
  serverName?: string;
  /**
   * What is said of it on OpenSSL and on Deno's own TLS; null where it is good. A server on the latter
   * is told of no reasons, and cannot tell them, where it is not this project that has found them.
   */
  refused: null | { openssl: string; rustls: string };
}

const RSA = { name: "RSASSA-PKCS1-v1_5", publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };
const { digitalSignature, keyCertSign, keyEncipherment } = x509.KeyUsageFlags;

const dns = (...names: string[]): x509.JsonGeneralNames =>
  names.map((value) => ({ type: "dns", value }));

const leaf = (words: Parameters<typeof end>[1]) => (role: Role): ChainSpec => ({
  leaf: { extensions: end(role, words) },
});

/** An extension that is not known. */
const unknown = (isCritical: boolean) =>
  new x509.Extension("1.3.6.1.4.1.99999.1", isCritical, Uint8Array.of(5, 0));

/** NameConstraints (RFC 5280 4.2.1.10) with one dNSName of 127 bytes at most that is permitted. */
function permitted(name: string): x509.Extension {
  const base = [0x82, name.length, ...new TextEncoder().encode(name)];
  const wrap = (tag: number, bytes: number[]) => [tag, bytes.length, ...bytes];
  return new x509.Extension(
    "2.5.29.30",
    true,
    Uint8Array.from(wrap(0x30, wrap(0xa0, wrap(0x30, base)))),
  );
}

const NOT_FOR = { openssl: "is not for", rustls: "certificate is for" };
const UNFIT = { openssl: "unsuitable certificate purpose", rustls: "is not made for a" };

/** All rows. */
export const TABLE: readonly Row[] = [
  { name: "a good chain", spec: () => ({}), refused: null },
  {
    name: "an expired certificate",
    spec: () => ({ leaf: { from: -3, to: -1 } }),
    refused: { openssl: "certificate has expired", rustls: "has expired" },
  },
  {
    name: "a certificate that is not valid yet",
    spec: () => ({ leaf: { from: 1, to: 2 } }),
    refused: { openssl: "certificate is not yet valid", rustls: "is not valid yet" },
  },
  {
    name: "an expired intermediate",
    spec: () => ({ middle: { from: -3, to: -1 } }),
    refused: { openssl: "certificate has expired", rustls: "has expired" },
  },
  {
    name: "an expired root",
    spec: () => ({ root: { from: -3, to: -1 } }),
    refused: { openssl: "certificate has expired", rustls: "time of an authority" },
  },
  {
    name: "a root that is not valid yet",
    spec: () => ({ root: { from: 1, to: 2 } }),
    refused: { openssl: "certificate is not yet valid", rustls: "time of an authority" },
  },
  {
    name: "a root that is no CA",
    spec: () => ({ root: { extensions: [new x509.BasicConstraintsExtension(false)] } }),
    refused: { openssl: "invalid CA certificate", rustls: "is no authority" },
  },
  {
    name: "a root that does not say that it is a CA",
    spec: () => ({ root: { extensions: [new x509.SubjectAlternativeNameExtension(dns("a.b"))] } }),
    refused: { openssl: "invalid CA certificate", rustls: "is no authority" },
  },
  {
    name: "a root that may not sign certificates",
    spec: () => ({
      root: {
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          new x509.KeyUsagesExtension(digitalSignature, true),
        ],
      },
    }),
    refused: { openssl: "invalid CA certificate", rustls: "is no authority" },
  },
  {
    name: "an intermediate that is no CA",
    spec: () => ({ middle: { extensions: [new x509.BasicConstraintsExtension(false)] } }),
    refused: { openssl: "invalid CA certificate", rustls: "is no authority" },
  },
  {
    name: "an exceeded path length",
    spec: () => ({ root: { extensions: authority(0) } }),
    refused: { openssl: "path length constraint exceeded", rustls: "may have none below it" },
  },
  {
    name: "a path length that is just enough",
    spec: () => ({ root: { extensions: authority(1) }, middle: { extensions: authority(0) } }),
    refused: null,
  },
  {
    name: "the other end's extended key usage",
    spec: (role) =>
      leaf({
        purposes: [
          role === "server" ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
        ],
      })(role),
    refused: UNFIT,
  },
  { name: "no extended key usage", spec: leaf({ purposes: null }), refused: null },
  {
    name: "any extended key usage",
    spec: leaf({ purposes: ["2.5.29.37.0" as x509.ExtendedKeyUsage] }),
    refused: UNFIT,
  },
  {
    name: "an authority for the other end's extended key usage",
    spec: (role) => ({
      root: {
        extensions: [
          ...authority(),
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage[role === "server" ? "clientAuth" : "serverAuth"],
          ]),
        ],
      },
    }),
    refused: { openssl: "unsuitable certificate purpose", rustls: "is not made for a" },
  },
  ...(["server", "client"] as const).map((role): Row => ({
    name: "a key usage without digitalSignature",
    role,
    spec: () => ({
      leaf: {
        extensions: end(role, { usages: keyEncipherment }),
        algorithm: { ...RSA, modulusLength: 2048 },
      },
    }),
    refused: {
      openssl: role === "server"
        ? "its keyUsage is without digitalSignature"
        : "unsuitable certificate purpose",
      rustls: "keyUsage is without digitalSignature",
    },
  })),
  { name: "no key usage", spec: leaf({ usages: null }), refused: null },
  {
    name: "a name in its subject alone",
    role: "server",
    spec: leaf({ names: null }),
    refused: NOT_FOR,
  },
  { name: "no subjectAltName", role: "client", spec: leaf({ names: null }), refused: null },
  {
    name: "an address as dNSName",
    role: "server",
    serverName: "127.0.0.1",
    spec: leaf({ names: dns("127.0.0.1") }),
    refused: NOT_FOR,
  },
  {
    name: "an address",
    role: "server",
    serverName: "127.0.0.1",
    spec: leaf({ names: USUAL_NAMES }),
    refused: null,
  },
  {
    name: "a wildcard of one label",
    role: "server",
    serverName: "a.b.example",
    spec: leaf({ names: dns("*.b.example") }),
    refused: null,
  },
  ...[
    ["a wildcard for two labels", "a.b.c.example", "*.c.example"],
    ["a wildcard for no label", "c.example", "*.c.example"],
    ["a wildcard in a part of a label", "ab.c.example", "a*.c.example"],
    ["a wildcard in the midst", "a.b.c.example", "a.*.c.example"],
    ["a wildcard for a whole top-level domain", "c.example", "*.example"],
    ["a wildcard for everything", "localhost", "*"],
  ].map(([name, serverName, san]): Row => ({
    ...{ name: name!, role: "server", serverName: serverName!, refused: NOT_FOR },
    spec: leaf({ names: dns(san!) }),
  })),
  {
    name: "a signature with SHA-1",
    spec: () => ({ leaf: { hash: "SHA-1" } }),
    refused: {
      openssl: "signature digest algorithm too weak",
      rustls: "signed in a way that is not safe",
    },
  },
  {
    name: "an RSA key of 1024 bits",
    spec: () => ({ leaf: { algorithm: { ...RSA, modulusLength: 1024 } } }),
    refused: { openssl: "key too", rustls: "too short or too long" },
  },
  {
    name: "an authority's RSA key of 1024 bits",
    spec: () => ({ middle: { algorithm: { ...RSA, modulusLength: 1024 } } }),
    refused: { openssl: "CA certificate key too weak", rustls: "too short or too long" },
  },
  {
    name: "an RSA key of 2048 bits",
    spec: () => ({ leaf: { algorithm: { ...RSA, modulusLength: 2048 } } }),
    refused: null,
  },
  {
    name: "an RSA key of 8448 bits",
    spec: () => ({ leaf: { pkcs8: parsePem(LARGE_KEY, "key")[0]!.bytes } }),
    refused: {
      openssl: "an RSA key in its chain has 8448 bits, and 2048 to 8192 are taken",
      rustls: "too short or too long",
    },
  },
  ...(["server", "client"] as const).map((role): Row => ({
    name: "a certificate of version 1",
    role,
    spec: () => ({ leaf: { isVersion1: true } }),
    refused: {
      // It has no names either.
      openssl: role === "server" ? "is not for" : "it is of X.509 version 1, and 3 is wanted",
      rustls: "version",
    },
  })),
  {
    name: "an intermediate of version 1",
    spec: () => ({ middle: { isVersion1: true } }),
    refused: { openssl: "invalid CA certificate", rustls: "is no authority" },
  },
  { name: "a root of version 1", spec: () => ({ root: { isVersion1: true } }), refused: null },
  {
    name: "a name that its authority is not for",
    role: "server",
    spec: () => ({ middle: { extensions: [...authority(), permitted("other.example")] } }),
    refused: {
      openssl: "permitted subtree violation",
      rustls: "a name that its authority is not for",
    },
  },
  {
    name: "a name that its authority is for",
    role: "server",
    spec: (role) => ({
      middle: { extensions: [...authority(), permitted("localhost")] },
      leaf: { extensions: end(role, { names: dns("localhost") }) },
    }),
    refused: null,
  },
  ...(["leaf", "middle", "root"] as const).map((part): Row => ({
    name: `an unknown critical extension of the ${part}`,
    spec: (role) => ({
      [part]: { extensions: [...part === "leaf" ? end(role) : authority(), unknown(true)] },
    }),
    refused: {
      openssl: "unhandled critical extension",
      rustls: "a critical extension in its chain is unknown",
    },
  })),
  {
    name: "an unknown extension that is not critical",
    spec: (role) => ({ leaf: { extensions: [...end(role), unknown(false)] } }),
    refused: null,
  },
  {
    name: "a certificate that has signed itself, believed as it is",
    spec: () => ({ leaf: { selfSigned: true } }),
    refused: null,
  },
  ...[true, false].map((selfSigned): Row => ({
    name: `a certificate that says CA:TRUE and was signed by ${selfSigned ? "itself" : "another"}`,
    spec: (role) => ({
      leaf: {
        selfSigned,
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          ...end(role, { usages: digitalSignature | keyCertSign }).slice(1),
        ],
      },
    }),
    refused: selfSigned
      ? null
      : { openssl: "an authority's (CA:TRUE)", rustls: "an authority's (CA:TRUE)" },
  })),
];

const made = new Map<string, Promise<EndFiles>>();

/** What a row's end shows, and whom the other believes; made once. */
export function filesOf(row: Row, role: Role): Promise<EndFiles> {
  const name = `${row.name} ${role}`;
  const kept = made.get(name) ?? makeChain(role, row.spec(role));
  made.set(name, kept);
  return kept;
}

/** Rows with the end that shows them. */
export const CASES: readonly (Row & { role: Role })[] = TABLE.flatMap((row) =>
  (row.role ? [row.role] : ["server", "client"] as const).map((role) => ({ ...row, role }))
);
