/**
 * What a handshake agreed on.
 *
 * @module
 */
import type { Security } from "../model/protocol.ts";
import { SSL_CTRL, TLSEXT_NAMETYPE_HOST_NAME } from "./bindings/constants.ts";
import type { HelloFacts } from "./bindings/calls.ts";
import { cString, type OpenSsl } from "./bindings/library.ts";
import { stapledTo } from "./ocsp.ts";
import { identityBytes } from "./identity.ts";
import { type PeerCertificate, readCertificate } from "./peer_certificate.ts";
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
  /** Whether the session was a resumed one; a TLS 1.3 handshake with a pre-shared key is none. */
  resumed: boolean;
  /**
   * Identity of the pre-shared key that both ends have used; null where they used none. It stays
   * that of the first handshake where the session was resumed.
   */
  pskIdentity: string | null;
  /** The same as bytes, which need not be UTF-8 (RFC 4279 5.1). */
  pskIdentityBytes: Uint8Array<ArrayBuffer> | null;
  /** The peer's certificate; null where it showed none. It has passed, unless that was given up. */
  peerCertificate: PeerCertificate | null;
  /**
   * Client: what was stapled to the server's certificate, where `ocsp` has asked for it (RFC 6960), in
   * DER; it has passed, unless that was given up. Null where there was nothing, and in a session that
   * was resumed.
   */
  ocspResponse: Uint8Array<ArrayBuffer> | null;
  /** What the handshake took. */
  handshake: HandshakeStatistics;
}

/** What a pair's result document says of a connection. */
export function toSecurity(info: TlsInfo): Security {
  const { version, cipher, group, resumed, peerCertificate } = info;
  const { roundTrips, bytesSent, bytesReceived, datagramsSent, datagramsReceived } = info.handshake;
  return {
    ...{ version, cipher, group, peer: peerCertificate?.subject ?? null, resumed },
    handshake: { roundTrips, bytesSent, bytesReceived, datagramsSent, datagramsReceived },
  };
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
  /** How often this end has sent something and received the answer; it grows where flights get lost. */
  roundTrips: number;
  /** Flights that this end sent again (RFC 6347 4.2.4); 0 on TLS. */
  retransmissions: number;
  /** From the first bytes sent to the first received, in milliseconds; null where unknown. */
  roundTripMs: number | null;
}

/** For the bindings: asks an SSL for everything it knows. */
export function readInfo(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  known: {
    resumed: boolean;
    pskIdentity: string | null;
    statistics: HandshakeStatistics;
  },
  hello: HelloFacts | undefined,
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
    // OpenSSL says for a resumed session of version 1.2 what its first handshake was for.
    serverName: hello
      ? hello.serverName
      : cString(lib.SSL_get_servername(ssl, TLSEXT_NAMETYPE_HOST_NAME)),
    resumed: known.resumed,
    pskIdentity: known.pskIdentity,
    pskIdentityBytes: known.pskIdentity === null ? null : identityBytes(known.pskIdentity),
    peerCertificate: peerCertificateOf(lib, ssl),
    ocspResponse: hello ? null : stapledTo(lib, ssl),
    handshake: { ...known.statistics },
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
  const x509 = lib.SSL_get0_peer_certificate(ssl);
  return x509 && readCertificate(lib, x509);
}
