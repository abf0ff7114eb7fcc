/**
 * PKCS#12 for tests: the client of the good certificates, as OpenSSL 3 has written it. To make it anew
 * after certs.json, with its client's cert.pem and key.pem, P for the passphrase, and `base64 -w0`:
 *
 *     openssl pkcs12 -export -in cert.pem -inkey key.pem -passout "pass:$P" -iter 100
 *
 * and that as `aes` with `-certfile ca.pem`, as `empty` with P empty, as `plain` with `-keypbe NONE
 * -certpbe NONE -nomac`, as `legacy` with `-legacy`, as `nokey` with `-nokeys`, `nocert` with `-nocerts`.
 *
 * @module
 */
import kept from "./pkcs12.json" with { type: "json" };

/** How it is made. */
export type Pkcs12Kind = keyof typeof kept;

/** The bytes of a file; the passphrase is `PASSPHRASE` of good_settings.ts. */
export function pkcs12(kind: Pkcs12Kind): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(kept[kind]);
}
