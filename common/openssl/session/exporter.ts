/**
 * Secrets of a session for other protocols' use: RFC 5705, RFC 8446 7.5.
 *
 * @module
 */
import { checkValue } from "../../settings/check.ts";
import { bytesOf, text, wholeNumber } from "../../settings/kinds.ts";
import { takeError } from "../bindings/errors.ts";
import type { OpenSsl } from "../bindings/library.ts";

/** TLS 1.3 puts "tls13 " before a label, and both have 255 bytes at most: RFC 8446 7.1. */
const LABEL = text({ max: 249 });

/** HKDF gives 255 times its hash's length: RFC 5869 2.3, with SHA-256. */
const LENGTH = wholeNumber(1, 8160, "bytes");

/**
 * Asks an established session for secrets: SSL_export_keying_material(3).
 *
 * @throws {TypeError} naming an argument of the wrong kind
 * @throws {RangeError} naming an argument whose value cannot be used
 */
export function exportKeyingMaterial(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  { label, length, context }: {
    label: string;
    length: number;
    context: ArrayBuffer | ArrayBufferView | undefined;
  },
): Uint8Array {
  const action = "export keying material";
  const name = new TextEncoder().encode(checkValue(LABEL, label, "label", action));
  const out = new Uint8Array(checkValue(LENGTH, length, "length", action));
  const bound = context === undefined ? new Uint8Array() : bytesOf(context, "context").slice();
  if (bound.length > 0xffff) {
    throw new RangeError(`Cannot ${action}: context has ${bound.length} bytes, more than 65535`);
  }
  lib.ERR_clear_error();
  const done = lib.SSL_export_keying_material(
    ssl,
    out,
    BigInt(out.length),
    name,
    BigInt(name.length),
    bound,
    BigInt(bound.length),
    context === undefined ? 0 : 1,
  );
  if (done !== 1) throw takeError(lib, action);
  return out;
}
