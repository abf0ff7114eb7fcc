/**
 * What state a handshake is in, by the abbreviations of SSL_state_string(3).
 *
 * @module
 */
import { cString, type OpenSsl } from "../bindings/library.ts";

const FAILED = "SSLERR";
const CIPHER_CHANGED = "TRCCS";

/** Whether there was a fatal error. */
export function hasFailed(lib: OpenSsl, ssl: Deno.PointerObject): boolean {
  return cString(lib.SSL_state_string(ssl)) === FAILED;
}

/** Whether the peer's ChangeCipherSpec was read last: its Finished can be read now. */
export function hasChangedCipher(lib: OpenSsl, ssl: Deno.PointerObject): boolean {
  return cString(lib.SSL_state_string(ssl)) === CIPHER_CHANGED;
}
