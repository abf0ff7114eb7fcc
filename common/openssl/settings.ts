/**
 * What a program may say about its TLS and DTLS connections.
 *
 * @module
 */
import type { OnHandshakeMessage } from "../model/handshake_message.ts";
import type {
  OwnCertificate,
  PemOrDer,
  ServerIdentity,
  TrustSettings,
} from "./identity_settings.ts";
import type { PeerSettings } from "./peer_settings.ts";
import type { PskChoice, PskIdentity, PskKey } from "./psk_settings.ts";
import type { SavedSession } from "./saved_session.ts";

/**
 * Protocol versions, by the names OpenSSL gives them (SSL_get_version(3)): RFC 5246, RFC 8446, RFC
 * 6347, RFC 9147. TLS knows the first two, DTLS the others as far as the library has them.
 *
 * @example
 * ```ts
 * import { tlsContext } from "../../tls/mod.ts";
 *
 * const oldest: TlsVersion = "TLSv1.3";
 * using context = tlsContext({ minVersion: oldest });
 * if (context.datagram) throw new Error("it is for TLS");
 * ```
 */
export type TlsVersion = "TLSv1.2" | "TLSv1.3" | "DTLSv1.2" | "DTLSv1.3";

/**
 * What clients and servers, TLS and DTLS have in common. Peers are verified, names are checked.
 * Texts are copied when the context is made. A function among the settings may call everything, the
 * end of the connection it is called for included, which is freed when the function has returned.
 *
 * @example
 * ```ts
 * import { tlsContext } from "../../tls/mod.ts";
 *
 * const settings: TlsSettings = {
 *   minVersion: "TLSv1.3",
 *   groups: "X25519:P-256",
 *   alpnProtocols: ["h2", "http/1.1"],
 * };
 * using context = tlsContext(settings);
 * if (context.role !== "client") throw new Error(context.role);
 * ```
 */
export interface TlsSettings extends OwnCertificate, TrustSettings, PeerSettings {
  /**
   * File name or path of the libssl to use (default what NETPAIRS_LIBSSL names, then the system's).
   * A process uses one: the first connection decides.
   */
  library?: string | undefined;
  /**
   * Authorities that the peer's certificate may come from (default none). A server says
   * `clientCertificate` beside them; with "none" they complete its own chain alone.
   */
  caCerts?: readonly PemOrDer[] | undefined;
  /** Application protocols, the preferred one first: RFC 7301; 1 to 255 bytes each. */
  alpnProtocols?: readonly string[] | undefined;
  /** Oldest version to agree on (default TLSv1.2, DTLSv1.2). */
  minVersion?: TlsVersion | undefined;
  /**
   * Newest version to agree on; default TLS: the library's newest, DTLS: `minVersion`. DTLSv1.3,
   * which libssl has from 4.1 on, is untested, and agreed on only where it is named.
   */
  maxVersion?: TlsVersion | undefined;
  /**
   * Cipher suites up to version 1.2, in the form of openssl-ciphers(1); default AEAD ones with ECDHE.
   * Those below the library's security level (SSL_CTX_set_security_level(3)) are not used: where none
   * is left, that is refused.
   */
  ciphers?: string | undefined;
  /**
   * Adds the suites of small devices at the end of `ciphers`, up to version 1.2: with a pre-shared key
   * TLS_PSK_WITH_AES_128_CCM_8 (RFC 6655), which CoAP asks for (RFC 7252 9.1.3.1), with certificates
   * TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 (RFC 7251). They are there whatever the library's security
   * level is: newer libraries count their tag of 8 bytes as 64 bits of security, and would refuse them.
   * Nothing else comes in with them; DHE in `ciphers`, whose group the level alone judges, is refused
   * beside them. A forged record is taken with a probability of 2^-64; plain PSK has no forward
   * secrecy: who gets the key later can read what was recorded (default false).
   */
  ccm8Ciphers?: boolean | undefined;
  /** Cipher suites of version 1.3, colon-separated: SSL_CTX_set_ciphersuites(3). */
  cipherSuites?: string | undefined;
  /**
   * Key exchange groups, colon-separated, such as "X25519:P-256": SSL_CTX_set1_groups_list(3). One
   * that the library lacks, or that no version of the connection can use, is refused. Up to
   * version 1.2 the curves of both ends' certificates have to be among them (RFC 8422 5.1). Default
   * X25519MLKEM768 on TLS, where the library has it, X25519, P-256, P-384, and P-521 where the own
   * certificate or an authority is on it. Groups of finite fields, such as ffdhe8192, let unknown clients
   * keep a server busy.
   */
  groups?: string | undefined;
  /**
   * Takes the lines of a key log, without line breaks, in the format that Wireshark reads. With
   * them everything can be deciphered. See SSL_CTX_set_keylog_callback(3). Default: they are
   * appended to the file that SSLKEYLOGFILE names, where reading that variable and writing the file
   * are permitted. Where it throws, the handshake fails.
   */
  keyLog?: ((line: string) => void) | undefined;
  /**
   * Told of every handshake message, change_cipher_spec, alert and record of application data that is
   * sent or received, in order: SSL_CTX_set_msg_callback(3). It is called when the step that they
   * belong to is done, and what it throws is written to stderr. A DTLS server is told of a cookie's
   * exchange once the client has returned it, if no other client's came between. What is received is
   * told as it comes: on DTLS records of epoch 0 can be forged, also after the handshake.
   */
  onHandshakeMessage?: OnHandshakeMessage | undefined;
}

