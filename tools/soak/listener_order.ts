/**
 * What a listener's process is told, and what it says.
 *
 * @module
 */
import type { CertificateSet } from "../../certs/authority.ts";
import type { Usage } from "./usage.ts";

/** What it speaks. */
export type SecureProtocol = "dtls" | "tls";

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
  descriptors: number;
}

/** What the process is told first. */
export interface ListenerOrder extends CertificateSet {
  handshakeTimeoutMs?: number;
}
