/**
 * What each function of the TLS library may be told.
 *
 * @module
 */
import type { ConnectSettings, ListenSettings } from "../../common/openssl/settings.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import {
  CLIENT_CONTEXT,
  CONNECT,
  LISTEN,
  SERVER_CONTEXT,
} from "../../common/openssl/settings_table.ts";
import { setting, type SettingsTable } from "../../common/settings/check.ts";
import { instance } from "../../common/settings/kinds.ts";

/** Settings of `connectTls()`. */
export const CONNECT_TLS: SettingsTable<ConnectTlsOptions> = {
  ...CONNECT,
  ...CLIENT_CONTEXT.tls,
  context: setting(
    instance("TlsContext", TlsContext, ({ closed }) => !closed),
    "made once by `tlsContext()`",
    "none",
  ),
};

/** Settings of `listenTls()`. */
export const LISTEN_TLS: SettingsTable<ListenTlsOptions> = { ...LISTEN, ...SERVER_CONTEXT.tls };

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
export type ListenTlsOptions = ListenSettings;
