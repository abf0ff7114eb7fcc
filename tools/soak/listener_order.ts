/**
 * What a listener's process is told, and what it says.
 *
 * @module
 */
import type { CertificateSet } from "../../certs/authority.ts";
import type { Usage } from "./usage.ts";

/** What it speaks. */
export type SecureProtocol = "dtls" | "tls";

/** What listens: the library's listeners, and the servers of the pairs that have none. */
export type ListenerKind = SecureProtocol | "dtls-sync" | "tls-sync" | "tls-rustls";

/** What clients and listeners name for the application (RFC 7301). */
export const ALPN = "soak";

/** What the process says of itself, its listeners taken together. */
export interface ListenerUsage extends Usage {
  /** Resident memory before the garbage was collected. */
  beforeBytes: number;
  sessions: number;
  established: number;
  errors: number;
  displaced: number;
}

/** What the process is told first. */
export interface ListenerOrder extends CertificateSet {
  handshakeTimeoutMs?: number;
  /** How long a session of DTLS may be silent where the listener's default does not do. */
  idleTimeoutMs?: number;
  /** Of the counter of OpenSSL's allocations, where they are to be counted. */
  counter?: string | undefined;
}
