/**
 * What an authority says of a certificate (RFC 6960), made without OpenSSL, for tests.
 *
 * @module
 */
import { createHash, createPrivateKey, createPublicKey, sign, X509Certificate } from "node:crypto";
import { encode, integer } from "./authority_chain.ts";
import type { Issued, RevokingAuthority } from "./revoking.ts";

const SEQUENCE = 0x30;
const OCTETS = 0x04;
const GENERALIZED_TIME = 0x18;

const SHA1 = oid("2b0e03021a");
const ECDSA_SHA256 = oid("2a8648ce3d040302");
const BASIC_RESPONSE = oid("2b0601050507300101");

/** CertStatus; that of the revoked says since when. */
const STATUS = {
  good: encode(0x80),
  revoked: encode(0xa1, time("20200101000000Z")),
  unknown: encode(0x82),
} as const;

/** A response that is good for ever, signed by the authority itself. */
export function ocspResponse(
  { serialNumber }: Issued,
  authority: RevokingAuthority,
  status: keyof typeof STATUS,
): Uint8Array<ArrayBuffer> {
  const issuer = new X509Certificate(authority.cert);
  // A key on P-256 is the last 65 bytes of its SubjectPublicKeyInfo.
  const spki = createPublicKey(issuer.publicKey.export({ type: "spki", format: "pem" }))
    .export({ type: "spki", format: "der" });
  const keyHash = encode(OCTETS, sha1(spki.subarray(-65)));
  const name = encode(SEQUENCE, encode(0x31, encode(SEQUENCE, oid("550403"), commonName(issuer))));
  const now = time("20200101000000Z");
  const id = encode(
    SEQUENCE,
    ...[encode(SEQUENCE, SHA1, encode(0x05)), encode(OCTETS, sha1(name)), keyHash],
    integer(Uint8Array.fromHex(serialNumber)),
  );
  const one = encode(SEQUENCE, id, STATUS[status], now);
  const said = encode(SEQUENCE, encode(0xa2, keyHash), now, encode(SEQUENCE, one));
  const signature = sign("sha256", said, createPrivateKey(authority.key));
  const basic = encode(
    SEQUENCE,
    ...[said, encode(SEQUENCE, ECDSA_SHA256), encode(0x03, Uint8Array.of(0), signature)],
  );
  const bytes = encode(SEQUENCE, BASIC_RESPONSE, encode(OCTETS, basic));
  return encode(SEQUENCE, encode(0x0a, Uint8Array.of(0)), encode(0xa0, bytes));
}

function oid(hex: string): Uint8Array<ArrayBuffer> {
  return encode(0x06, Uint8Array.fromHex(hex));
}

function time(text: string): Uint8Array<ArrayBuffer> {
  return encode(GENERALIZED_TIME, new TextEncoder().encode(text));
}

function sha1(bytes: Uint8Array): Uint8Array {
  return createHash("sha1").update(bytes).digest();
}

/** As the X.509 package writes it: a UTF8String, or a PrintableString. */
function commonName({ subject }: X509Certificate): Uint8Array<ArrayBuffer> {
  return encode(0x13, new TextEncoder().encode(subject.replace(/^CN=/, "")));
}
