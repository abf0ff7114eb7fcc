/**
 * The settings of everything that makes a context, a connection or a listener: the one place that
 * says what each may be. The check, docs/settings.md and the tests come from here.
 *
 * @module
 */
import { certificateName } from "../base/addresses.ts";
import { checkSettings, type Setting, setting, type SettingsTable } from "../settings/check.ts";
import type { Kind } from "../settings/kind.ts";
import {
  callback,
  flag,
  hostText,
  instance,
  listOf,
  milliseconds,
  oneOf,
  orFunction,
  text,
  wholeNumber,
} from "../settings/kinds.ts";
import type { OnHandshakeMessage } from "../model/handshake_message.ts";
import { IDENTITY, ocspResponse, OWN, pemOrDer, TRUST } from "./identity_table.ts";
import { PEER } from "./peer_settings_table.ts";
import { checkTogether } from "./settings_together.ts";
import { MAX_IDENTITY_BYTES } from "./identity.ts";
import { PSK_IDENTITY } from "./psk_kinds.ts";
import type { PskChoice, PskIdentity } from "./psk_settings.ts";
import { SavedSession } from "./saved_session.ts";
import { TICKET_KEYS } from "./ticket_keys.ts";
import {
  type ConnectSettings,
  DEFAULT_MTU,
  type DtlsSettings,
  HANDSHAKE_TIMEOUT_MS,
  type ListenSettings,
  MAX_HANDSHAKES,
  MAX_HANDSHAKES_PER_ADDRESS,
  MAX_SESSIONS,
  SESSION_CACHE_SIZE,
  SESSION_TIMEOUT_SECONDS,
  type TlsClientSettings,
  type TlsServerSettings,
  type TlsSettings,
} from "./settings.ts";

/** Numbers that C takes as an int. */
const MAX_INT = 0x7fff_ffff;

const none = "none";

type Versions<T> = { tls: T; dtls: T };

/** The versions that each transport knows, oldest first. */
const VERSION_NAMES = {
  tls: ["TLSv1.2", "TLSv1.3"],
  dtls: ["DTLSv1.2", "DTLSv1.3"],
} as const;

const NEWEST = { tls: "the library's newest", dtls: "`minVersion`, as DTLSv1.3 is untested" };

const COMMON: Versions<SettingsTable<TlsSettings>> = {
  tls: common("tls"),
  dtls: common("dtls"),
};

function common(transport: "tls" | "dtls"): SettingsTable<TlsSettings> {
  const version = oneOf(VERSION_NAMES[transport]);
  const oldest = VERSION_NAMES[transport][0];
  return {
    library: setting(
      text({ what: "a file name or a path" }),
      "libssl to use; a process uses one",
      "what NETPAIRS_LIBSSL names, then the system's",
    ),
    caCerts: setting(
      listOf(pemOrDer("certificates")),
      "authorities that the peer's certificate may come from",
      "none: no system's own",
    ),
    ...TRUST,
    ...PEER,
    ...OWN,
    alpnProtocols: setting(
      listOf(text({ max: 255 })),
      "application protocols, the preferred one first",
      none,
    ),
    minVersion: setting(version, "oldest version to agree on", `"${oldest}"`),
    maxVersion: setting(version, "newest version to agree on", NEWEST[transport]),
    ciphers: setting(
      text({ what: "a list as in openssl-ciphers(1)" }),
      "cipher suites up to version 1.2",
      "AEAD suites with ECDHE; with a PSK, PSK suites alone",
    ),
    ccm8Ciphers: setting(
      flag(),
      "adds the suites of small devices, AES128-CCM8, whatever the security level",
      "false",
    ),
    cipherSuites: setting(
      text({ what: "a colon-separated list" }),
      "cipher suites of version 1.3",
      "the library's; with a PSK those of SHA-256",
    ),
    groups: setting(
      text({ what: "a colon-separated list" }),
      "key exchange groups",
      transport === "dtls"
        ? "X25519, P-256, P-384; P-521 beside P-521 certificates"
        : "X25519MLKEM768 where it is known, X25519, P-256, P-384; P-521 beside P-521 certificates",
    ),
    keyLog: setting(
      callback<(line: string) => void>(),
      "takes the lines of an NSS key log",
      "the file that SSLKEYLOGFILE names",
    ),
    onHandshakeMessage: setting(
      callback<OnHandshakeMessage>(),
      "told of every message of a handshake, alert and record",
      none,
    ),
  };
}

