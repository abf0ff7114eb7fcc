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
import { CertificateError, describeReason, OpenSslError } from "../bindings/errors.ts";

/** What OpenSSL says where a server has no certificate for a client. */
const NO_CERTIFICATE = ["callback failed", "no suitable signature algorithm", "no shared cipher"];

/** What a server's OpenSSL says where its client has another key: up to version 1.2, and in 1.3. */
const OTHER_KEY = [
  "decryption failed or bad record mac",
  "bad record mac",
  "digest check failed",
  "binder does not verify",
];

/** What a client is told then: RFC 5246 7.2.2, RFC 8446 4.2.11. */
const REFUSED_KEY = / alert (?:bad record mac|decrypt error|illegal parameter)$/;

/**
 * What OpenSSL says of a certificate, or of bytes, is no help where a key is at fault, and nothing
 * of names.
 *
 * @param identity whose key this end has used in the handshake; null where it used none
 * @param hello server: what was made of the ClientHello
 */
export function explained(
  { usesPsk, keyAlone, role }: TlsContext,
  error: OpenSslError,
  identity: string | null,
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
  if (role === "server" && identity !== null && OTHER_KEY.includes(error.reason)) {
    return said(otherKey(identity));
  }
  if (usesPsk && error.reason === "psk identity not found") {
    return said("psk has chosen no identity for the server's hint");
  }
  if (usesPsk && identity !== null && REFUSED_KEY.test(error.reason)) {
    return said(
      `${describeReason(error.reason)}; the server may have another key for the identity ` +
        shown(identity),
    );
  }
  const isWithoutKey = role === "server" && keyAlone &&
    error.reason === "no suitable signature algorithm";
  return isWithoutKey ? said("the client's pre-shared key is not known here") : error;
}

/**
 * A peer that finds the pre-shared key wrong says nothing on DTLS: it drops what it cannot read
 * (RFC 6347 4.1.2.7), as anybody can have sent it.
 */
export function noAnswerInTime(
  { identity, hasAnswered, isUnreadable, isOwn }: {
    /** Whose key was used; null where none was. */
    identity: string | null;
    /** Whether the peer has answered all the same. */
    hasAnswered: boolean;
    /** Whether what the peer has sealed could not be deciphered. */
    isUnreadable: boolean;
    /** Whether it is the program that has not answered. */
    isOwn: boolean;
  },
): TimeoutError {
  if (isOwn) return new TimeoutError("pskLookup did not answer in time");
  const late = "the peer did not answer the handshake in time";
  if (identity === null || !hasAnswered) return new TimeoutError(late);
  return new TimeoutError(
    isUnreadable
      ? `${late}: what it sent could not be deciphered; ${otherKey(identity)}`
      : `${late}; it has answered the hello: the pre-shared key may be wrong`,
  );
}

function otherKey(identity: string): string {
  return `the client's key for the identity ${shown(identity)} is not the one that is known here`;
}

/** The client has chosen what it is. */
function shown(identity: string): string {
  return visible(JSON.stringify(identity));
}
