/**
 * What each function of the TLS library may be told.
 *
 * @module
 */
import { TlsContext } from "../common/openssl/context.ts";
import {
  CLIENT_CONTEXT,
  CONNECT,
  LISTEN,
  SERVER_CONTEXT,
} from "../common/openssl/settings_table.ts";
import { setting, type SettingsTable } from "../common/settings/check.ts";
import { instance } from "../common/settings/kinds.ts";
import type { ConnectTlsOptions } from "./connect.ts";
import type { ListenTlsOptions } from "./listen.ts";

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
