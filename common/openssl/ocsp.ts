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

/** A server staples what goes with the certificate that it shows. */
export function applyStapling({ lib, ctx }: ContextTarget): Callback {
  const staple = new Deno.UnsafeCallback(STATUS, (ssl) => {
    const response = currentHello()?.ocspResponse;
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
  const start = Deno.UnsafePointer.of(bytes);
  const into = new BigUint64Array([BigInt(Deno.UnsafePointer.value(start))]);
  const length = BigInt(bytes.length);
  const response = lib.d2i_OCSP_RESPONSE(null, new Uint8Array(into.buffer), length);
  if (response === null) return bad("it cannot be read");
  made.defer(() => lib.OCSP_RESPONSE_free(response));
  // Nobody has signed that the responder could not say anything.
  if (lib.OCSP_response_status(response) !== OCSP_SUCCESSFUL) return missing;
  const basic = lib.OCSP_response_get1_basic(response);
  if (basic === null) return bad("it cannot be read");
  made.defer(() => lib.OCSP_BASICRESP_free(basic));
  const chain = lib.SSL_get0_verified_chain(ssl);
  const size = lib.OPENSSL_sk_num(chain);
  const store = lib.SSL_CTX_get_cert_store(lib.SSL_get_SSL_CTX(ssl));
  if (lib.OCSP_basic_verify(basic, chain, store, 0n) !== 1) {
    return bad("its signature is none of the certificate's authority");
  }
  const [leaf, issuer] = [0, Math.min(1, size - 1)].map((i) => lib.OPENSSL_sk_value(chain, i));
  return refusalIn(lib, basic, leaf!, issuer!);
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

/** A responder names certificates by hashes of its own choice (RFC 6960 4.1.1). */
function singleFor(
  lib: OpenSsl,
  basic: Deno.PointerObject,
  leaf: Deno.PointerValue,
  issuer: Deno.PointerValue,
): Deno.PointerValue {
  const algorithm = new BigUint64Array(1);
  for (let i = 0; i < lib.OCSP_resp_count(basic); i++) {
    const single = lib.OCSP_resp_get0(basic, i);
    const named = lib.OCSP_SINGLERESP_get0_id(single);
    lib.OCSP_id_get0_info(null, new Uint8Array(algorithm.buffer), null, null, named);
    const nid = lib.OBJ_obj2nid(Deno.UnsafePointer.create(algorithm[0]!));
    const digest = lib.EVP_get_digestbyname(lib.OBJ_nid2sn(nid));
    if (digest === null) continue;
    const wanted = lib.OCSP_cert_to_id(digest, leaf, issuer);
    const isIt = wanted !== null && lib.OCSP_id_cmp(named, wanted) === 0;
    lib.OCSP_CERTID_free(wanted);
    if (isIt) return single;
  }
  return null;
}

function bad(why: string): string {
  return `is refused: what OCSP says of it does not count: ${why}`;
}
