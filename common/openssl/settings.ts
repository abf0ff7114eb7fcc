/**
 * What a program may say about its TLS and DTLS connections, and how OpenSSL is told.
 *
 * @module
 */
import { SSL_CTRL, SSL_OP, SSL_SESS_CACHE, SSL_VERIFY, VERSION } from "./constants.ts";
import { takeError } from "./errors.ts";
import { type OpenSsl, toCString } from "./library.ts";
import type { SavedSession } from "./saved_session.ts";

/** Protocol versions, by the names OpenSSL gives them. */
export type TlsVersion = "TLSv1.2" | "TLSv1.3" | "DTLSv1.2" | "DTLSv1.3";

/** A key that both ends were given beforehand: RFC 4279, RFC 8446 2.2. */
export interface PskIdentity {
  /** Name under which the server finds the key: 1 to 128 bytes of UTF-8. */
  identity: string;
  /** The key: 1 to 64 bytes. */
  key: Uint8Array;
}

/** What clients and servers, TLS and DTLS have in common. Peers are verified, names are checked. */
export interface TlsSettings {
  /** Authorities that the peer's certificate may come from, PEM. */
  caCerts?: readonly string[];
  /** Own certificate, with the chain below the authority, PEM. */
  cert?: string;
  /** Own private key, PEM, not encrypted. */
  key?: string;
  /** Application protocols, the preferred one first: RFC 7301; 1 to 255 bytes each. */
  alpnProtocols?: readonly string[];
  /** Oldest version to agree on (default TLSv1.2, DTLSv1.2). */
  minVersion?: TlsVersion;
  /** Newest version to agree on (default the library's newest). */
  maxVersion?: TlsVersion;
  /** Cipher suites up to version 1.2, in the form of openssl-ciphers(1); on DTLS default AEAD ones. */
  ciphers?: string;
  /** Cipher suites of version 1.3, colon-separated: SSL_CTX_set_ciphersuites(3). */
  cipherSuites?: string;
  /** Key exchange groups, colon-separated, such as "X25519:P-256": SSL_CTX_set1_groups_list(3). */
  groups?: string;
  /**
   * Takes the lines of a key log, without line breaks, in the format that Wireshark reads. With
   * them everything can be deciphered. See SSL_CTX_set_keylog_callback(3).
   */
  keyLog?: (line: string) => void;
  /**
   * DTLS: how long to wait for an answer before a flight of the handshake is sent again, in
   * milliseconds from 16, given the wait before it (0 at first). Default: 1000, doubled each time
   * up to 60000 (RFC 6347 4.2.4.1). After 12 times the handshake fails.
   */
  retransmitAfterMs?: (previousMs: number) => number;
}

/** Settings of clients alone. */
export interface TlsClientSettings extends TlsSettings {
  /** Key to authenticate with instead of certificates. */
  psk?: PskIdentity;
  /** Believes any server. For tests only: the connection is open to whoever sits in between. */
  unsafelySkipVerification?: boolean;
}

/** Settings of servers alone. */
export interface TlsServerSettings extends TlsSettings {
  /** Whether a client has to show a certificate (default "none"). */
  clientCertificate?: "none" | "request" | "require";
  /** Finds the key of a client's identity; null refuses the client. */
  pskLookup?: (identity: string) => Uint8Array | null;
  /** Sent to clients so that they can choose their identity, up to version 1.2: 1 to 128 bytes. */
  pskHint?: string;
  /**
   * Whether clients are given what they need to resume: tickets, or with false the sessions are
   * kept here, in the cache (default true).
   */
  sessionTickets?: boolean;
  /** Sessions kept for clients to resume, where there are no tickets (default 20480, 0 for none). */
  sessionCacheSize?: number;
  /** How long a session can be resumed, in seconds (default 300 up to version 1.2, 7200 in 1.3). */
  sessionTimeoutSeconds?: number;
}

/** What clients say about the connection itself. */
export interface ConnectSettings extends TlsClientSettings {
  /** Name or address of the server (default "127.0.0.1"). */
  hostname?: string;
  /** Port of the server. */
  port: number;
  /** Name or address the server's certificate has to be for (default `hostname`). */
  serverName?: string;
  /** A session to resume; it stays the caller's. Where the server forgot it, nothing is lost. */
  session?: SavedSession;
  /** Longest handshake in milliseconds (default 10000). */
  handshakeTimeoutMs?: number;
  /** Ends every wait of the connection when it is aborted. */
  signal?: AbortSignal;
  /** Believes a good certificate for whatever name. For tests only. */
  unsafelySkipNameCheck?: boolean;
}

/** What servers say about their clients. */
export interface ListenSettings extends TlsServerSettings {
  /** Address to listen on (default "0.0.0.0"). */
  hostname?: string;
  /** Port; 0 takes a free one. */
  port: number;
  /** Longest handshake in milliseconds (default 10000). */
  handshakeTimeoutMs?: number;
  /** Sessions at most at a time (default 10000); clients beyond are refused. */
  maxSessions?: number;
  /** Sessions at most at a time from one address (default `maxSessions`). */
  maxSessionsPerAddress?: number;
  /** Ends every wait of the connections when it is aborted. */
  signal?: AbortSignal;
  /** Told of every client whose handshake failed; without it they are counted only. */
  onError?: (error: unknown, remoteAddr: Deno.NetAddr) => void;
}

