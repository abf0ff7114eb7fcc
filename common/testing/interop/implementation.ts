/**
 * Another implementation of TLS and DTLS, as the table of cases in cases.ts sees it.
 *
 * @module
 */
import type { DtlsConn } from "../../../dtls/lib/conn.ts";
import type { TlsConn } from "../../../tls/lib/conn.ts";
import type { Role } from "../../model/protocol.ts";
import type { TlsSettings, TlsVersion } from "../../openssl/settings.ts";
import type { CertificateKind } from "../certs.ts";

/** A connection of the library. */
export type Conn = TlsConn | DtlsConn;

/** What a peer is started with; both ends show certificates where there is no `psk`. */
export interface PeerPlan {
  version: TlsVersion;
  /** A server's own, 0 for any; a client's server's. On 127.0.0.1. */
  port: number;
  /** Its certificate (default "good"). */
  cert?: CertificateKind;
  /** The authority it believes (default "good"). */
  ca?: CertificateKind;
  /** Key instead of certificates. */
  psk?: { identity: string; key: Uint8Array };
  /** Port that a client comes from (default any). */
  localPort?: number;
  /** Whether a client, when its connection ends, connects once more and resumes the session. */
  resumes?: boolean;
}

/** A peer that runs, killed when it is disposed. */
export interface RunningPeer extends AsyncDisposable {
  /** Where a server listens. */
  readonly port: number;
  /** Waits until its handshake is complete. */
  connected(): Promise<void>;
  /** Waits until its handshake has failed. */
  refused(): Promise<void>;
  /** A message of that size each way, over an established connection. */
  exchange(conn: Conn, sizeBytes: number): Promise<void>;
  /** Ends the connection in order, as a client or a server of its kind does. */
  close(): Promise<void>;
  /** Waits until it has seen that the library ends the connection in order. */
  closed(): Promise<void>;
}

/** What the table tries. */
export type CaseName =
  | "a full handshake, messages of 1 byte and the longest"
  | "a resumed handshake"
  | "a certificate that the library refuses"
  | "a certificate that the peer refuses"
  | "a right key and a wrong one"
  | "the library closes"
  | "the peer closes"
  | "the peer starts again on its port";

/** One implementation. */
export interface Implementation {
  readonly name: string;
  readonly versions: readonly TlsVersion[];
  /** What is missing for it here, and where it comes from; null where nothing is. */
  readonly missing: string | null;
  /** What the library is told, where what it says by itself does not fit. */
  settings?(plan: Pick<PeerPlan, "version" | "psk">): Pick<TlsSettings, "ciphers" | "groups">;
  /** Whether it says nothing when it refuses a certificate, but ends the TCP connection. */
  readonly refusesInSilence?: boolean;
  /** The longest message that it sends and takes in a role, in bytes (default 16384). */
  longest?(role: Role, version: TlsVersion): number;
  /** Why it cannot do a case, as a peer of that role; undefined where it can. */
  cannot(what: CaseName, role: Role, version: TlsVersion): string | undefined;
  /** Starts it; a server listens when this resolves. */
  start(role: Role, plan: PeerPlan): Promise<RunningPeer>;
}
