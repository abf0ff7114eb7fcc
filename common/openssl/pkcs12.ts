/**
 * PKCS#12 (RFC 7292): a certificate with its private key and chain, in one encrypted piece.
 *
 * @module
 */
import { PemError } from "../pem/errors.ts";
import { takeError } from "./bindings/errors.ts";
import { type OpenSsl, toCString } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { x509Text } from "./bindings/x509.ts";

/** The same as {@linkcode readPkcs12} reads it, PEM. */
interface Contents {
  /** The certificate, then its chain. */
  cert: string;
  /** The private key, not encrypted. */
  key: string;
}

/** How to have one that can be read without OpenSSL's legacy provider, which is off as a rule. */
const CONVERT = "openssl pkcs12 -legacy -in OLD -nodes -out PEM, " +
  "openssl pkcs12 -export -in PEM -out NEW, and remove PEM";

/**
 * Reads PKCS#12: PKCS12_parse(3). Certificates in it that do not lead from the key's own to its
 * authority are left out, and so is an authority that has signed itself.
 *
 * @param source what to call it in an error
 * @throws {PemError} where it is none or damaged, where the passphrase is missing or wrong, and where
 * certificate or key are not in it
 */
export function readPkcs12(
  lib: OpenSsl,
  bytes: Uint8Array<ArrayBuffer>,
  passphrase: string | undefined,
  source: string,
): Contents {
  using made = new DisposableStack();
  lib.ERR_clear_error();
  const bio = made.use(new MemoryBio(lib, bytes));
  const p12 = lib.d2i_PKCS12_bio(bio.pointer, null);
  lib.ERR_clear_error();
  if (p12 === null) throw new PemError(source, "it is no PKCS#12, or damaged");
  made.defer(() => lib.PKCS12_free(p12));
  const secret = toCString(passphrase ?? "");
  checkMac(lib, p12, secret, passphrase === undefined, source);
  const [key, cert, others] = [0, 1, 2].map(() => new BigUint64Array(1));
  const out = (slot: BigUint64Array<ArrayBuffer>) => new Uint8Array(slot.buffer);
  const isParsed = lib.PKCS12_parse(p12, secret, out(key!), out(cert!), out(others!)) === 1;
  if (!isParsed) throw unreadable(lib, source);
  const [keyPointer, x509, stack] = [key, cert, others].map((slot) =>
    Deno.UnsafePointer.create(slot![0]!)
  );
  if (keyPointer) made.defer(() => lib.EVP_PKEY_free(keyPointer));
  if (x509) made.defer(() => lib.X509_free(x509));
  const shown = stack ? entriesOf(lib, stack, made) : [];
  if (!keyPointer) throw new PemError(source, "no private key is in it");
  if (!x509) throw new PemError(source, "no certificate of its private key is in it");
  const chain = chainOf(lib, x509, shown);
  return { cert: chain.map((one) => x509Text(lib, one)).join(""), key: keyText(lib, keyPointer) };
}

/** A wrong passphrase shows in the MAC, where there is one (RFC 7292 4). */
function checkMac(
  lib: OpenSsl,
  p12: Deno.PointerObject,
  secret: Uint8Array<ArrayBuffer>,
  isMissing: boolean,
  source: string,
): void {
  if (lib.PKCS12_mac_present(p12) !== 1) return;
  // An empty passphrase is written in one of two ways.
  const isGood = lib.PKCS12_verify_mac(p12, secret, secret.length - 1) === 1 ||
    (secret.length === 1 && lib.PKCS12_verify_mac(p12, null, 0) === 1);
  const { queue, reason } = takeError(lib, "read PKCS#12");
  if (isGood) return;
  if ([reason, ...queue].some(isUnsupported)) throw legacy(source);
  const why = isMissing ? "keyPassphrase is wanted" : "keyPassphrase does not open it";
  throw new PemError(source, `it is encrypted${isMissing ? "; " : ", and "}${why}`);
}

function unreadable(lib: OpenSsl, source: string): PemError {
  const error = takeError(lib, "read PKCS#12");
  if ([error.reason, ...error.queue].some(isUnsupported)) return legacy(source);
  const problem = `it cannot be read: ${error.reason}; keyPassphrase may not open it`;
  return new PemError(source, problem, { cause: error });
}

/** What OpenSSL says of an algorithm that none of its providers has. */
function isUnsupported(reason: string): boolean {
  return /^unsupported$|unknown (cipher|digest|pbe)/i.test(reason);
}

function legacy(source: string): PemError {
  const problem =
    "it is encrypted with an old algorithm, such as RC2, which OpenSSL 3 keeps in its " +
    `legacy provider; to make it anew: ${CONVERT}`;
  return new PemError(source, problem);
}

/** The certificates of a STACK_OF(X509), which is freed, with them, when what it was read for is. */
function entriesOf(
  lib: OpenSsl,
  stack: Deno.PointerObject,
  made: DisposableStack,
): Deno.PointerObject[] {
  made.defer(() => lib.OPENSSL_sk_free(stack));
  const entries: Deno.PointerObject[] = [];
  for (let i = 0; i < lib.OPENSSL_sk_num(stack); i++) {
    const x509 = lib.OPENSSL_sk_value(stack, i);
    if (x509 === null) continue;
    made.defer(() => lib.X509_free(x509));
    entries.push(x509);
  }
  return entries;
}

/** From the own certificate on, each followed by the one that has signed it, in whatever order they were. */
function chainOf(
  lib: OpenSsl,
  own: Deno.PointerObject,
  shown: readonly Deno.PointerObject[],
): Deno.PointerObject[] {
  const chain = [own];
  const left = new Set(shown);
  for (let last = own; lib.X509_self_signed(last, 0) !== 1;) {
    // X509_V_OK is 0.
    const next = [...left].find((one) => lib.X509_check_issued(one, last) === 0);
    if (!next || lib.X509_self_signed(next, 0) === 1) break;
    left.delete(next);
    chain.push(next);
    last = next;
  }
  lib.ERR_clear_error();
  return chain;
}

function keyText(lib: OpenSsl, key: Deno.PointerObject): string {
  using bio = new MemoryBio(lib);
  if (lib.PEM_write_bio_PrivateKey(bio.pointer, key, null, null, 0, null, null) !== 1) {
    throw takeError(lib, "read the key of PKCS#12");
  }
  return bio.text();
}
