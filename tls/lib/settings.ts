/**
 * What each function of the TLS library may be told.
 *
 * @module
 */
import type {
  ConnectSettings,
  ListenSettings,
  TlsClientSettings,
  TlsServerSettings,
} from "../../common/openssl/settings.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import type { SavedSession } from "../../common/openssl/saved_session.ts";
import {
  CLIENT_CONTEXT,
  CONNECT,
  handshakeTimeoutMs,
  LISTEN,
  SERVER_CONTEXT,
  signal,
} from "../../common/openssl/settings_table.ts";
import { type Setting, setting, type SettingsTable } from "../../common/settings/check.ts";
import { flag, instance, refused } from "../../common/settings/kinds.ts";

const unset = (what: string) =>
  setting(
    refused("cannot be set on TCP: Deno's TCP sockets have no setting for it"),
    what,
    "the system's",
  );

/** What the sockets of DTLS can be set to, and Deno's of TCP cannot. */
const SOCKET_OPTIONS: Readonly<Record<string, Setting<never>>> = {
  receiveBufferBytes: unset("size of the socket's receive buffer"),
  sendBufferBytes: unset("size of the socket's send buffer"),
  ttl: unset("routers that a packet may pass and be delivered"),
  tos: unset("traffic class of the IP header"),
};

const CLIENT_ALONE: Readonly<Record<string, Setting<never>>> = {
  localAddr: setting(
    refused("cannot be chosen on TCP: Deno.connect() has no setting for it"),
    "this end's own address",
    "the system's choice",
  ),
  reusePort: setting(
    refused("is a listener's: Deno.connect() takes a free port"),
    "lets several listeners have one port",
    "false",
  ),
};

/** Settings of `connectTls()`. */
export const CONNECT_TLS: SettingsTable<ConnectTlsOptions> = {
  ...CONNECT,
  ...CLIENT_CONTEXT.tls,
  context: setting(
    instance("TlsContext", TlsContext, ({ closed }) => !closed),
    "made once by `tlsContext()`",
    "none",
  ),
  ...SOCKET_OPTIONS,
  ...CLIENT_ALONE,
};

const { serverName, session, unsafelySkipNameCheck } = CONNECT;

/** Settings of `startTls()`. */
export const START_TLS: SettingsTable<StartTlsOptions> = {
  ...CLIENT_CONTEXT.tls,
  ...{ serverName, session, unsafelySkipNameCheck, handshakeTimeoutMs, signal },
  context: CONNECT_TLS.context,
};

/** Settings of `acceptTls()`. */
export const ACCEPT_TLS: SettingsTable<AcceptTlsOptions> = {
  ...SERVER_CONTEXT.tls,
  ...{ handshakeTimeoutMs, signal },
  context: setting(
    instance("TlsContext", TlsContext, ({ closed }) => !closed),
    "made once for many connections, with the role of a server",
    "none",
  ),
};

/** Settings of `listenTls()`. */
export const LISTEN_TLS: SettingsTable<ListenTlsOptions> = {
  ...LISTEN,
  ...SERVER_CONTEXT.tls,
  reusePort: setting(flag(), "lets other listeners that say so have the same port", "false"),
  ...SOCKET_OPTIONS,
};

/**
 * Settings of `connectTls()`.
 *
 * @example
 * ```ts
 * import { connectTls, listenTls, tlsContext } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const accepted = listener.accept();
 * using context = tlsContext({ psk, maxVersion: "TLSv1.2" });
 * const options: ConnectTlsOptions = { port: listener.addr.port, context };
 * await using conn = await connectTls(options);
 * await conn.handshake();
 * if (conn.info.version !== "TLSv1.2") throw new Error(conn.info.version);
 * (await accepted)?.abandon();
 * ```
 */
export interface ConnectTlsOptions extends ConnectSettings {
  /**
   * Made once by {@linkcode tlsContext} for many connections; certificates, keys and algorithms are
   * its settings then, and refused here.
   */
  context?: TlsContext | undefined;
}

/**
 * Settings of `startTls()`.
 *
 * @example
 * ```ts
 * import { tlsContext } from "../mod.ts";
 *
 * using context = tlsContext({ minVersion: "TLSv1.3" });
 * const options: StartTlsOptions = { context, serverName: "mail.example" };
 * if (options.session) throw new Error("there is none to resume");
 * ```
 */
export interface StartTlsOptions extends TlsClientSettings {
  /**
   * Made once by {@linkcode tlsContext} for many connections; certificates, keys and algorithms are
   * its settings then, and refused here.
   */
  context?: TlsContext | undefined;
  /**
   * Name or address that the server's certificate has to be for. It has to be there, unless something
   * else says who the server is: `psk`, `peerFingerprints`, or `unsafelySkipNameCheck`.
   */
  serverName?: string | undefined;
  /** A session to resume; it stays the caller's. Where the server forgot it, nothing is lost. */
  session?: SavedSession | undefined;
  /** Longest handshake in milliseconds, from the first call that needs it (default 10000). */
  handshakeTimeoutMs?: number | undefined;
  /** Ends every wait of the connection when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Believes a good certificate for whatever name. For tests only. */
  unsafelySkipNameCheck?: boolean | undefined;
}

/**
 * Settings of `acceptTls()`.
 *
 * @example
 * ```ts
 * import { TlsContext } from "../mod.ts";
 *
 * const pskLookup = () => new Uint8Array(32).fill(7);
 * using context = new TlsContext({ role: "server", datagram: false, pskLookup });
 * const options: AcceptTlsOptions = { context, handshakeTimeoutMs: 5000 };
 * if (options.signal) throw new Error("there is none");
 * ```
 */
export interface AcceptTlsOptions extends TlsServerSettings {
  /**
   * Made once with `new TlsContext({ role: "server", datagram: false, ... })` for many connections;
   * certificates, keys and algorithms are its settings then, and refused here.
   */
  context?: TlsContext | undefined;
  /** Longest handshake in milliseconds, from the first call that needs it (default 10000). */
  handshakeTimeoutMs?: number | undefined;
  /** Ends every wait of the connection when it is aborted. */
  signal?: AbortSignal | undefined;
}

/**
 * Settings of `listenTls()`.
 *
 * @example
 * ```ts
 * import { connectTls, listenTls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * const options: ListenTlsOptions = { port: 0, pskLookup: () => psk.key, alpnProtocols: ["h2"] };
 * await using listener = listenTls({ hostname: "127.0.0.1", ...options });
 * const accepted = listener.accept();
 * const alpnProtocols = ["http/1.1", "h2"];
 * await using conn = await connectTls({ port: listener.addr.port, psk, alpnProtocols });
 * await conn.handshake();
 * if (conn.info.alpnProtocol !== "h2") throw new Error(`${conn.info.alpnProtocol}`);
 * (await accepted)?.abandon();
 * ```
 */
export interface ListenTlsOptions extends ListenSettings {
  /**
   * Lets other listeners that say so, in this program or another of the same user, have the same port
   * (default false): on Linux new clients are shared out among them (SO_REUSEPORT of socket(7)). Deno
   * wants `--unstable-net` for it.
   */
  reusePort?: boolean | undefined;
}
