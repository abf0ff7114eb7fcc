/**
 * OpenSSL's error queue as errors.
 *
 * @module
 */
import { currentRefusal } from "./calls.ts";
import { X509_V } from "./constants.ts";
import { cString, type OpenSsl } from "./library.ts";

/**
 * What an {@linkcode OpenSslError} is made of: one entry of OpenSSL's queue, the reasons of the
 * others (ERR_get_error(3)), and what a certificate's check has found (SSL_get_verify_result(3)).
 *
 * @example
 * ```ts
 * const reason = "no cipher match";
 * const init: OpenSslErrorInit = { code: 0, library: "", reason, queue: [], verifyResult: 0 };
 * const error = new OpenSslError("Cannot use the ciphers: no cipher match", init);
 * if (error.reason !== reason) throw error;
 * ```
 */
export interface OpenSslErrorInit {
  /** OpenSSL's error number, 0 where the queue was empty. */
  code: number;
  /** Part of the library that reported it, such as "SSL routines". */
  library: string;
  /** Its reason, such as "certificate verify failed". */
  reason: string;
  /** Reasons that stood in the queue besides, oldest first. */
  queue: string[];
  /** X509_V_* of openssl/x509_vfy.h; 0 where no certificate was at fault. */
  verifyResult: number;
}

/**
 * A call of OpenSSL failed: a setting cannot be used, or the peer broke the protocol, refused or
 * vanished. The message begins with "Cannot"; where an alert of the peer's is the reason (RFC 8446
 * 6, RFC 5246 7.2), it says that the peer refused.
 *
 * @example
 * ```ts
 * import { tlsContext } from "../../../tls/mod.ts";
 *
 * try {
 *   tlsContext({ ciphers: "NO-SUCH-CIPHER" }).close();
 *   throw new Error("there is no such cipher");
 * } catch (error) {
 *   if (!(error instanceof OpenSslError) || error.reason !== "no cipher match") throw error;
 * }
 * ```
 */
export class OpenSslError extends Error implements OpenSslErrorInit {
  /** "OpenSslError", or the name of a more precise kind. */
  override readonly name: string = "OpenSslError";
  /** OpenSSL's error number, 0 where the queue was empty. */
  readonly code: number;
  /** Part of the library that reported it, such as "SSL routines". */
  readonly library: string;
  /** Its reason, such as "certificate verify failed". */
  readonly reason: string;
  /** Reasons that stood in the queue besides, oldest first. */
  readonly queue: string[];
  /** X509_V_* of openssl/x509_vfy.h; 0 where no certificate was at fault. */
  readonly verifyResult: number;

  /** For the bindings. */
  constructor(message: string, init: OpenSslErrorInit, options?: ErrorOptions) {
    super(message, options);
    this.code = init.code;
    this.library = init.library;
    this.reason = init.reason;
    this.queue = init.queue;
    this.verifyResult = init.verifyResult;
  }
}

/**
 * The peer's certificate did not pass: no known authority has signed it, its time is over or has
 * not come, or it is for another name. `verifyResult` tells which, as X509_V_ERR_* of
 * openssl/x509_vfy.h; the peer is told by an alert.
 *
 * @example
 * ```ts
 * import { generateCertificates } from "../../../certs/generate.ts";
 * import { connectTls, listenTls } from "../../../tls/mod.ts";
 *
 * const { server } = await generateCertificates();
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server });
 * const accepted = listener.accept();
 * await using conn = await connectTls({ port: listener.addr.port, caCerts: [] });
 * const error = await conn.handshake().catch((error) => error);
 * if (!(error instanceof CertificateError)) throw new Error("no authority was trusted");
 * (await accepted)?.abandon();
 * ```
 */
export class CertificateError extends OpenSslError {
  /** "CertificateError", or the name of a more precise kind. */
  override readonly name = "CertificateError";
}

/** What is said where a certificate does not pass, and where what is stapled to it does not. */
const UNVERIFIED = ["certificate verify failed", "invalid status response"];