const DTLS_ALONE: SettingsTable<DtlsSettings> = {
  srtpProfiles: setting(
    text({ what: "a colon-separated list" }),
    "protection profiles for SRTP (RFC 5764)",
    none,
  ),
  retransmitAfterMs: setting(
    callback<(previousMs: number) => number>(),
    "how long a flight of the handshake waits for its answer, in milliseconds from 16",
    "1000, doubled each time up to 60000",
  ),
};

const CLIENT: SettingsTable<Omit<TlsClientSettings, keyof TlsSettings>> = {
  psk: setting(
    orFunction<PskIdentity, PskChoice>(PSK_IDENTITY),
    "pre-shared key, which authenticates both ends instead of certificates, or what chooses it by the server's hint",
    none,
  ),
  ocsp: setting(
    oneOf(["none", "request", "require"]),
    "whether the server is asked for what OCSP says of its certificate",
    '"none"',
  ),
  unsafelySkipVerification: setting(flag(), "believes any server", "false"),
};

const SERVER: SettingsTable<Omit<TlsServerSettings, keyof TlsSettings>> = {
  identities: setting(
    listOf(IDENTITY, 1),
    "several certificates, of which the name decides that a client asks for; instead of `cert`",
    none,
  ),
  ocspResponse,
  clientCertificate: setting(
    oneOf(["none", "request", "require"]),
    "whether a client has to show a certificate",
    '"none"; "require" with `peerFingerprints` or `verifyPeer`',
  ),
  pskLookup: setting(
    callback<NonNullable<TlsServerSettings["pskLookup"]>>(),
    "finds the pre-shared key of a client's identity; null refuses the client. Without `cert` the key is the only way in, with one it is another",
    none,
  ),
  pskHint: setting(
    text({ max: MAX_IDENTITY_BYTES }),
    "sent to clients so that they can choose their identity",
    none,
  ),
  sessionTickets: setting(
    flag(),
    "resumption by tickets; false keeps the sessions in the cache",
    "true",
  ),
  ticketKeys: setting(
    TICKET_KEYS,
    "keys that tickets are sealed with, the first one, and read, all of them; shared between listeners",
    "one of the listener's own",
  ),
  sessionCacheSize: setting(
    wholeNumber(0, MAX_INT, "sessions"),
    "sessions kept for clients to resume, where there are no tickets",
    `${SESSION_CACHE_SIZE}`,
  ),
  sessionTimeoutSeconds: setting(
    wholeNumber(1, MAX_INT, "seconds"),
    "how long a session can be resumed",
    `${SESSION_TIMEOUT_SECONDS}`,
  ),
};

/** Settings of a client's context, by transport. */
export const CLIENT_CONTEXT: {
  readonly tls: SettingsTable<TlsClientSettings>;
  readonly dtls: SettingsTable<TlsClientSettings & DtlsSettings>;
} = {
  tls: { ...COMMON.tls, ...CLIENT },
  dtls: { ...COMMON.dtls, ...CLIENT, ...DTLS_ALONE },
};

/** Settings of a server's context, by transport. */
export const SERVER_CONTEXT: {
  readonly tls: SettingsTable<TlsServerSettings>;
  readonly dtls: SettingsTable<TlsServerSettings & DtlsSettings>;
} = {
  tls: { ...COMMON.tls, ...SERVER },
  dtls: { ...COMMON.dtls, ...SERVER, ...DTLS_ALONE },
};

/** Longest handshake. */
export const handshakeTimeoutMs: Setting<number> = setting(
  milliseconds(1),
  "longest handshake",
  `${HANDSHAKE_TIMEOUT_MS}`,
);
/** What ends every wait. */
export const signal: Setting<AbortSignal> = setting(
  // Its getter refuses what is none.
  instance("AbortSignal", AbortSignal, ({ aborted }) => typeof aborted === "boolean"),
  "ends every wait when it is aborted",
  none,
);
const host: Kind<string> = hostText(({ text }) => text);
const sessions = wholeNumber(1, Number.MAX_SAFE_INTEGER, "sessions");

