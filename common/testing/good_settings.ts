/**
 * Values that each setting takes.
 *
 * @module
 */
import { createPrivateKey } from "node:crypto";
import { testCertificates } from "./certs.ts";
import { pkcs12 } from "./pkcs12.ts";
import type { AnyTable } from "./wrong_settings.ts";

/** The passphrase of {@linkcode encryptedKey}, and one that is not all ASCII. */
export const PASSPHRASE = "gehört 7 Zwergen";

/** What some authority has revoked, good until 2049. */
const CRL = `-----BEGIN X509 CRL-----
MIGvMFYCAQEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAxMEcm9vdBcNMjAwMTAxMDAw
MDAwWhcNNDkxMjMxMDAwMDAwWjAWMBQCAQEXDTI2MTEyNzAwNDY0NFowADAKBggq
hkjOPQQDAgNJADBGAiEAsP1POmWQqTQjqdLuBoECkaTGgNMnbvgG1yIwzgXjkXMC
IQC62As+W842TpakF0jmujKrfejUW4h7+MQaVieS0bG/+A==
-----END X509 CRL-----`;

/** A private key as people keep it: encrypted. */
export function encryptedKey(pem: string, passphrase: string = PASSPHRASE): string {
  return createPrivateKey(pem)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase }).toString();
}

/** A datagram socket to which nothing comes. */
function deafSocket(): object {
  const addr = { transport: "udp", hostname: "127.0.0.1", port: 1 };
  return { addr, send() {}, subscribe: () => () => {} };
}

/**
 * Settings that a function takes, each with one value of the setting that is asked for, and with
 * what that one cannot be without.
 *
 * @param more values of settings that the caller alone has, such as a context
 */
export async function goodSettings(
  table: AnyTable,
  name: string,
  more: Readonly<Record<string, readonly unknown[]>> = {},
): Promise<object[]> {
  const { ca, client } = await testCertificates();
  const asks = Object.hasOwn(table, "clientCertificate") && { clientCertificate: "request" };
  const companions: Readonly<Record<string, object>> = {
    cert: client,
    key: client,
    keyPassphrase: { ...client, key: encryptedKey(client.key) },
    clientCertificate: { ...client, caCerts: [ca] },
    // Whom a server believes counts for nothing where it asks for no certificate.
    ...Object.fromEntries(
      ["caCerts", "crls"].map((name) => [name, asks && { ...client, ...asks }]),
    ),
    pkcs12: { keyPassphrase: PASSPHRASE },
    ocspResponse: client,
    pskHint: { pskLookup: () => null },
    onOtherDatagram: { socket: deafSocket() },
    // A key shows no certificate.
    ...Object.fromEntries(
      ["peerFingerprints", "verifyPeer", "peerAuthentication"].map((name) => [
        name,
        { ...client, ...Object.hasOwn(table, "pskLookup") && { pskLookup: undefined } },
      ]),
    ),
  };
  const version = table[name]!.good[0];
  const values: Readonly<Record<string, readonly unknown[]>> = {
    hostname: ["127.0.0.1", "[::ffff:127.0.0.1]"],
    port: [],
    caCerts: [[], [new TextEncoder().encode(ca)], [`${ca}\n# a text between two of them\n${ca}`]],
    cert: [client.cert, `${client.cert}${ca}`],
    key: [client.key],
    keyPassphrase: [PASSPHRASE],
    pkcs12: [pkcs12("aes"), pkcs12("aes").buffer],
    // A responder that says "tryLater": of other responses the certificate would have to be there.
    ocspResponse: [Uint8Array.of(0x30, 3, 0x0a, 1, 3)],
    crls: [[], [CRL], [new TextEncoder().encode(CRL)]],
    identities: [
      [client],
      [{ names: ["one.example", "*.two.example"], ...client }, { ...client }],
    ],
    alpnProtocols: [[], ["h2", "http/1.1"], ["x".repeat(255)]],
    // What the library does not know would be refused by it.
    minVersion: [version],
    maxVersion: [version],
    ciphers: ["ECDHE+AESGCM", "ALL:@SECLEVEL=1"],
    cipherSuites: ["TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"],
    groups: ["X25519:P-256"],
    srtpProfiles: ["SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"],
    verifyPeer: [() => {}, () => new Error("refused")],
    peerAuthentication: ["authorities"],
    keyLog: [() => {}],
    onHandshakeMessage: [() => {}],
    retransmitAfterMs: [() => 50, async () => await 50],
    pskLookup: [() => null],
    pskHint: ["x", "ä".repeat(64)],
    onError: [() => {}],
    // Not every system has authorities where they are looked for: see trust_store_test.ts.
    systemCaCerts: [false],
    socket: [deafSocket()],
    onOtherDatagram: [() => {}],
    signal: [new AbortController().signal],
    // A process uses one, which the first test has opened.
    library: [],
    ...more,
  };
  return (values[name] ?? table[name]!.good).map((value) => ({
    ...companions[name],
    [name]: value,
  }));
}

/** The value that a table says holds in a setting's absence; undefined where that is no value. */
export function documentedDefault(table: AnyTable, name: string): unknown {
  const { absent = "" } = table[name]!;
  if (absent === "Infinity") return Infinity;
  return /^(\d+|"[^"]*"|true|false)$/.test(absent) ? JSON.parse(absent) : undefined;
}
