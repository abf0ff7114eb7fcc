/**
 * node:tls, of the Node that is installed.
 *
 * @module
 */
import { join } from "../../base/std.ts";
import { findProgram, ORIGINS } from "../programs.ts";
import { EventPeer } from "./event_peer.ts";
import type { Implementation } from "./implementation.ts";

const PROGRAM = join(import.meta.dirname!, "node_peer.mjs");

/** Clients and servers of node:tls. */
export function nodeTls(): Implementation {
  return {
    name: "node:tls",
    versions: ["TLSv1.2", "TLSv1.3"],
    missing: findProgram("node") ? null : ORIGINS.node,
    cannot: () => undefined,
    // It looks at certificates when the handshake is complete.
    refusesInSilence: true,
    // Suites with keys have to be asked for: nodejs.org/api/tls.html, "Pre-shared keys".
    start: (role, plan) =>
      EventPeer.start(["node", PROGRAM], role, plan, plan.psk ? "PSK:TLS_AES_128_GCM_SHA256" : "-"),
  };
}
