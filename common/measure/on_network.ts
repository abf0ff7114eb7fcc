/**
 * What a handshake would take on a network.
 *
 * @module
 */
import type { Protocol } from "../model/protocol.ts";

/** Round-trip times of networks that are computed for, in milliseconds: near, and far away. */
export const NETWORKS_MS = [20, 100] as const;

/**
 * What passes until the client can send its first message, on a network: the time that was measured
 * without one, and each round trip. Over TCP its connect is one more of them. Loss, bandwidth and
 * TCP's slow start are left out.
 *
 * @param measuredUs without a network, in microseconds
 * @param roundTrips of the handshake
 * @param networkMs the network's round-trip time in milliseconds
 * @returns microseconds
 */
export function onNetworkUs(
  measuredUs: number,
  roundTrips: number,
  protocol: Protocol,
  networkMs: number,
): number {
  return measuredUs + tripsWithConnect(roundTrips, protocol) * networkMs * 1000;
}

/** Round trips of a handshake, and of TCP's connect before it. */
export function tripsWithConnect(roundTrips: number, protocol: Protocol): number {
  return roundTrips + (protocol === "tls" ? 1 : 0);
}
