/**
 * wolfSSL, as Debian builds it.
 *
 * @module
 */
import { compiled } from "./compiled.ts";
import { EventPeer } from "./event_peer.ts";
import type { Implementation } from "./implementation.ts";

/** wolfSSL's clients and servers. */
export function wolfssl(): Implementation {
  const { command, missing } = compiled(
    "wolfssl_peer.c",
    ["wolfssl"],
    "apt install libwolfssl-dev",
  );
  return {
    name: "wolfSSL",
    versions: ["TLSv1.2", "TLSv1.3", "DTLSv1.2"],
    missing,
    cannot: () => undefined,
    // Its key exchange with a curve and a key does not know X25519, with openssl s_server neither.
    settings: ({ psk }) => psk ? { groups: "P-256" } : {},
    // Its buffer for a datagram has 1400 bytes.
    longest: (_, version) => version === "DTLSv1.2" ? 1300 : 16_384,
    start: (role, plan) => EventPeer.start(command!, role, plan),
  };
}
