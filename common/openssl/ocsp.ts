/**
 * What an authority's OCSP responder has said of a server's certificate, stapled to it by the server:
 * RFC 6066 8, RFC 6960.
 *
 * @module
 */
import { currentHello, noteRefusal } from "./bindings/calls.ts";
import { SSL_TLSEXT_ERR, X509_V } from "./bindings/constants.ts";
import {
  NAME_CTRL,
  OCSP_STATUS,
  OCSP_SUCCESSFUL,
  TLSEXT_STATUSTYPE_OCSP,
} from "./bindings/identity_constants.ts";
import type { OpenSsl } from "./bindings/library.ts";
import { write } from "./callbacks.ts";
import type { Callback, ContextTarget } from "./context_target.ts";

// int (*cb)(SSL *s, void *arg)
const STATUS = {
  parameters: ["pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/**
 * A server staples what goes with the certificate that it shows.
 *
 * @param find what that is, while a handshake goes on
 */
export function applyStapling(
  { lib, ctx }: Pick<ContextTarget, "lib" | "ctx">,
  find = () => currentHello()?.ocspResponse,
): Callback {
  const staple = new Deno.UnsafeCallback(STATUS, (ssl) => {
    const response = find();
    if (!response) return SSL_TLSEXT_ERR.NOACK;
    const { length } = response;
    // The SSL frees it.
    const memory = lib.CRYPTO_malloc(BigInt(length), null, 0);
    if (memory === null) return SSL_TLSEXT_ERR.NOACK;
    write(memory, response);
    lib.SSL_ctrl_kept(ssl, NAME_CTRL.SET_STATUS_REQ_OCSP_RESP, BigInt(length), memory);
    return SSL_TLSEXT_ERR.OK;
  });
  lib.SSL_CTX_callback_ctrl(ctx, NAME_CTRL.STATUS_REQ_CB, staple.pointer);
  return staple;
}

/** What a callback of a client's returns: SSL_CTX_set_tlsext_status_cb(3). */
const [REFUSED, ACCEPTED] = [0, 1];

/**
 * A client asks for what the responder has said, and refuses the server where that is bad.
 *
 * @param isRequired whether a server is refused that has nothing stapled
 * @param verifies whether it is looked at
 */
export function applyStatusRequest(
  { lib, ctx }: ContextTarget,
  isRequired: boolean,
  verifies: boolean,
): Callback {
  lib.SSL_CTX_ctrl(ctx, NAME_CTRL.STATUS_REQ_TYPE, BigInt(TLSEXT_STATUSTYPE_OCSP), null);
  const check = new Deno.UnsafeCallback(STATUS, (ssl) => {
    // A session that is resumed has no certificates in its handshake, and nothing stapled to them.
    if (!verifies || ssl === null || lib.SSL_session_reused(ssl) === 1) return ACCEPTED;
    const refusal = refusalOf(lib, ssl, isRequired);
    // What the calls have left there is not the handshake's.
    lib.ERR_clear_error();
    if (refusal === null) return ACCEPTED;
    const isRevoked = refusal === REVOKED;
    if (!isRevoked) noteRefusal(refusal);
    lib.SSL_set_verify_result(ssl, BigInt(isRevoked ? X509_V.CERT_REVOKED : X509_V.CERT_REJECTED));
    return REFUSED;
  });
  lib.SSL_CTX_callback_ctrl(ctx, NAME_CTRL.STATUS_REQ_CB, check.pointer);
  return check;
}

/** What is stapled to the server's certificate, in DER; null where nothing is. */
export function stapledTo(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
): Uint8Array<ArrayBuffer> | null {
  const at = new BigUint64Array(1);
  const command = NAME_CTRL.GET_STATUS_REQ_OCSP_RESP;
  const length = Number(lib.SSL_ctrl(ssl, command, 0n, new Uint8Array(at.buffer)));
  const pointer = Deno.UnsafePointer.create(at[0]!);
  if (pointer === null || length <= 0) return null;
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, length)).slice();
}

const REVOKED = "has been revoked";

/** Clocks differ: so many seconds count for nothing. */
const LEEWAY_SECONDS = 300n;

/** @returns goes on after "the peer's certificate"; null where nothing is against it */
function refusalOf(lib: OpenSsl, ssl: Deno.PointerObject, isRequired: boolean): string | null {
  const bytes = stapledTo(lib, ssl);
  const missing = isRequired
    ? "is refused: the server has stapled no OCSP response to it, and ocsp requires one"
    : null;
  if (bytes === null) return missing;
  using made = new DisposableStack();
  const basic = readResponse(lib, bytes, made);
  if (basic === "unreadable") return bad("it cannot be read");
  // Nobody has signed that the responder could not say anything.
  if (basic === "without a word") return missing;
  const chain = lib.SSL_get0_verified_chain(ssl);
  const size = lib.OPENSSL_sk_num(chain);
  const store = lib.SSL_CTX_get_cert_store(lib.SSL_get_SSL_CTX(ssl));
  if (lib.OCSP_basic_verify(basic, chain, store, 0n) !== 1) {
    return bad("its signature is none of the certificate's authority");
  }
  const [leaf, issuer] = [0, Math.min(1, size - 1)].map((i) => lib.OPENSSL_sk_value(chain, i));
  return refusalIn(lib, basic, leaf!, issuer!);
}

/**
 * Why a server cannot staple a response to its certificate; null where it can, or where it cannot be
 * told: the chain need not have the issuer.
 *
 * @param own the certificate, an X509
 * @param others what is shown besides, X509s
 */
