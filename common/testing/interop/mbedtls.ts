/**
 * mbedTLS, as Debian builds it.
 *
 * @module
 */
import { compiled } from "./compiled.ts";
import { EventPeer } from "./event_peer.ts";
import type { Implementation } from "./implementation.ts";

/** mbedTLS's clients and servers. */
export function mbedtls(): Implementation {
  const libraries = ["mbedtls", "mbedx509", "mbedcrypto"];
  const { command, missing } = compiled("mbedtls_peer.c", libraries, "apt install libmbedtls-dev");
  return {
    name: "mbedTLS",
    versions: ["TLSv1.2", "DTLSv1.2"],
    missing,
    cannot: () => undefined,
    start: (role, plan) => EventPeer.start(command!, role, plan),
  };
}
