/**
 * What each function of the DTLS library may be told.
 *
 * @module
 */
import { TlsContext } from "../common/openssl/context.ts";
import {
  CLIENT_CONTEXT,
  CONNECT,
  idleTimeoutMs,
  LISTEN,
  MTU,
  SERVER_CONTEXT,
} from "../common/openssl/settings_table.ts";
import { setting, type SettingsTable } from "../common/settings/check.ts";
import { instance } from "../common/settings/kinds.ts";
import type { ConnectDtlsOptions } from "./connect.ts";
import type { ListenDtlsOptions } from "./listen.ts";

/** A client that vanished is forgotten after that long, where nothing else is said. */
export const IDLE_TIMEOUT_MS = 300_000;

/** Settings of `connectDtls()`. */
export const CONNECT_DTLS: SettingsTable<ConnectDtlsOptions> = {
  ...CONNECT,
  ...CLIENT_CONTEXT.dtls,
  context: setting(
    instance("TlsContext", TlsContext, ({ closed }) => !closed),
    "made once by `dtlsContext()`",
    "none",
  ),
  mtu: MTU,
  idleTimeoutMs: idleTimeoutMs("Infinity"),
};

/** Settings of `listenDtls()`. */
export const LISTEN_DTLS: SettingsTable<ListenDtlsOptions> = {
  ...LISTEN,
  ...SERVER_CONTEXT.dtls,
  mtu: MTU,
  idleTimeoutMs: idleTimeoutMs(`${IDLE_TIMEOUT_MS}`),
};