export function stapleMisfit(
  lib: OpenSsl,
  response: Uint8Array<ArrayBuffer>,
  own: Deno.PointerValue,
  others: readonly Deno.PointerValue[],
): string | null {
  using made = new DisposableStack();
  const read = readResponse(lib, response, made);
  lib.ERR_clear_error();
  if (read === "unreadable") return "it is no OCSP response in DER, or damaged";
  if (read === "without a word") return null;
  const issuer = [own, ...others].find((one) => lib.X509_check_issued(one, own) === X509_V.OK);
  if (singleFor(lib, read, own, issuer ?? null)) return null;
  lib.ERR_clear_error();
  return "it is for another certificate";
}

/** What the response says of one certificate. */
function refusalIn(
  lib: OpenSsl,
  basic: Deno.PointerObject,
  leaf: Deno.PointerValue,
  issuer: Deno.PointerValue,
): string | null {
  const single = singleFor(lib, basic, leaf, issuer);
  if (single === null) return bad("it is for another certificate");
  const [from, until] = [new BigUint64Array(1), new BigUint64Array(1)];
  const out = (slot: BigUint64Array<ArrayBuffer>) => new Uint8Array(slot.buffer);
  const status = lib.OCSP_single_get0_status(single, null, null, out(from), out(until));
  if (status === OCSP_STATUS.REVOKED) return REVOKED;
  if (status !== OCSP_STATUS.GOOD) return bad("its authority does not know the certificate");
  const [thisUpdate, nextUpdate] = [from, until].map((slot) => Deno.UnsafePointer.create(slot[0]!));
  const isCurrent = lib.OCSP_check_validity(thisUpdate!, nextUpdate!, LEEWAY_SECONDS, -1n) === 1;
  return isCurrent ? null : bad("it is out of date, or of the future");
}

/** A BasicOCSPResponse (RFC 6960 4.2.1), freed with `made`. */
function readResponse(
  lib: OpenSsl,
  bytes: Uint8Array<ArrayBuffer>,
  made: DisposableStack,
): Deno.PointerObject | "unreadable" | "without a word" {
  const start = Deno.UnsafePointer.of(bytes);
  const into = new BigUint64Array([BigInt(Deno.UnsafePointer.value(start))]);
  const length = BigInt(bytes.length);
  const response = lib.d2i_OCSP_RESPONSE(null, new Uint8Array(into.buffer), length);
  if (response === null) return "unreadable";
  made.defer(() => lib.OCSP_RESPONSE_free(response));
  // It points behind the response, where nothing may be.
  if (into[0]! - BigInt(Deno.UnsafePointer.value(start)) !== length) return "unreadable";
  if (lib.OCSP_response_status(response) !== OCSP_SUCCESSFUL) return "without a word";
  const basic = lib.OCSP_response_get1_basic(response);
  if (basic === null) return "unreadable";
  made.defer(() => lib.OCSP_BASICRESP_free(basic));
  return basic;
}

/**
 * A responder names certificates by hashes of its own choice (RFC 6960 4.1.1).
 *
 * @param issuer null where it is not known: then its name and the number have to be right
 */
function singleFor(
  lib: OpenSsl,
  basic: Deno.PointerObject,
  leaf: Deno.PointerValue,
  issuer: Deno.PointerValue,
): Deno.PointerValue {
  for (let i = 0; i < lib.OCSP_resp_count(basic); i++) {
    const single = lib.OCSP_resp_get0(basic, i);
    const named = lib.OCSP_SINGLERESP_get0_id(single);
    const [, algorithm] = partsOf(lib, named);
    const digest = lib.EVP_get_digestbyname(lib.OBJ_nid2sn(lib.OBJ_obj2nid(algorithm)));
    if (digest === null) continue;
    // Of an issuer that is not known the key's hash is not compared.
    const wanted = lib.OCSP_cert_to_id(digest, leaf, issuer ?? leaf);
    const isIt = wanted !== null &&
      (issuer === null ? hasSameName(lib, named, wanted) : lib.OCSP_id_cmp(named, wanted) === 0);
    lib.OCSP_CERTID_free(wanted);
    if (isIt) return single;
  }
  return null;
}

function hasSameName(lib: OpenSsl, one: Deno.PointerValue, other: Deno.PointerValue): boolean {
  const [[name, , number], [otherName, , otherNumber]] = [partsOf(lib, one), partsOf(lib, other)];
  return lib.ASN1_STRING_cmp(name, otherName) === 0 &&
    lib.ASN1_STRING_cmp(number, otherNumber) === 0;
}

/** Of an OCSP_CERTID: hash of the issuer's name, which hash it is, and the certificate's number. */
function partsOf(
  lib: OpenSsl,
  id: Deno.PointerValue,
): [name: Deno.PointerValue, algorithm: Deno.PointerValue, number: Deno.PointerValue] {
  const slots = new BigUint64Array(3);
  const [name, algorithm, number] = [0, 1, 2].map((i) => new Uint8Array(slots.buffer, 8 * i, 8));
  lib.OCSP_id_get0_info(name!, algorithm!, null, number!, id);
  const [first, second, third] = slots;
  return [first, second, third].map((at) => Deno.UnsafePointer.create(at!)) as [
    Deno.PointerValue,
    Deno.PointerValue,
    Deno.PointerValue,
  ];
}

function bad(why: string): string {
  return `is refused: what OCSP says of it does not count: ${why}`;
}
