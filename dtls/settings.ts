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
import { LISTENER_BUFFER_BYTES } from "../common/posix/receive_buffer.ts";
import type { ConnectDtlsOptions } from "./connect.ts";
import type { ListenDtlsOptions } from "./listen.ts";

/** A client that vanished is forgotten after that long, where nothing else is said. */
export const IDLE_TIMEOUT_MS = 300_000;

const inboxBytes = setting(
  wholeNumber(1, Number.MAX_SAFE_INTEGER, "bytes"),
  "what a connection keeps of messages that nobody receives",
  `${INBOX_BYTES}`,
);

function receiveBufferBytes(absent: string) {
  return setting(
    // As C's int has it; Linux doubles it.
    wholeNumber(1, 2 ** 30 - 1, "bytes"),
    "size of the socket's receive buffer that the system is asked for",
    absent,
  );
}

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
  receiveBufferBytes: receiveBufferBytes("the system's"),
};

/** Settings of `listenDtls()`. */
export const LISTEN_DTLS: SettingsTable<ListenDtlsOptions> = {
  ...LISTEN,
  ...SERVER_CONTEXT.dtls,
  mtu: MTU,
  idleTimeoutMs: idleTimeoutMs(`${IDLE_TIMEOUT_MS}`),
  inboxBytes,
  receiveBufferBytes: receiveBufferBytes(`${LISTENER_BUFFER_BYTES}`),
};
