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
import { instance, wholeNumber } from "../common/settings/kinds.ts";
import { INBOX_BYTES } from "./carrier.ts";
import type { ConnectDtlsOptions } from "./connect.ts";
import type { ListenDtlsOptions } from "./listen.ts";

/** A client that vanished is forgotten after that long, where nothing else is said. */
export const IDLE_TIMEOUT_MS = 300_000;

const inboxBytes = setting(
  wholeNumber(1, Number.MAX_SAFE_INTEGER, "bytes"),
  "what a connection keeps of messages that nobody receives",
  `${INBOX_BYTES}`,
);

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
  inboxBytes,
};

/** Settings of `listenDtls()`. */
export const LISTEN_DTLS: SettingsTable<ListenDtlsOptions> = {
  ...LISTEN,
  ...SERVER_CONTEXT.dtls,
  mtu: MTU,
  idleTimeoutMs: idleTimeoutMs(`${IDLE_TIMEOUT_MS}`),
  inboxBytes,
};