/**
 * What DTLS clients and servers have besides.
 *
 * @example
 * ```ts
 * import { dtlsContext } from "../../dtls/mod.ts";
 *
 * const settings: DtlsSettings = { srtpProfiles: "SRTP_AEAD_AES_128_GCM" };
 * using context = dtlsContext(settings);
 * if (!context.datagram) throw new Error("it is for DTLS");
 * ```
 */
export interface DtlsSettings {
  /**
   * Protection profiles for SRTP, colon-separated, the preferred one first, such as
   * "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80": RFC 5764, SSL_CTX_set_tlsext_use_srtp(3).
   */
  srtpProfiles?: string | undefined;
  /**
   * How long to wait for an answer before a flight of the handshake is sent again, in
   * milliseconds from 16, given the wait before it (0 at first). Default: 1000, doubled each time
   * up to 60000 (RFC 6347 4.2.4.1). After 12 times the handshake fails, and so it does where this
   * throws or returns anything else.
   */
  retransmitAfterMs?: ((previousMs: number) => number) | undefined;
}

/**
 * Settings of clients alone.
 *
 * @example
 * ```ts
 * import { dtlsContext } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * const settings: TlsClientSettings = { psk, ciphers: "PSK+AESGCM" };
 * using context = dtlsContext(settings);
 * if (context.role !== "client") throw new Error(context.role);
 * ```
 */
export interface TlsClientSettings extends TlsSettings {
  /**
   * Key that authenticates both ends, instead of certificates: with it PSK suites alone are offered,
   * and a server that does not know the key is refused. It goes without `caCerts`, `cert` and
   * `unsafelySkipVerification`. A function chooses it by the server's hint; what it throws, and a
   * result of another kind, fails the handshake, and its sessions are resumed with the same context
   * alone. See SSL_CTX_set_psk_client_callback(3).
   */
  psk?: PskIdentity | PskChoice | undefined;
  /**
   * Whether the server is asked what its authority's OCSP responder says of its certificate (RFC 6066
   * 8, default "none"). Where it says that the certificate is revoked or unknown, where its word is out
   * of date or not the authority's, the server is refused; "require" refuses a server that has nothing
   * to say, too. `info.ocspResponse` has it. Sessions that are resumed are not asked again.
   */
  ocsp?: "none" | "request" | "require" | undefined;
  /** Believes any server. For tests only: any program in between can read and change all. */
  unsafelySkipVerification?: boolean | undefined;
}

/**
 * Settings of servers alone.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const keys = new Map([["sensor-7", new Uint8Array(32).fill(7)]]);
 * const settings: TlsServerSettings = { pskLookup: (identity) => keys.get(identity) ?? null };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...settings });
 * const psk = { identity: "sensor-7", key: keys.get("sensor-7")! };
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * if (conn.info.peerCertificate) throw new Error("the key alone was to do");
 * ```
 */
