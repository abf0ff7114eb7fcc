/**
 * The client's side of `node:tls`: a TCP connection, the handshake over it, and why a server's
 * certificate does not pass.
 *
 * @module
 */
import { connect as nodeConnectTcp, isIP, type Socket } from "node:net";
import { connect as nodeConnectTls, type SecureContext, type TLSSocket } from "node:tls";
import { describe, RunError } from "../../common/base/errors.ts";
import { REFUSALS } from "../../common/pem/policy.ts";
import { isUnclear } from "./errors.ts";
import { checkHostname, type PeerCheck } from "./security.ts";

/** Where a client connects to, and whom it wants to find there. */
export interface ServerName {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** What the certificate has to be for: a host name or an IP address, see `peerName`. */
  readonly hostname: string;
  /** False where a certificate that is good for any name will do (default true). */
  readonly checksName?: boolean;
}

/** Opens a TCP connection; the signal ends the attempt with its reason. */
export function openTcp(
  { address, port }: Pick<ServerName, "address" | "port">,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // The peer's end ends only its own direction: this end answers it in order.
    const socket = nodeConnectTcp({ host: address, port, noDelay: true, allowHalfOpen: true });
    const abort = () => socket.destroy(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    // It stays: an error without a listener would end the process.
    socket.on("error", reject);
    socket.once("connect", () => {
      signal.removeEventListener("abort", abort);
      resolve(socket);
    });
  });
}

/**
 * Begins a handshake in which the server has to show a certificate for its name.
 *
 * @param servers looks at what it shows
 */
export function beginHandshake(
  raw: Socket,
  { hostname, checksName = true }: ServerName,
  secureContext: SecureContext,
  servers: PeerCheck,
): TLSSocket {
  return nodeConnectTls({
    socket: raw,
    secureContext,
    // Said outright: otherwise an environment variable could switch it off.
    rejectUnauthorized: true,
    checkServerIdentity: (_, certificate) =>
      servers.refusal(certificate) ??
        (checksName ? checkHostname(hostname, certificate) : undefined),
    // RFC 6066 3: a server is told a name, never an address.
    servername: isIP(hostname) ? undefined : hostname,
  });
}

/** What Deno's own TLS says of a certificate, in this project's words. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/certificate expired/, "has expired"],
  [/not valid yet/, "is not valid yet"],
  [/UnknownIssuer/, "is not from an authority in ca.pem"],
  // Of a key that is too small or too large it says the same as of a forged one.
  [
    /BadSignature/,
    "is not from an authority in ca.pem, or an RSA key in its chain is too short or too long",
  ],
  [/extended key usage/, REFUSALS.purpose("server")],
  [/UnsupportedCertVersion/, REFUSALS.version(1)],
  [/CaUsedAsEndEntity/, REFUSALS.authorityAsEnd],
  [/EndEntityUsedAsCa/, REFUSALS.noAuthority],
  [/UnsupportedCriticalExtension/, REFUSALS.critical],
  [/NameConstraintViolation/, "is refused: it has a name that its authority is not for"],
  [
    /UnsupportedSignatureAlgorithm/,
    "is refused: it is signed in a way that is not safe, such as SHA-1",
  ],
];

/**
 * Finds out why a server's certificate did not pass. Deno's `node:tls` has one code for every
 * reason; Deno's own TLS gives the reason, at the price of one more connection.
 *
 * @param error how the handshake ended
 * @param caCerts the authorities that are believed, in PEM
 * @param signal gives up
 * @returns the error in clearer words, where there are any
 */
export async function explainRefusal(
  error: unknown,
  { address, port, hostname, checksName = true }: ServerName,
  caCerts: string[],
  signal: AbortSignal,
): Promise<unknown> {
  if (!isUnclear(error)) return error;
  try {
    const tcp = await Deno.connect({ hostname: address, port, signal });
    using tls = await Deno.startTls(tcp, {
      hostname,
      caCerts,
      unsafelyDisableHostnameVerification: !checksName,
    });
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason));
    await Promise.race([tls.handshake(), aborted.promise]);
  } catch (cause) {
    const reason = REASONS.find(([pattern]) => pattern.test(describe(cause)))?.[1];
    if (reason) return new RunError(`the server's certificate ${reason}`, { cause: error });
  }
  return error;
}
