/**
 * An X509: read from PEM, written as PEM, asked for its times.
 *
 * @module
 */
import type { OpenSsl } from "./library.ts";
import { MemoryBio } from "./memory_bio.ts";

/**
 * Reads the next certificate of a PEM text; the caller owns it.
 *
 * @returns null where there is none, or none that can be read: the error queue says which
 */
export function readX509(lib: OpenSsl, bio: MemoryBio): Deno.PointerValue {
  // An empty passphrase: without one OpenSSL would ask for it on the terminal.
  return lib.PEM_read_bio_X509(bio.pointer, null, null, new Uint8Array(1));
}

/** A certificate as PEM (RFC 7468 5). */
export function x509Text(lib: OpenSsl, x509: Deno.PointerValue): string {
  using bio = new MemoryBio(lib);
  lib.PEM_write_bio_X509(bio.pointer, x509);
  return bio.text();
}

/** Whether a certificate has not ended yet. */
export function isCurrent(lib: OpenSsl, x509: Deno.PointerValue): boolean {
  return lib.X509_cmp_current_time(lib.X509_get0_notAfter(x509)) > 0;
}

/**
 * A time as a Date, an invalid one where it cannot be read. A struct tm of time.h begins with seconds,
 * minutes, hours, day, month from 0, year from 1900.
 */
export function dateOf(lib: OpenSsl, time: Deno.PointerValue): Date {
  // Larger than the systems' 36 to 56 bytes.
  const tm = new Int32Array(16);
  if (lib.ASN1_TIME_to_tm(time, new Uint8Array(tm.buffer)) !== 1) return new Date(NaN);
  const [seconds, minutes, hours, day, month, year] = tm as unknown as number[];
  return new Date(Date.UTC(year! + 1900, month, day, hours, minutes, seconds));
}
