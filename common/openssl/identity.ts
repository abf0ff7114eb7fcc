/**
 * Identities of pre-shared keys: bytes (RFC 4279 5.1), which with most clients are a text.
 *
 * @module
 */
import { viewOf } from "../settings/kinds.ts";
import type { OpenSsl } from "./bindings/library.ts";
import type { PskIdentity } from "./psk_settings.ts";

/** Longest identity and hint in bytes: PSK_MAX_IDENTITY_LEN is 128 in older, 256 in newer libraries. */
export const MAX_IDENTITY_BYTES = 128;

/** What stands before a byte in a text: no text of well-formed Unicode has these code units. */
const ESCAPE = 0xdc00;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether bytes can be an identity: OpenSSL ends one at a zero byte. */
export function isIdentity(bytes: Uint8Array): boolean {
  return bytes.length >= 1 && bytes.length <= MAX_IDENTITY_BYTES && !bytes.includes(0);
}

/**
 * The text that stands for an identity and for no other: the text itself; of bytes that are no UTF-8,
 * each beyond ASCII as a code unit from U+DC80 to U+DCFF, as Python does it (PEP 383).
 */
export function identityText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return String.fromCharCode(...Array.from(bytes, (byte) => byte < 0x80 ? byte : ESCAPE + byte));
  }
}

/** The bytes that {@linkcode identityText} has made a text of. */
export function identityBytes(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return new TextEncoder().encode(text);
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0) & 0xff);
}

/** The text that stands for a client's identity, which has been checked. */
export function pskName({ identity }: PskIdentity): string {
  return typeof identity === "string" ? identity : identityText(viewOf(identity)!);
}

/** The bytes before the zero byte that ends a `const char *`; null for NULL. */
export function cStringBytes(pointer: Deno.PointerValue): Uint8Array<ArrayBuffer> | null {
  if (pointer === null) return null;
  const view = new Deno.UnsafePointerView(pointer);
  let length = 0;
  while (view.getUint8(length) !== 0) length++;
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, length)).slice();
}

/** Up to version 1.2: whose key a session began with; null where none did. */
export function sessionIdentity(lib: OpenSsl, ssl: Deno.PointerValue): string | null {
  const bytes = cStringBytes(lib.SSL_get_psk_identity(ssl));
  return bytes && identityText(bytes);
}
