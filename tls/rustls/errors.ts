/**
 * What the errors of `node:tls` on Deno mean, in one clear line each.
 *
 * @module
 */
import { InterruptedError, RunError } from "../../common/base/errors.ts";
import type { Role } from "../../common/model/protocol.ts";

/** What a connection had come to when it failed; `unheard` until the peer's first byte. */
export type Phase = "handshake" | "unheard" | "open";

/** The code that Deno has for nearly every fault of a certificate, whatever Node has. */
const ANY_FAULT = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/** What is the case with a peer's certificate, by Node's codes. */
const FAULTS: Readonly<Record<string, string>> = {
  [ANY_FAULT]:
    "does not pass: it is out of date, made for another purpose, of X.509 version 1, or " +
    "not from an authority in ca.pem",
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  CERT_REVOKED: "has been revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "is not from an authority in ca.pem, or an authority's (CA:TRUE) itself",
  INVALID_PURPOSE: "is made for another purpose",
  SELF_SIGNED_CERT_IN_CHAIN: "is not from an authority in ca.pem",
  UNABLE_TO_GET_ISSUER_CERT: "is not from an authority in ca.pem",
};

/** Alerts that are about the certificate of who receives them (RFC 8446 6.2), as rustls says. */
const CERTIFICATE_ALERTS = new Set([
  "AccessDenied",
  "BadCertificate",
  "CertificateExpired",
  "CertificateRequired",
  "CertificateRevoked",
  "CertificateUnknown",
  "DecryptError",
  "UnknownCA",
  "UnsupportedCertificate",
]);

/** Codes of connections that ended without a word. */
const GONE = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/**
 * Translates an error of a TLS socket.
 *
 * @param peer which end is the other one
 * @returns the error itself where it is clear already
 */
export function streamError(error: Error, peer: Role, phase: Phase): Error {
  if (error instanceof RunError || error instanceof InterruptedError) return error;
  const { code = "" } = error as { code?: string };
  const fault = faultOf(code, peer) ?? faultOfAlert(error.message, peer);
  if (fault) return new RunError(fault, { cause: error });
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    return new RunError(`what the ${peer} sent is not TLS`, { cause: error });
  }
  const gone = GONE.has(code) || error instanceof Deno.errors.UnexpectedEof;
  if (!gone || phase === "open") return error;
  return new RunError(goneLine(peer, phase), { cause: error });
}

/**
 * Translates the error of a server's handshake.
 *
 * @param verification the socket's authorizationError
 */
export function handshakeError(error: Error, verification: unknown): Error {
  // Node's types say Error, Node says the code.
  const fault = faultOf(String(verification), "client");
  return fault ? new RunError(fault, { cause: error }) : streamError(error, "client", "handshake");
}

/** Whether it is about a certificate that does not pass, for a reason that is not said. */
export function isUnclear(error: unknown): boolean {
  const { code } = (error as { cause?: { code?: string } } | undefined)?.cause ?? {};
  return code === ANY_FAULT;
}

/** Where the code is about the peer's certificate, what it says. */
function faultOf(code: string, peer: Role): string | null {
  if (code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") {
    return `the ${peer} sent no certificate`;
  }
  const fault = FAULTS[code.replace(/^ERR_SSL_/, "")];
  return fault ? `the ${peer}'s certificate ${fault}` : null;
}

/** Where the peer gave the reason itself, what it said. */
function faultOfAlert(message: string, peer: Role): string | null {
  const alert = /^received fatal alert: (\w+)/.exec(message)?.[1];
  if (!alert) return null;
  const words = alert.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const own = peer === "server" ? "client" : "server";
  return CERTIFICATE_ALERTS.has(alert)
    ? `the ${peer} refused the ${own}'s certificate (alert: ${words})`
    : `the ${peer} ended the connection (alert: ${words})`;
}

/** A server of Deno's gives no reason when it refuses a certificate: it hangs up. */
function goneLine(peer: Role, phase: Phase): string {
  if (peer === "client") return "the client hung up";
  return phase === "handshake"
    ? "the server hung up during the handshake: it speaks no TLS, refused the client, or is gone"
    : "the server hung up right after the handshake: it refused the client's certificate, or is gone";
}

/**
 * Node's sockets on Deno (2.9.6) lose the interface of a link-local address.
 *
 * @throws {RunError} saying what to do, where an address has one
 */
export function refuseZone(address: string): void {
  if (!address.includes("%")) return;
  throw new RunError(
    `cannot use ${address}: Deno's own TLS takes no interface; use --engine openssl`,
  );
}
