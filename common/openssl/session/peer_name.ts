/**
 * The name that a server's certificate has to be for.
 *
 * @module
 */
import { isIP } from "node:net";
import { SSL_CTRL, TLSEXT_NAMETYPE_HOST_NAME, X509_CHECK_FLAG } from "../bindings/constants.ts";
import { takeError } from "../bindings/errors.ts";
import { type OpenSsl, toCString } from "../bindings/library.ts";

/**
 * A certificate is for the names in its subjectAltName extension, never for its subject's; `*` stands
 * for a whole label (RFC 9525 6.3 and 6.4).
 */
const HOST_FLAGS = X509_CHECK_FLAG.NEVER_CHECK_SUBJECT | X509_CHECK_FLAG.NO_PARTIAL_WILDCARDS;

/**
 * Sets the name check (SSL_set1_host(3)) and sends the name (RFC 6066 3); an address is checked as
 * one and is no server name.
 *
 * @param checks false sends the name alone
 * @throws {OpenSslError} where OpenSSL does not take the name
 */
export function expectName(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  serverName: string,
  checks: boolean,
): void {
  const name = toCString(serverName);
  if (isIP(serverName) !== 0 && !checks) return;
  const param = lib.SSL_get0_param(ssl);
  lib.X509_VERIFY_PARAM_set_hostflags(param, HOST_FLAGS);
  if (checks && lib.X509_VERIFY_PARAM_set1_ip_asc(param, name) === 1) return;
  lib.ERR_clear_error();
  if (checks && lib.SSL_set1_host(ssl, name) !== 1) {
    throw takeError(lib, `check the name ${serverName}`);
  }
  lib.SSL_ctrl(ssl, SSL_CTRL.SET_TLSEXT_HOSTNAME, BigInt(TLSEXT_NAMETYPE_HOST_NAME), name);
}
