/**
 * The name in a ClientHello.
 *
 * @module
 */
import { TLSEXT_NAMETYPE_HOST_NAME } from "./bindings/constants.ts";
import { TLSEXT_TYPE_SERVER_NAME } from "./bindings/identity_constants.ts";
import type { OpenSsl } from "./bindings/library.ts";

/** Each byte a character: a name is ASCII (RFC 6066 3), and what is none is nobody's. */
const LATIN1 = new TextDecoder("latin1");

/** One list's head: two bytes for its length, one for the entry's type, two for its length. */
const HEAD_BYTES = 5;

const pointer = new BigUint64Array(1);
const length = new BigUint64Array(1);
const pointerBytes = new Uint8Array(pointer.buffer);
const lengthBytes = new Uint8Array(length.buffer);

/**
 * Reads the name that a client asks for, within the callback for its ClientHello.
 *
 * @returns null where it says none; what is malformed OpenSSL refuses later
 */
export function serverNameIn(lib: OpenSsl, ssl: Deno.PointerValue): string | null {
  const type = TLSEXT_TYPE_SERVER_NAME;
  if (lib.SSL_client_hello_get0_ext(ssl, type, pointerBytes, lengthBytes) !== 1) return null;
  const at = Deno.UnsafePointer.create(pointer[0]!);
  const size = Number(length[0]);
  if (at === null || size <= HEAD_BYTES) return null;
  return nameIn(new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(at, size)));
}

/** The first name of a ServerNameList; null where it is none of a host, or not all there. */
export function nameIn(list: Uint8Array): string | null {
  const [listHigh, listLow, type, high, low] = list;
  if (list.length <= HEAD_BYTES || type !== TLSEXT_NAMETYPE_HOST_NAME) return null;
  const end = HEAD_BYTES + (high! << 8 | low!);
  // OpenSSL takes a list with one entry alone.
  if (end !== list.length || (listHigh! << 8 | listLow!) !== list.length - 2) return null;
  return end > HEAD_BYTES ? LATIN1.decode(list.subarray(HEAD_BYTES)) : null;
}
