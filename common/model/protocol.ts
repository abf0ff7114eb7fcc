/**
 * What everything else is told by: protocols, kinds of I/O, engines, lanes, steps.
 *
 * @module
 */
import { MAX_PLAINTEXT_BYTES } from "../base/tls_record.ts";
import { MAX_PAYLOAD_BYTES } from "../base/datagrams.ts";

export const PROTOCOLS = ["tcp", "udp", "tls", "dtls"] as const;
export type Protocol = typeof PROTOCOLS[number];

export const IO_KINDS = ["async", "sync", "spin"] as const;
/** How an end waits: on the event loop, in a blocking call, or by asking again. */
export type Io = typeof IO_KINDS[number];

export const ENGINES = ["rustls", "openssl"] as const;
export type Engine = typeof ENGINES[number];

/** The timed steps of one message, in the order in which they can follow each other. */
export const STEPS = ["connect", "handshake", "send", "receive", "shutdown", "close"] as const;
export type Step = typeof STEPS[number];

/** The steps with what is known of each. */
export function byStep<T>(tell: (step: Step, index: number) => T): Record<Step, T> {
  const entries = STEPS.map((step, index) => [step, tell(step, index)] as const);
  return Object.fromEntries(entries) as Record<Step, T>;
}

export const ROLES = ["client", "server"] as const;
/** Which end of a pair. */
export type Role = typeof ROLES[number];

export const CONNECT_MODES = ["message", "size", "once"] as const;
/** Whether each message has a connection of its own, all of one size have one, or one carries all. */
export type ConnectMode = typeof CONNECT_MODES[number];

/** What the two ends agreed on; null stands for what the engine does not tell. */
export interface Security {
  /** Protocol version, such as "TLSv1.3" or "DTLSv1.2". */
  version: string | null;
  /** Cipher suite, by the name the engine gives it. */
  cipher: string | null;
  /** Key exchange group. */
  group: string | null;
  /** Subject of the peer's verified certificate, RFC 2253 order. */
  peer: string | null;
  /** Whether the session was a resumed one. */
  resumed: boolean;
  /** What the handshake took, and what one took that resumed its session; absent where unknown. */
  handshake?: HandshakeCounts;
  resumedHandshake?: HandshakeCounts;
}

/** Counts of a handshake as one end saw it. */
export interface HandshakeCounts {
  /** How often this end waited for the other's answer. */
  roundTrips: number;
  /** Without the headers of UDP or TCP. */
  bytesSent: number;
  bytesReceived: number;
  /** On TLS: pieces of the stream. */
  datagramsSent: number;
  datagramsReceived: number;
}

/** Limits of one message's size in bytes. */
export interface SizeLimits {
  min: number;
  max: number;
  /** Why `max` is what it is, for the line that refuses more. */
  reason: string;
}

/** Length of a message's header in bytes (message.ts); no message that is sent is shorter. */
export const HEADER_BYTES = 32;

/** That of an earlier header, whose index has four columns: it is received, and not sent. */
export const SHORT_HEADER_BYTES = 31;

/** The sizes a protocol can carry in one message. */
export const SIZE_LIMITS: Readonly<Record<Protocol, SizeLimits>> = {
  tcp: { min: HEADER_BYTES, max: 999_999, reason: "the header has six digits for it" },
  tls: { min: HEADER_BYTES, max: 999_999, reason: "the header has six digits for it" },
  udp: { min: HEADER_BYTES, max: MAX_PAYLOAD_BYTES, reason: "a UDP datagram carries no more" },
  // RFC 6347 4.1: a record's fragment is at most 2^14 bytes, and DTLS splits no message.
  dtls: { min: HEADER_BYTES, max: MAX_PLAINTEXT_BYTES, reason: "a DTLS record carries no more" },
};

/** The lane's name: protocol, kind of I/O and, where there is TLS, its engine. */
export function laneName(protocol: Protocol, io: Io, engine: Engine | null): string {
  return engine === null ? `${protocol}-${io}` : `${protocol}-${io}-${engine}`;
}
