/**
 * What a program may say about its peers' certificates, beside the authorities or instead of them.
 *
 * @module
 */
import type { PemOrDer } from "./identity_settings.ts";
import type { PeerCertificate } from "./peer_certificate.ts";

/**
 * What `verifyPeer` is told of a handshake besides the peer's certificates.
 *
 * @example
 * ```ts
 * const verifyPeer = (_chain: unknown, { remoteAddr, serverName }: PeerFacts) =>
 *   remoteAddr?.hostname === "192.0.2.7" ? undefined : new Error(`not for ${serverName}`);
 * const facts: PeerFacts = {
 *   ...{ role: "server", serverName: "server.example", resumed: false },
 *   remoteAddr: { transport: "tcp", hostname: "192.0.2.8", port: 4433 },
 * };
 * if (verifyPeer([], facts) === undefined) throw new Error("it is another address");
 * ```
 */
export interface PeerFacts {
  /** Which end this one is; the peer is the other. */
  readonly role: "client" | "server";
  /**
   * Client: the name or address that the connection is for; null where it has none. Server: the name
   * that the client asks for, which anybody can say; null where it says none.
   */
  readonly serverName: string | null;
  /**
   * Where the peer is; null where a program drives the session itself, or has handed in streams that
   * have no address.
   */
  readonly remoteAddr: Deno.NetAddr | null;
  /** Whether a session is about to be resumed, of which the certificates are. */
  readonly resumed: boolean;
}

/**
 * How a peer's certificate is judged, beside the authorities or instead of them, on both ends.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls, SelfSignedCertificate } from "../../dtls/mod.ts";
 *
 * const [mine, yours] = await Promise.all([
 *   SelfSignedCertificate.generate(),
 *   SelfSignedCertificate.generate(),
 * ]);
 * const believed: PeerSettings = { peerFingerprints: [yours.fingerprint] };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...mine, ...believed });
 * const { port } = listener.addr;
 * const peerFingerprints = [mine.fingerprint];
 * await using conn = await connectDtls({ port, ...yours, peerFingerprints });
 * await conn.handshake();
 * if (conn.info.peerCertificate?.pem !== mine.cert) throw new Error("it is another one");
 * ```
 */
export interface PeerSettings {
  /**
   * Fingerprints of the certificates that the peer may show, one of which its own has to have, such
   * as "sha-256 12:AB:..." (RFC 8122 5; also sha-384 and sha-512). A certificate is demanded, of
   * clients, too. Without `caCerts` the fingerprint alone counts: neither authority, nor name, time or
   * purpose is looked at. With `caCerts` both have to be right.
   */
  peerFingerprints?: readonly string[] | undefined;
  /**
   * Judges the peer after all other checks, before the handshake is complete: what it returns as an
   * Error, or throws, refuses the peer, and is the `cause` of the handshake's error. The first
   * certificate is the peer's own, which has not proved yet that it has the key. After it stand those
   * that lead to an authority, which has been checked; with `peerFingerprints` or
   * `peerAuthentication` instead of authorities what the peer has shown besides, which nobody has
   * checked. A server may have the peer's own alone of a session that is resumed. It may be asked
   * twice in a handshake, is asked again when a session is resumed, and has to answer at once: a
   * promise refuses the peer. On a server it demands a certificate of clients, unless
   * `clientCertificate` is "request": then clients that show none are let in without being asked about.
   */
  verifyPeer?:
    | ((chain: readonly PeerCertificate[], facts: PeerFacts) => void | Error)
    | undefined;
  /**
   * What a peer is believed by: "authorities", or "verifyPeer" where that function alone is to decide,
   * with no look at authority, name, time or purpose; a certificate is demanded all the same (default
   * "authorities", and with `peerFingerprints` and no `caCerts` the fingerprints).
   */
  peerAuthentication?: "authorities" | "verifyPeer" | undefined;
}

/** Whether nothing but the program's own check decides which certificates pass. */
export function replacesAuthorities(
  { peerAuthentication, peerFingerprints, caCerts, systemCaCerts }: PeerSettings & {
    caCerts?: readonly PemOrDer[] | undefined;
    systemCaCerts?: boolean | undefined;
  },
): boolean {
  if (peerAuthentication !== undefined) return peerAuthentication === "verifyPeer";
  return peerFingerprints !== undefined && caCerts === undefined && !systemCaCerts;
}

/** Whether a server asks its clients for a certificate, and whether they have to have one. */
export function clientCertificateOf(
  { clientCertificate, peerFingerprints, verifyPeer }: PeerSettings & {
    clientCertificate?: "none" | "request" | "require" | undefined;
  },
): "none" | "request" | "require" {
  return clientCertificate ?? (peerFingerprints || verifyPeer ? "require" : "none");
}