export interface TlsServerSettings extends TlsSettings {
  /**
   * Several certificates, instead of `cert` and `key`: which one a client is shown, the name decides
   * that it asks for. A client that asks for none of their names, or says none, is shown that of the
   * identity without `names`; where there is none it is refused (unrecognized_name,
   * missing_extension), unless it has a pre-shared key.
   */
  identities?: readonly ServerIdentity[] | undefined;
  /** As in {@linkcode ServerIdentity}, where there is one certificate. */
  ocspResponse?: ServerIdentity["ocspResponse"];
  /**
   * Whether a client has to show a certificate (default "none"; "require" with `peerFingerprints` or
   * `verifyPeer`): SSL_CTX_set_verify(3).
   */
  clientCertificate?: "none" | "request" | "require" | undefined;
  /**
   * Finds the key of a client's identity, 1 to 64 bytes, copied; null or undefined refuses the
   * client. Without `cert` it is the only way in; with one a client may use either, and
   * `info.pskIdentity` says which. It is asked once a handshake, and again when a session is resumed,
   * so that a key that was taken back, or changed, lets no client in. What it throws, and a result of
   * another kind, fails the handshake, and is told as that handshake's error.
   *
   * It may promise the key: the handshake waits for it, while `handshakeTimeoutMs` runs on, and other
   * clients are served. OpenSSL itself cannot wait; the identity is read before it is asked. Where a
   * client sends more than four, a promise for the others is refused; it is asked for 16 at most.
   *
   * An identity is bytes (RFC 4279 5.1). Those that are no UTF-8 stand in the text as code units from
   * U+DC80 to U+DCFF, which no other text has; `bytes`, a copy, has them as they came. Identities with
   * a zero byte are nobody's. See SSL_CTX_set_psk_server_callback(3).
   */
  pskLookup?: (identity: string, bytes: Uint8Array<ArrayBuffer>) => PskKey | Promise<PskKey>;
  /** Sent to clients so that they can choose their identity, up to version 1.2: 1 to 128 bytes. */
  pskHint?: string | undefined;
  /**
   * Whether clients are given what they need to resume: tickets, or with false the sessions are
   * kept here, in the cache (default true).
   */
  sessionTickets?: boolean | undefined;
  /**
   * Keys that tickets are sealed with, 80 random bytes each: all listeners that have them resume each
   * other's sessions, in other processes and after a restart, too. The first one seals; tickets of the
   * others are read and, up to version 1.2, replaced by new ones (in 1.3 all are). To rotate: put a new
   * key last everywhere, then first everywhere, and take the old one away when
   * `sessionTimeoutSeconds` is over; see `setTicketKeys()`. Who has a key reads what is resumed with
   * its tickets up to version 1.2, and passes for any client: change them daily, and write them to no
   * disk. They hold for the same `clientCertificate`, `caCerts`, ciphers and pre-shared keys; give them
   * to listeners of the same names alone. Default: the listener's own, a new one a day (see docs/rfc9325.md).
   */
  ticketKeys?: readonly (ArrayBuffer | ArrayBufferView)[] | undefined;
  /** Sessions kept for clients to resume, where there are no tickets (default 20480, 0 for none). */
  sessionCacheSize?: number | undefined;
  /** How long a session can be resumed, in seconds (default 7200). */
  sessionTimeoutSeconds?: number | undefined;
}

/**
 * What clients say about the connection itself.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const stop = new AbortController();
 * const { signal } = stop;
 * const settings: ConnectSettings = { port: listener.addr.port, psk, signal };
 * await using conn = await connectDtls(settings);
 * const waiting = conn.receive().catch((error) => error);
 * stop.abort();
 * if (await waiting !== signal.reason) throw new Error("it was to be aborted");
 * ```
 */
export interface ConnectSettings extends TlsClientSettings {
  /** Name or address of the server (default "127.0.0.1"). */
  hostname?: string | undefined;
  /** Port of the server, 1 to 65535. */
  port: number;
  /** Name or address the server's certificate has to be for (default `hostname`). */
  serverName?: string | undefined;
  /** A session to resume; it stays the caller's. Where the server forgot it, nothing is lost. */
  session?: SavedSession | undefined;
  /** Longest handshake in milliseconds (default 10000). */
  handshakeTimeoutMs?: number | undefined;
  /** Ends every wait of the connection when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Believes a good certificate for whatever name. For tests only. */
  unsafelySkipNameCheck?: boolean | undefined;
}