/**
 * Makes an error of the queue and empties it. The queue belongs to the thread (ERR_get_error(3)):
 * call it in the same synchronous turn as what failed.
 *
 * @param action completes "Cannot ..."
 * @param ssl its verify result is looked at; null where there is none
 * @param peerName the name the peer's certificate had to be for
 */
export function takeError(
  lib: OpenSsl,
  action: string,
  ssl: Deno.PointerValue = null,
  peerName?: string,
): OpenSslError {
  const entries: { code: bigint; library: string; reason: string }[] = [];
  for (let code; (code = lib.ERR_get_error()) !== 0n;) {
    const library = cString(lib.ERR_lib_error_string(code)) ?? "";
    entries.push({ code, library, reason: cString(lib.ERR_reason_error_string(code)) ?? "" });
  }
  const first = entries[0] ?? { code: 0n, library: "", reason: "the peer has gone" };
  const verifyResult = ssl === null ? X509_V.OK : Number(lib.SSL_get_verify_result(ssl));
  const init: OpenSslErrorInit = {
    code: Number(first.code),
    library: first.library,
    reason: first.reason,
    queue: entries.slice(1).map((entry) => entry.reason),
    verifyResult,
  };
  // Before it may stand why a signature is wrong.
  const isUnverified = entries.some(({ reason }) => UNVERIFIED.includes(reason));
  if (verifyResult !== X509_V.OK && isUnverified) {
    return certificateError(lib, action, verifyResult, peerName, init);
  }
  return new OpenSslError(`Cannot ${action}: ${describeReason(first.reason)}`, init);
}

/**
 * Makes the error of a certificate that does not pass.
 *
 * @param verifyResult X509_V_* of openssl/x509_vfy.h
 * @param peerName the name it had to be for
 * @param init what OpenSSL has said, where it has
 */
export function certificateError(
  lib: OpenSsl,
  action: string,
  verifyResult: number,
  peerName: string | undefined,
  init: OpenSslErrorInit = {
    code: 0,
    library: "SSL routines",
    reason: "certificate verify failed",
    queue: [],
    verifyResult,
  },
): CertificateError {
  const refusal = verifyResult === X509_V.CERT_REJECTED ? currentRefusal() : null;
  const why = refusal?.why ?? describeVerifyResult(lib, verifyResult, peerName);
  const message = `Cannot ${action}: the peer's certificate ${why}`;
  return new CertificateError(message, init, refusal?.cause && { cause: refusal.cause });
}

/** What is said of revocation; it goes on after "the peer's certificate". */
const REVOCATION: Readonly<Record<number, string>> = {
  [X509_V.CERT_REVOKED]: "has been revoked, or an authority's that it comes from",
  [X509_V.UNABLE_TO_GET_CRL]:
    "is refused: an authority that it comes from has no list among crls of what it has revoked",
  [X509_V.CRL_HAS_EXPIRED]:
    "is refused: the list in crls of what an authority has revoked is overdue for a newer one",
};

function describeVerifyResult(lib: OpenSsl, result: number, peerName: string | undefined): string {
  if (result === X509_V.HOSTNAME_MISMATCH || result === X509_V.IP_ADDRESS_MISMATCH) {
    return `is not for ${peerName}`;
  }
  return REVOCATION[result] ??
    `is refused: ${cString(lib.X509_verify_cert_error_string(BigInt(result)))}`;
}

/** Alerts of extensions, whose reasons do not say that they are alerts (openssl/sslerr.h). */
const ALERTS =
  /^tls(?:v1)? (unrecognized name|unsupported extension|bad certificate (?:status response|hash value))$/;

/** Alerts come from the other end; their reasons name the protocol first. */
export function describeReason(reason: string): string {
  const alert = /^(?:(?:ssl|tls)v\d+|(?:ssl\/)?tls) alert (.+)$/.exec(reason)?.[1];
  const said = alert ?? ALERTS.exec(reason)?.[1];
  return said ? `the peer refused: ${said}` : reason;
}
