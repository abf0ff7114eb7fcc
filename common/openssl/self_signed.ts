/**
 * Certificates that have signed themselves: for peers that know each other's fingerprints.
 *
 * @module
 */
import { formatPem } from "../pem/blocks.ts";
import { DAYS, MS_PER_DAY, NAME } from "../pem/kinds.ts";
import { parseNames } from "../pem/names.ts";
import { checkSettings, setting, type SettingsTable } from "../settings/check.ts";
import { listOf } from "../settings/kinds.ts";
import { MBSTRING_UTF8, NID } from "./bindings/constants.ts";
import { takeError } from "./bindings/errors.ts";
import { loadOpenSsl, type OpenSsl, toCString } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { x509Text } from "./bindings/x509.ts";
import { fingerprintOf } from "./fingerprints.ts";

/**
 * What a certificate is made for.
 *
 * @example
 * ```ts
 * import { SelfSignedCertificate } from "../../dtls/mod.ts";
 *
 * const options: SelfSignedOptions = { names: ["device.example", "192.0.2.1"], days: 365 };
 * const { cert } = await SelfSignedCertificate.generate(options);
 * if (!cert.startsWith("-----BEGIN CERTIFICATE-----")) throw new Error(cert);
 * ```
 */
export interface SelfSignedOptions {
  /** DNS names and addresses it is for (default localhost, 127.0.0.1 and ::1); there may be none. */
  names?: readonly string[] | undefined;
  /** Days from now for which it is valid, 1 to 3650 (default 30). */
  days?: number | undefined;
}

/** What {@linkcode SelfSignedCertificate.generate} is told. */
export const SELF_SIGNED: SettingsTable<SelfSignedOptions> = {
  names: setting(listOf(NAME), "DNS names and addresses", "localhost, 127.0.0.1, ::1"),
  days: setting(DAYS, "days from now for which it is valid", "30"),
};

const ACTION = "make a certificate";

/** So long before now it begins to be valid, in milliseconds: the peer's clock may be behind. */
const BEFORE_MS = MS_PER_DAY;

/** Bytes of a serial number: 64 bits of chance at least, 20 bytes at most (RFC 5280 4.1.2.2). */
const SERIAL_BYTES = 16;

const P256 = { name: "ECDSA", namedCurve: "P-256" };

/**
 * A certificate that has signed itself, with its key: for WebRTC, for devices that know each other's
 * fingerprints, and for tests. No authority stands behind it. Its two texts are own properties, so
 * that `...certificate` in a connection's or a listener's settings is `cert` and `key`.
 *
 * @example
 * ```ts
 * import { connectTls, listenTls, SelfSignedCertificate } from "../../tls/mod.ts";
 *
 * const mine = await SelfSignedCertificate.generate();
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...mine });
 * const accepted = listener.accept();
 * const peerFingerprints = [mine.fingerprint];
 * await using conn = await connectTls({ port: listener.addr.port, peerFingerprints });
 * await conn.handshake();
 * (await accepted)?.abandon();
 * ```
 */
export class SelfSignedCertificate {
  /** The certificate, PEM. */
  readonly cert: string;
  /** Its private key, PEM (PKCS#8, not encrypted): ECDSA on P-256. */
  readonly key: string;

  private constructor(cert: string, key: string) {
    this.cert = cert;
    this.key = key;
  }

  /** Such as "sha-256 12:AB:...": for the peer's `peerFingerprints`, or a session description. */
  get fingerprint(): string {
    return fingerprintOf(this.cert, "sha-256");
  }

  /**
   * Makes a new key on P-256 and a certificate for it, for both ends' use, valid from a day before
   * now on.
   *
   * @throws {TypeError} naming an option that is unknown or of the wrong kind
   * @throws {RangeError} naming an option whose value cannot be used
   * @throws {OpenSslMissingError} where libssl is missing
   */
  static async generate(options: SelfSignedOptions = {}): Promise<SelfSignedCertificate> {
    const checked = checkSettings(SELF_SIGNED, options, ACTION);
    const { names = ["localhost", "127.0.0.1", "::1"], days = 30 } = checked;
    const lib = loadOpenSsl();
    const keys = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    const key = formatPem("PRIVATE KEY", new Uint8Array(pkcs8));
    return new SelfSignedCertificate(signed(lib, key, { names, days }), key);
  }
}

/** The certificate, PEM. */
function signed(
  lib: OpenSsl,
  key: string,
  { names, days }: { names: readonly string[]; days: number },
): string {
  lib.ERR_clear_error();
  using made = new DisposableStack();
  const own = <T>(pointer: T, free: (pointer: T) => void) => made.adopt(pointer, free);
  const x509 = own(lib.X509_new(), lib.X509_free);
  using bio = new MemoryBio(lib, key);
  const pkey = own(
    lib.PEM_read_bio_PrivateKey(bio.pointer, null, null, new Uint8Array(1)),
    lib.EVP_PKEY_free,
  );
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  // Positive, and without a zero byte at its beginning.
  serial[0] = serial[0]! & 0x3f | 0x40;
  const name = own(lib.X509_NAME_new(), lib.X509_NAME_free);
  // Certificates of one name are taken for each other where authorities are looked for.
  const commonName = new TextEncoder().encode(`self-signed ${serial.toHex().slice(0, 16)}`);
  const seconds = (ms: number) => BigInt(Math.floor(ms / 1000));
  const now = Date.now();
  const isSet = lib.X509_set_version(x509, 2n) === 1 &&
    lib.ASN1_STRING_set(lib.X509_get_serialNumber(x509), serial, serial.length) === 1 &&
    lib.ASN1_TIME_set(lib.X509_getm_notBefore(x509), seconds(now - BEFORE_MS)) !== null &&
    lib.ASN1_TIME_set(lib.X509_getm_notAfter(x509), seconds(now + days * MS_PER_DAY)) !== null &&
    lib.X509_NAME_add_entry_by_txt(
        name,
        toCString("CN"),
        MBSTRING_UTF8,
        commonName,
        commonName.length,
        -1,
        0,
      ) === 1 &&
    lib.X509_set_subject_name(x509, name) === 1 &&
    lib.X509_set_issuer_name(x509, name) === 1 &&
    lib.X509_set_pubkey(x509, pkey) === 1;
  if (!isSet) throw takeError(lib, ACTION);
  for (const [nid, value] of extensionsFor(names)) {
    const extension = own(
      lib.X509V3_EXT_nconf_nid(null, null, nid, toCString(value)),
      lib.X509_EXTENSION_free,
    );
    if (extension === null || lib.X509_add_ext(x509, extension, -1) !== 1) {
      throw takeError(lib, ACTION);
    }
  }
  if (lib.X509_sign(x509, pkey, lib.EVP_sha256()) <= 0) throw takeError(lib, ACTION);
  return x509Text(lib, x509);
}

/** In the form of x509v3_config(5). */
function extensionsFor(names: readonly string[]): [nid: number, value: string][] {
  const entries = parseNames(names).map(({ type, value }) => `${type.toUpperCase()}:${value}`);
  return [
    [NID.BASIC_CONSTRAINTS, "critical,CA:FALSE"],
    [NID.KEY_USAGE, "critical,digitalSignature"],
    [NID.EXT_KEY_USAGE, "serverAuth,clientAuth"],
    ...entries.length > 0 ? [[NID.SUBJECT_ALT_NAME, entries.join(",")] as [number, string]] : [],
  ];
}
