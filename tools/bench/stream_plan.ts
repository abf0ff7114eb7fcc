/**
 * What is measured of TLS streams.
 *
 * @module
 */

/** Whose TLS it is; the one that the others are compared with is Deno's. */
export const STREAM_PEERS = ["Deno", "netpairs", "node:tls"] as const;

/** One of {@linkcode STREAM_PEERS}. */
export type StreamPeer = typeof STREAM_PEERS[number];

/** With `write` and `read`, or with `pipeTo`; node:tls has `write` with "data" events, and `pipe`. */
export const STREAM_WAYS = ["calls", "pipeTo"] as const;

/** One of {@linkcode STREAM_WAYS}. */
export type StreamWay = typeof STREAM_WAYS[number];

/** Where they run. */
export const HOST = "127.0.0.1";

/** So much is written, and may be read, at once. */
export const PIECE_BYTES = 65_536;

/** The suite that Deno's TLS prefers: all use it. */
export const CIPHER_SUITE = "TLS_AES_256_GCM_SHA384";

/** A certificate and its key, as PEM. */
export interface StreamCertificates {
  cert: string;
  key: string;
}

/** What a process is told on stdin. */
export interface StreamTask {
  role: "sender" | "receiver";
  peer: StreamPeer;
  way: StreamWay;
  /** Authority, for a sender. */
  ca: string;
  /** For a receiver, which listens. */
  server: StreamCertificates;
  /** Where a sender finds its receiver. */
  port: number;
  /** So many bytes a round; each is answered with one. A receiver repeats the last one until the end. */
  rounds: number[];
}

/** What a process says of a round, in a line of JSON. */
export interface StreamRound {
  bytes: number;
  ms: number;
  /** CPU time of the process. */
  cpuUs: number;
}
