/**
 * What to say of a handshake that fails where a pre-shared key is used: OpenSSL and the peer say
 * little of it.
 *
 * @module
 */
import { TimeoutError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import type { HelloFacts } from "../bindings/calls.ts";
import type { TlsContext } from "../context.ts";
import { CertificateError, OpenSslError } from "../bindings/errors.ts";

/** What OpenSSL says where a server has no certificate for a client. */
const NO_CERTIFICATE = ["callback failed", "no suitable signature algorithm", "no shared cipher"];

/**
 * What OpenSSL says of a certificate is no help where a key is the only way in, and nothing of names.
 *
 * @param hello server: what was made of the ClientHello
 */
export function explained(
  { usesPsk, keyAlone, role }: TlsContext,
  error: OpenSslError,
  hello?: HelloFacts,
): OpenSslError {
  const said = (what: string) => new OpenSslError(`Cannot complete the handshake: ${what}`, error);
  if (usesPsk && error instanceof CertificateError) {
    return said(
      "the server showed a certificate instead of using the pre-shared key; " +
        "it may not know its identity",
    );
  }
  if (hello?.isUnknown && NO_CERTIFICATE.includes(error.reason)) {
    const { serverName } = hello;
    const asked = serverName === null
      ? "the client says no server name, and no identity is"
      : `the client asks for "${visible(serverName)}", which no identity is for, and none is`;
    if (!keyAlone) return said(`${asked} for all others`);
  }
  const isWithoutKey = role === "server" && keyAlone &&
    error.reason === "no suitable signature algorithm";
  return isWithoutKey ? said("the client's pre-shared key is not known here") : error;
}

/**
 * A peer that finds the pre-shared key wrong says nothing on DTLS: it drops what it cannot read
 * (RFC 6347 4.1.2.7).
 *
 * @param mayBeKey whether a key was used and the peer has answered all the same
 */
export function noAnswerInTime(mayBeKey: boolean): TimeoutError {
  const hint = mayBeKey ? "; it has answered the hello: the pre-shared key may be wrong" : "";
  return new TimeoutError(`the peer did not answer the handshake in time${hint}`);
}
