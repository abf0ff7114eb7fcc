/**
 * How OpenSSL is told what a program says about its connections.
 *
 * @module
 */
import { SSL_CTRL, SSL_OP, SSL_SESS_CACHE, SSL_VERIFY, VERSION } from "./constants.ts";
import { takeError } from "./errors.ts";
import { type OpenSsl, toCString } from "./library.ts";
import {
  type DtlsSettings,
  SESSION_CACHE_SIZE,
  type TlsServerSettings,
  type TlsSettings,
  type TlsVersion,
} from "./settings.ts";

/** The versions that each transport knows. */
const VERSIONS: Readonly<Record<"tls" | "dtls", Readonly<Partial<Record<TlsVersion, number>>>>> = {
  tls: { "TLSv1.2": VERSION.TLS1_2, "TLSv1.3": VERSION.TLS1_3 },
  dtls: { "DTLSv1.2": VERSION.DTLS1_2, "DTLSv1.3": VERSION.DTLS1_3 },
};

/**
 * DTLS takes AEAD suites alone where nothing else is said: with the others, OpenSSL lets a single
 * forged record end a session that authenticates after it encrypts.
 */
const DTLS_CIPHERS = "DEFAULT:!SHA1:!SHA256:!SHA384";

/**
 * Where a pre-shared key is the only way to authenticate. In TLS 1.3 a key that is made from plain
 * bytes goes with SHA-256 (RFC 8446 4.2.11).
 */
const PSK_ALGORITHMS = {
  ciphers: "kECDHEPSK+CHACHA20:kDHEPSK+AESGCM:kPSK+AESGCM",
  cipherSuites: "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256",
};

/** An SSL_CTX that is being set up. */
export interface ContextTarget {
  readonly lib: OpenSsl;
  readonly ctx: Deno.PointerObject;
  readonly datagram: boolean;
}

/** The oldest and the newest version a context may agree on, as OpenSSL numbers them. */
export function versionRange(
  { datagram, minVersion, maxVersion }: TlsSettings & { datagram: boolean },
): readonly [oldest: number, newest: number] {
  const numbers = VERSIONS[datagram ? "dtls" : "tls"];
  const known = Object.values(numbers);
  return [
    minVersion ? numbers[minVersion]! : known[0]!,
    maxVersion ? numbers[maxVersion]! : known.at(-1)!,
  ];
}

/**
 * Sets the versions.
 *
 * @throws {RangeError} where the library does not know one
 */
export function applyVersions({ lib, ctx, datagram }: ContextTarget, settings: TlsSettings): void {
  const [oldest, newest] = versionRange({ ...settings, datagram });
  const set = (control: number, version: number, name: string) => {
    if (lib.SSL_CTX_ctrl(ctx, control, BigInt(version), null) === 1n) return;
    throw new RangeError(`Cannot use ${name}: ${lib.versionText} does not know it`);
  };
  set(SSL_CTRL.SET_MIN_PROTO_VERSION, oldest, `minVersion ${settings.minVersion}`);
  if (settings.maxVersion === undefined) return;
  set(SSL_CTRL.SET_MAX_PROTO_VERSION, newest, `maxVersion ${settings.maxVersion}`);
}

/**
 * Sets cipher suites and groups. What a program says is not shown in an error: it may be a key that
 * stands in the wrong place.
 *
 * @param keyAlone whether a pre-shared key is the only way to authenticate
 * @throws {OpenSslError} where the library knows none of them
 */
export function applyAlgorithms(
  { lib, ctx, datagram }: ContextTarget,
  settings: TlsSettings & DtlsSettings,
  keyAlone: boolean,
): void {
  const { groups, srtpProfiles } = settings;
  const usual = { ciphers: datagram ? DTLS_CIPHERS : undefined, cipherSuites: undefined };
  const otherwise = keyAlone ? PSK_ALGORITHMS : usual;
  const { ciphers = otherwise.ciphers, cipherSuites = otherwise.cipherSuites } = settings;
  if (ciphers !== undefined && lib.SSL_CTX_set_cipher_list(ctx, toCString(ciphers)) !== 1) {
    throw takeError(lib, "use the ciphers");
  }
  if (
    cipherSuites !== undefined && lib.SSL_CTX_set_ciphersuites(ctx, toCString(cipherSuites)) !== 1
  ) {
    throw takeError(lib, "use the cipherSuites");
  }
  // 0 is success here (SSL_CTX_set_tlsext_use_srtp(3)); a library can be built without it.
  const useSrtp = lib.SSL_CTX_set_tlsext_use_srtp;
  if (srtpProfiles !== undefined && useSrtp?.(ctx, toCString(srtpProfiles)) !== 0) {
    throw takeError(lib, "use the srtpProfiles");
  }
  if (groups !== undefined) {
    const list = toCString(groups);
    const done = lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_GROUPS_LIST, 0n, Deno.UnsafePointer.of(list));
    if (done !== 1n) throw takeError(lib, "use the groups");
  }
}

/** Sets whose certificate is asked for, and that it has to pass. */
export function applyVerification(
  { lib, ctx }: ContextTarget,
  clientCertificate: "none" | "request" | "require" | undefined,
  verifies: boolean,
): void {
  const { NONE, PEER, FAIL_IF_NO_PEER_CERT } = SSL_VERIFY;
  const mode = !verifies
    ? NONE
    : clientCertificate === "require"
    ? PEER | FAIL_IF_NO_PEER_CERT
    : PEER;
  lib.SSL_CTX_set_verify(ctx, mode, null);
}

/** Sets how a server lets its clients resume. */
export function applyResumption({ lib, ctx }: ContextTarget, settings: TlsServerSettings): void {
  const { sessionTickets = true, sessionCacheSize = SESSION_CACHE_SIZE, sessionTimeoutSeconds } =
    settings;
  // With client certificates, resumption fails without one (SSL_CTX_set_session_id_context(3)).
  const id = new TextEncoder().encode("netpairs");
  lib.SSL_CTX_set_session_id_context(ctx, id, id.length);
  if (!sessionTickets) lib.SSL_CTX_set_options(ctx, BigInt(SSL_OP.NO_TICKET));
  // A size of 0 would be no limit (SSL_CTX_sess_set_cache_size(3)).
  const mode = sessionCacheSize > 0 ? SSL_SESS_CACHE.SERVER : SSL_SESS_CACHE.OFF;
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_MODE, BigInt(mode), null);
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_SIZE, BigInt(sessionCacheSize), null);
  if (sessionTimeoutSeconds !== undefined) {
    lib.SSL_CTX_set_timeout(ctx, BigInt(sessionTimeoutSeconds));
  }
}
