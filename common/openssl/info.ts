/**
 * What a handshake agreed on.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import type { Security } from "../protocol.ts";
import { SSL_CTRL, TLSEXT_NAMETYPE_HOST_NAME, XN_FLAG_RFC2253_UTF8 } from "./constants.ts";
import { cString, type OpenSsl } from "./library.ts";
import { MemoryBio } from "./memory_bio.ts";
import type { TlsVersion } from "./settings.ts";

/**
 * Facts of an established TLS or DTLS connection. They are a copy: they stay when it is closed.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * const info: TlsInfo = conn.info;
 * if (info.resumed || !info.cipher.includes("PSK")) throw new Error(info.cipher);
 * ```
 */
export interface TlsInfo {
  /** Protocol version: SSL_get_version(3). */
  version: TlsVersion;
  /** Cipher suite, by OpenSSL's name. */
  cipher: string;
  /** Key exchange group, such as "x25519"; null where none was used, as with a plain PSK. */
  group: string | null;
  /** Algorithm of the peer's signature, such as "id-ecPublicKey SHA256"; null where it made none. */
  signatureAlgorithm: string | null;
  /** Application protocol (RFC 7301); null where none was agreed on. */
  alpnProtocol: string | null;
  /** DTLS: protection profile for SRTP (RFC 5764 4.1.2); null where none was agreed on. */
  srtpProfile: string | null;
  /** Server name that the client sent (RFC 6066 3); null where it sent none. */
  serverName: string | null;
  /** Whether the session was a resumed one. */
  resumed: boolean;
  /** The peer's certificate; null where it showed none. It has passed, unless that was given up. */
  peerCertificate: PeerCertificate | null;
  /** What the handshake took. */
  handshake: HandshakeStatistics;
}

/** What a pair's result document says of a connection. */
export function toSecurity(info: TlsInfo): Security {
  const { version, cipher, group, resumed, peerCertificate } = info;
  return { version, cipher, group, peer: peerCertificate?.subject ?? null, resumed };
}

/**
 * Counts of a handshake as this end saw it; on DTLS a server's begin after the cookie.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * const { datagramsSent, roundTripMs }: HandshakeStatistics = conn.info.handshake;
 * if (datagramsSent < 2 || roundTripMs === null) throw new Error(`${datagramsSent} datagrams`);
 * ```
 */
export interface HandshakeStatistics {
  /** Bytes sent, without the headers of UDP or TCP. */
  bytesSent: number;
  /** Bytes received, without the headers of UDP or TCP. */
  bytesReceived: number;
  /** UDP datagrams sent; on TLS: pieces of the stream. */
  datagramsSent: number;
  /** UDP datagrams received; on TLS: pieces of the stream. */
  datagramsReceived: number;
  /** Flights that this end sent again (RFC 6347 4.2.4); 0 on TLS. */
  retransmissions: number;
  /** From the first bytes sent to the first received, in milliseconds; null where unknown. */
  roundTripMs: number | null;
}

/**
 * A certificate that a peer showed: a copy, which holds nothing of OpenSSL's and needs no closing.
 *
 * @example
 * ```ts
 * import { generateCertificates } from "../../certs/generate.ts";
 * import { connectTls, listenTls } from "../../tls/mod.ts";
 *
 * const { ca, server } = await generateCertificates();
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server });
 * const accepted = listener.accept();
 * await using conn = await connectTls({ port: listener.addr.port, caCerts: [ca] });
 * await conn.handshake();
 * const { names } = conn.info.peerCertificate!;
 * if (!names.includes("IP Address:127.0.0.1")) throw new Error(names.join());
 * (await accepted)?.abandon();
 * ```
 */
export class PeerCertificate {
  /** The certificate as PEM (RFC 7468 5), without its chain. */
  readonly pem: string;
  /** Whose it is: RFC 2253 form, such as "CN=server,O=example". */
  readonly subject: string;
  /** Who signed it, in the same form. */
  readonly issuer: string;
  #parsed: X509Certificate | undefined;

  /**
   * For the bindings.
   *
   * @ignore
   */
  constructor(pem: string, subject: string, issuer: string) {
    this.pem = pem;
    this.subject = subject;
    this.issuer = issuer;
  }

  /** Names and addresses that it is for (RFC 5280 4.2.1.6), as "DNS:..." and "IP Address:...". */
  get names(): string[] {
    return this.#x509.subjectAltName?.split(", ") ?? [];
  }