/**
 * What servers say about their clients.
 *
 * @example
 * ```ts
 * import { connectTls, listenTls } from "../../tls/mod.ts";
 *
 * const { promise: refused, resolve: onError } = Promise.withResolvers<unknown>();
 * const settings: ListenSettings = { port: 0, pskLookup: () => null, onError };
 * await using listener = listenTls({ hostname: "127.0.0.1", ...settings });
 * const accepted = listener.accept();
 * const psk = { identity: "unknown", key: new Uint8Array(32) };
 * await using conn = await connectTls({ port: listener.addr.port, psk });
 * await conn.handshake().catch(() => {});
 * if (!(await refused instanceof Error)) throw new Error("the server does not know that key");
 * (await accepted)?.abandon();
 * ```
 */
export interface ListenSettings extends TlsServerSettings {
  /** Address to listen on (default "0.0.0.0"). */
  hostname?: string | undefined;
  /** Port; 0 takes a free one. */
  port: number;
  /** Longest handshake in milliseconds (default 10000). */
  handshakeTimeoutMs?: number | undefined;
  /**
   * Established sessions at most at a time, from 1 (default 10000). Clients beyond are refused: on
   * TLS their connection is closed, on DTLS they get no answer.
   */
  maxSessions?: number | undefined;
  /** Of these from one IPv4 address, or one IPv6 network of 64 bits (default `maxSessions`). */
  maxSessionsPerAddress?: number | undefined;
  /**
   * Handshakes at most at a time that are not complete, from 1 (default 2048). Where there are too
   * many, the oldest one ends: see {@linkcode ListenerCounters.displaced}.
   */
  maxHandshakes?: number | undefined;
  /** Of these from one address or network, as with `maxSessionsPerAddress` (default 128). */
  maxHandshakesPerAddress?: number | undefined;
  /** When it is aborted, no more clients are taken, and every wait of the connections ends. */
  signal?: AbortSignal | undefined;
  /**
   * Told of every client whose handshake failed; without it they are counted only. What it throws is
   * written to stderr.
   */
  onError?: ((error: unknown, remoteAddr: Deno.NetAddr) => void) | undefined;
}

/**
 * What a listener has counted since it began.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * const counters: ListenerCounters = listener.counters;
 * if (counters.cookies < 1 || counters.sessions !== 1) throw new Error("one client has come");
 * ```
 */
export interface ListenerCounters {
  /** Sessions that are open now. */
  sessions: number;
  /** Handshakes completed. */
  established: number;
  /** DTLS: clients asked to show that they are where they say (RFC 6347 4.2.1). */
  cookies: number;
  /** Clients turned away because there were too many sessions. */
  refused: number;
  /** Handshakes that were ended because there were too many: the oldest gives way to a new one. */
  displaced: number;
  /** Handshakes failed. */
  errors: number;
}

/** Longest handshake in milliseconds, where nothing else is said. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * UDP payload that handshake datagrams keep to, where nothing else is said: fits Ethernet's 1500
 * bytes less an IPv6 header (40) and a UDP header (8), with room for a tunnel's.
 */
export const DEFAULT_MTU = 1400;

/** Sessions in a server's cache: SSL_SESSION_CACHE_MAX_SIZE_DEFAULT of openssl/ssl.h. */
export const SESSION_CACHE_SIZE = 1024 * 20;

/** Seconds in which a session can be resumed, where nothing else is said: RFC 9325 3.4. */
export const SESSION_TIMEOUT_SECONDS = 7200;

/** Handshakes of a listener that are not complete, where nothing else is said. */
export const MAX_HANDSHAKES = 2048;

/** The same from one address. */
export const MAX_HANDSHAKES_PER_ADDRESS = 128;

/** Sessions of a listener, where nothing else is said. */
export const MAX_SESSIONS = 10_000;

/**
 * Settings of a context, and which end of which transport its sessions are.
 *
 * @example
 * ```ts
 * import { TlsContext } from "./context.ts";
 *
 * const options: TlsContextOptions = { role: "server", datagram: true, pskLookup: () => null };
 * using context = new TlsContext(options);
 * if (!context.datagram) throw new Error("it is for DTLS");
 * ```
 */
export type TlsContextOptions =
  & {
    /** True for DTLS over datagrams, false for TLS over a stream. */
    datagram: boolean;
  }
  & (({ role: "client" } & TlsClientSettings) | ({ role: "server" } & TlsServerSettings))
  & DtlsSettings;