/** What a client says about the connection itself. */
export const CONNECT: SettingsTable<Omit<ConnectSettings, keyof TlsClientSettings>> = {
  hostname: setting(host, "name or address of the server", '"127.0.0.1"'),
  port: setting(wholeNumber(1, 65_535), "port of the server"),
  serverName: setting(
    hostText(certificateName),
    "name or address the certificate has to be for",
    "`hostname`",
  ),
  session: setting(
    instance("SavedSession", SavedSession, ({ closed }) => !closed),
    "a session to resume",
    none,
  ),
  handshakeTimeoutMs,
  signal,
  unsafelySkipNameCheck: setting(flag(), "believes a good certificate for any name", "false"),
};

/** What a server says about its clients. */
export const LISTEN: SettingsTable<Omit<ListenSettings, keyof TlsServerSettings>> = {
  hostname: setting(host, "address to listen on", '"0.0.0.0"'),
  port: setting(wholeNumber(0, 65_535), "port; 0 takes a free one"),
  handshakeTimeoutMs,
  maxSessions: setting(sessions, "sessions at a time", `${MAX_SESSIONS}`),
  maxSessionsPerAddress: setting(
    sessions,
    "sessions at a time from one IPv4 address, or one IPv6 network of 64 bits",
    "`maxSessions`",
  ),
  maxHandshakes: setting(
    sessions,
    "handshakes at a time that are not complete; the oldest gives way",
    `${MAX_HANDSHAKES}`,
  ),
  maxHandshakesPerAddress: setting(
    sessions,
    "of these from one address, counted as for `maxSessionsPerAddress`",
    `${MAX_HANDSHAKES_PER_ADDRESS}, or \`maxHandshakes\` where that is less`,
  ),
  signal,
  onError: setting(
    callback<NonNullable<ListenSettings["onError"]>>(),
    "told of every client whose handshake failed",
    none,
  ),
};

/** A UDP payload: under 256 OpenSSL cannot write a handshake; UDP sends 65507 at most (RFC 768). */
export const MTU: Setting<number> = setting(
  wholeNumber(256, 65_507, "bytes"),
  "longest UDP payload of handshake datagrams",
  `${DEFAULT_MTU}`,
);

/** For DTLS: how long a peer may say nothing. */
export function idleTimeoutMs(absent: string): Setting<number> {
  return setting(milliseconds(1), "longest silence of the peer", absent);
}

/** Which contexts a function can use, and what is said of others. */
export interface ContextUse {
  /** Completes "Cannot ...". */
  action: string;
  role: "client" | "server";
  datagram: boolean;
  /** Settings that belong into a context. */
  contextTable: object;
}

/**
 * Checks what a connection's end says: with a context of its own it says nothing that belongs into
 * one.
 *
 * @param table all of the function's settings
 * @throws {TypeError} naming the setting that is unknown, of the wrong kind or in the wrong place
 * @throws {RangeError} naming the setting whose value cannot be used
 */
export function checkInContext<T extends { context?: ContextFacts | undefined }>(
  table: SettingsTable<T>,
  options: unknown,
  { action, role, datagram, contextTable }: ContextUse,
): T {
  const settings = checkSettings(table, options, action);
  const { context } = settings;
  if (!context) {
    checkTogether(settings as TlsClientSettings & TlsServerSettings, action);
    return settings;
  }
  const inside = Object.keys(contextTable).find((name) => Object.hasOwn(settings, name));
  const refuse = (why: string) => {
    throw new TypeError(`Cannot ${action}: ${why}`);
  };
  if (inside) refuse(`${inside} belongs into the context, where there is one`);
  if (context.role !== role) refuse(`context is a ${context.role}'s`);
  if (context.datagram !== datagram) {
    refuse(`context is for ${datagram ? "TLS, not DTLS" : "DTLS, not TLS"}`);
  }
  return settings;
}

/** The same for what a client says that connects. */
export function checkConnect<T extends ConnectSettings & { context?: ContextFacts | undefined }>(
  table: SettingsTable<T>,
  options: unknown,
  datagram: boolean,
): T {
  const contextTable = CLIENT_CONTEXT[datagram ? "dtls" : "tls"];
  return checkInContext(table, options, {
    ...{ action: "connect", role: "client", datagram, contextTable },
  });
}

/** What is asked of a context. */
interface ContextFacts {
  readonly role: "client" | "server";
  readonly datagram: boolean;
}

/** The part of a function's checked settings that a context is made of. */
export function contextPart<T extends object>(table: object, settings: T): Partial<T> {
  const entries = Object.entries(settings).filter(([name]) => Object.hasOwn(table, name));
  return Object.fromEntries(entries) as Partial<T>;
}
