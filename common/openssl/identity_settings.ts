/**
 * What a program may say about the certificates that it shows and those that it believes.
 *
 * @module
 */

/**
 * Certificates, keys or lists of revoked certificates: PEM (RFC 7468) as a text or its bytes, or one
 * of them in DER. Bytes are copied.
 *
 * @example
 * ```ts
 * import { generateCertificates } from "../../certs/generate.ts";
 * import { tlsContext } from "../../tls/mod.ts";
 *
 * const { ca } = await generateCertificates();
 * const bytes: PemOrDer = new TextEncoder().encode(ca);
 * using context = tlsContext({ caCerts: [ca, bytes] });
 * if (context.role !== "client") throw new Error(context.role);
 * ```
 */
export type PemOrDer = string | ArrayBuffer | ArrayBufferView;

/**
 * What one end shows: its certificate with the private key, either in two settings or in one.
 *
 * @example
 * ```ts
 * import { generateCertificates } from "../../certs/generate.ts";
 * import { tlsContext } from "../../tls/mod.ts";
 *
 * const { client }: { client: OwnCertificate } = await generateCertificates();
 * using context = tlsContext(client);
 * if (context.role !== "client") throw new Error(context.role);
 * ```
 */
export interface OwnCertificate {
  /** Own certificate, with the chain below the authority; in DER it is alone. */
  cert?: PemOrDer | undefined;
  /** Own private key: PKCS#8, or the older "RSA PRIVATE KEY" and "EC PRIVATE KEY". */
  key?: PemOrDer | undefined;
  /** Passphrase of `key` or `pkcs12`, where that is encrypted (RFC 8018, or as OpenSSL did before). */
  keyPassphrase?: string | undefined;
  /**
   * Instead of `cert` and `key`: both in one, with the chain (RFC 7292), as ".p12" and ".pfx" files
   * have it. Authorities in it are not believed: those stand in `caCerts`.
   */
  pkcs12?: ArrayBuffer | ArrayBufferView | undefined;
}

/**
 * Whom one end believes besides `caCerts`, and what of it no more.
 *
 * @example
 * ```ts
 * import { tlsContext } from "../../tls/mod.ts";
 *
 * const settings: TrustSettings = { systemCaCerts: false, crls: [] };
 * using context = tlsContext(settings);
 * if (context.role !== "client") throw new Error(context.role);
 * ```
 */
export interface TrustSettings {
  /**
   * Believes the authorities that the system believes, beside `caCerts` (default false): those that
   * OpenSSL finds, by SSL_CERT_FILE and SSL_CERT_DIR too. Loading them takes some milliseconds:
   * clients share a context.
   */
  systemCaCerts?: boolean | undefined;
  /**
   * What authorities have revoked: RFC 5280 5. Where there are lists, every authority of the peer's
   * chain needs a current one, the root's among them; a peer is refused without it.
   */
  crls?: readonly PemOrDer[] | undefined;
}

/**
 * One of the certificates that a server shows, and for which names: RFC 6066 3.
 *
 * @example
 * ```ts
 * import { generateCertificates } from "../../certs/generate.ts";
 * import { connectTls, listenTls } from "../../tls/mod.ts";
 *
 * const [one, other] = await Promise.all([
 *   generateCertificates({ names: ["one.example"] }),
 *   generateCertificates({ names: ["*.other.example"] }),
 * ]);
 * const identities: ServerIdentity[] = [
 *   { names: ["one.example"], ...one.server },
 *   { names: ["*.other.example"], ...other.server },
 * ];
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, identities });
 * const { port } = listener.addr;
 * const accepted = listener.accept();
 * const serverName = "my.other.example";
 * await using conn = await connectTls({ port, serverName, caCerts: [other.ca] });
 * await conn.handshake();
 * const server = (await accepted)!;
 * await server.handshake();
 * if (server.info.serverName !== serverName) throw new Error(`${server.info.serverName}`);
 * server.abandon();
 * ```
 */
export interface ServerIdentity extends OwnCertificate {
  /**
   * Names that clients ask for, such as "server.example", or "*.example" for one label more: in
   * any case, of any script, with or without the dot at the end. The exact name is looked for first.
   * Without `names` it is for all other names, and for clients that say none; one identity may be.
   */
  names?: readonly string[] | undefined;
  /**
   * What the authority's OCSP responder has said of the certificate, in DER, for clients that ask. What
   * is no such response, or is for another certificate, is refused.
   */
  ocspResponse?: ArrayBuffer | ArrayBufferView | undefined;
}
