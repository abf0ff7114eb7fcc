/**
 * What the ends of pairs are told that are driven without a command line.
 *
 * @module
 */
import type { CertificatePair } from "../../certs/authority.ts";
import { parseOptions } from "../../common/cli/options.ts";
import type { PairOptions } from "../../common/model/pair_options.ts";
import type { Role } from "../../common/model/protocol.ts";
import type { Credentials } from "../../tls/rustls/credentials.ts";
import type { SecureProtocol } from "./listener_order.ts";

/** Longest handshake where nothing else is said, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** Options of an end on 127.0.0.1. */
export function endOptions(
  protocol: SecureProtocol,
  role: Role,
  io: "sync" | "async",
  port: number,
  timeoutMs = TIMEOUT_MS,
): PairOptions {
  const options = parseOptions(protocol, role, [
    ...["--io", io],
    ...protocol === "tls" && io === "sync" ? ["--engine", "openssl"] : [],
  ]);
  if (typeof options === "string") throw new TypeError("no help was asked for");
  return { ...options, hostname: "127.0.0.1", serverName: "localhost", port, timeoutMs };
}

/** As Deno's own TLS takes them. */
export function credentialsOf(ca: string, { cert, key }: CertificatePair): Credentials {
  return { ca: [ca], cert, key, minVersion: "TLSv1.2" };
}