  /** When it begins to be valid (RFC 5280 4.1.2.5). */
  get validFrom(): Date {
    return new Date(this.#x509.validFrom);
  }

  /** When it ends to be valid (RFC 5280 4.1.2.5). */
  get validTo(): Date {
    return new Date(this.#x509.validTo);
  }

  /** SHA-256 over its DER form: 32 bytes in hexadecimal, colon-separated. */
  get fingerprint256(): string {
    return this.#x509.fingerprint256;
  }

  get #x509(): X509Certificate {
    return this.#parsed ??= new X509Certificate(this.pem);
  }
}

/** For the bindings: asks an SSL for everything it knows. */
export function readInfo(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  statistics: HandshakeStatistics,
): TlsInfo {
  // SSL_get_negotiated_group(3): 0 where there was none, as in a resumed TLS 1.2 session.
  const group = Number(lib.SSL_ctrl(ssl, SSL_CTRL.GET_NEGOTIATED_GROUP, 0n, null));
  return {
    version: cString(lib.SSL_get_version(ssl)) as TlsVersion,
    cipher: cString(lib.SSL_CIPHER_get_name(lib.SSL_get_current_cipher(ssl))) ?? "",
    group: group > 0 ? cString(lib.SSL_group_to_name(ssl, group)) : null,
    signatureAlgorithm: signatureAlgorithmOf(lib, ssl),
    alpnProtocol: alpnProtocolOf(lib, ssl),
    srtpProfile: srtpProfileOf(lib, ssl),
    serverName: cString(lib.SSL_get_servername(ssl, TLSEXT_NAMETYPE_HOST_NAME)),
    resumed: lib.SSL_session_reused(ssl) === 1,
    peerCertificate: peerCertificateOf(lib, ssl),
    handshake: { ...statistics },
  };
}

/** SRTP_PROTECTION_PROFILE of openssl/srtp.h begins with the profile's name. */
function srtpProfileOf(lib: OpenSsl, ssl: Deno.PointerObject): string | null {
  const profile = lib.SSL_get_selected_srtp_profile?.(ssl) ?? null;
  return profile === null ? null : cString(new Deno.UnsafePointerView(profile).getPointer());
}

/** Key type and hash function, by their short names in openssl/obj_mac.h. */
function signatureAlgorithmOf(lib: OpenSsl, ssl: Deno.PointerObject): string | null {
  const type = new Int32Array(1);
  if (lib.SSL_get_peer_signature_type_nid(ssl, new Uint8Array(type.buffer)) !== 1) return null;
  const hash = new Int32Array(1);
  lib.SSL_ctrl(ssl, SSL_CTRL.GET_PEER_SIGNATURE_NID, 0n, new Uint8Array(hash.buffer));
  const nids = [type[0]!, hash[0]!].filter((nid) => nid !== 0);
  return nids.length > 0 ? nids.map((nid) => cString(lib.OBJ_nid2sn(nid))).join(" ") : null;
}

function alpnProtocolOf(lib: OpenSsl, ssl: Deno.PointerObject): string | null {
  const data = new BigUint64Array(1);
  const length = new Uint32Array(1);
  lib.SSL_get0_alpn_selected(ssl, new Uint8Array(data.buffer), new Uint8Array(length.buffer));
  const pointer = Deno.UnsafePointer.create(data[0]!);
  if (pointer === null) return null;
  return new TextDecoder().decode(Deno.UnsafePointerView.getArrayBuffer(pointer, length[0]!));
}

function peerCertificateOf(lib: OpenSsl, ssl: Deno.PointerObject): PeerCertificate | null {
  const x509 = lib.SSL_get1_peer_certificate(ssl);
  if (x509 === null) return null;
  using pem = new MemoryBio(lib);
  lib.PEM_write_bio_X509(pem.pointer, x509);
  const subject = nameText(lib, lib.X509_get_subject_name(x509));
  const issuer = nameText(lib, lib.X509_get_issuer_name(x509));
  lib.X509_free(x509);
  return new PeerCertificate(pem.text(), subject, issuer);
}

function nameText(lib: OpenSsl, name: Deno.PointerValue): string {
  using text = new MemoryBio(lib);
  lib.X509_NAME_print_ex(text.pointer, name, 0, BigInt(XN_FLAG_RFC2253_UTF8));
  return text.text();
}