/** What a listener has counted since it began. */
export interface ListenerCounters {
  /** Sessions that are open now. */
  sessions: number;
  /** Handshakes completed. */
  established: number;
  /** DTLS: clients asked to show that they are where they say. */
  cookies: number;
  /** Clients turned away because there were too many. */
  refused: number;
  /** Handshakes failed. */
  errors: number;
}

/** Longest handshake in milliseconds, where nothing else is said. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Sessions of a listener, where nothing else is said. */
export const MAX_SESSIONS = 10_000;

/** The versions that each transport knows. */
const VERSIONS: Readonly<Record<"tls" | "dtls", Readonly<Partial<Record<TlsVersion, number>>>>> = {
  tls: { "TLSv1.2": VERSION.TLS1_2, "TLSv1.3": VERSION.TLS1_3 },
  dtls: { "DTLSv1.2": VERSION.DTLS1_2, "DTLSv1.3": VERSION.DTLS1_3 },
};

/** SSL_SESSION_CACHE_MAX_SIZE_DEFAULT of openssl/ssl.h. */
const SESSION_CACHE_SIZE = 1024 * 20;

/**
 * DTLS takes AEAD suites alone where nothing else is said: with the others, OpenSSL lets a single
 * forged record end a session that authenticates after it encrypts.
 */
const DTLS_CIPHERS = "DEFAULT:!SHA1:!SHA256:!SHA384";

/** An SSL_CTX that is being set up. */
export interface ContextTarget {
  readonly lib: OpenSsl;
  readonly ctx: Deno.PointerObject;
  readonly datagram: boolean;
}

/**
 * Sets the versions.
 *
 * @throws {RangeError} where the transport or the library does not know one
 */
export function applyVersions(target: ContextTarget, settings: TlsSettings): void {
  const transport = target.datagram ? "dtls" : "tls";
  const oldest = target.datagram ? "DTLSv1.2" : "TLSv1.2";
  const set = (control: number, version: TlsVersion) => {
    const number = VERSIONS[transport][version];
    const { lib, ctx } = target;
    const done = number !== undefined && lib.SSL_CTX_ctrl(ctx, control, BigInt(number), null);
    if (done !== 1n) {
      const names = Object.keys(VERSIONS[transport]).join(" or ");
      throw new RangeError(
        `Cannot use the version ${version}: ${names} can be asked for, as far as the library has it`,
      );
    }
  };
  set(SSL_CTRL.SET_MIN_PROTO_VERSION, settings.minVersion ?? oldest);
  if (settings.maxVersion) set(SSL_CTRL.SET_MAX_PROTO_VERSION, settings.maxVersion);
}

/**
 * Sets cipher suites and groups.
 *
 * @throws {OpenSslError} where the library knows none of them
 */
export function applyAlgorithms(
  { lib, ctx, datagram }: ContextTarget,
  settings: TlsSettings,
): void {
  const { cipherSuites, groups } = settings;
  const ciphers = settings.ciphers ?? (datagram ? DTLS_CIPHERS : undefined);
  if (ciphers !== undefined && lib.SSL_CTX_set_cipher_list(ctx, toCString(ciphers)) !== 1) {
    throw takeError(lib, `use the ciphers ${ciphers}`);
  }
  if (
    cipherSuites !== undefined && lib.SSL_CTX_set_ciphersuites(ctx, toCString(cipherSuites)) !== 1
  ) {
    throw takeError(lib, `use the cipher suites ${cipherSuites}`);
  }
  if (groups !== undefined) {
    const list = toCString(groups);
    const done = lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_GROUPS_LIST, 0n, Deno.UnsafePointer.of(list));
    if (done !== 1n) throw takeError(lib, `use the groups ${groups}`);
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

/**
 * Sets how a server lets its clients resume.
 *
 * @throws {RangeError} where a number cannot be used
 */
export function applyResumption({ lib, ctx }: ContextTarget, settings: TlsServerSettings): void {
  const { sessionTickets = true, sessionCacheSize = SESSION_CACHE_SIZE, sessionTimeoutSeconds } =
    settings;
  checkCount("session cache size", sessionCacheSize, 0);
  // With client certificates, resumption fails without one (SSL_CTX_set_session_id_context(3)).
  const id = new TextEncoder().encode("netpairs");
  lib.SSL_CTX_set_session_id_context(ctx, id, id.length);
  if (!sessionTickets) lib.SSL_CTX_set_options(ctx, BigInt(SSL_OP.NO_TICKET));
  // A size of 0 would be no limit (SSL_CTX_sess_set_cache_size(3)).
  const mode = sessionCacheSize > 0 ? SSL_SESS_CACHE.SERVER : SSL_SESS_CACHE.OFF;
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_MODE, BigInt(mode), null);
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_SIZE, BigInt(sessionCacheSize), null);
  if (sessionTimeoutSeconds !== undefined) {
    checkCount("session timeout", sessionTimeoutSeconds, 1);
    lib.SSL_CTX_set_timeout(ctx, BigInt(sessionTimeoutSeconds));
  }
}

function checkCount(what: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= 0x7fffffff) return;
  throw new RangeError(`Cannot use a ${what} of ${value}: a whole number from ${min} is wanted`);
}
