/**
 * What one session may be told.
 *
 * @module
 */
import { certificateName } from "../base/addresses.ts";
import { checkSettings, checkValue, setting, type SettingsTable } from "../settings/check.ts";
import type { Kind } from "../settings/kind.ts";
import { flag, hostText, instance, refused } from "../settings/kinds.ts";
import { TlsContext } from "./context.ts";
import { SavedSession } from "./saved_session.ts";
import { MTU } from "./settings_table.ts";

/**
 * Settings of one session.
 *
 * @example
 * ```ts
 * import { TlsContext, TlsSession } from "../secure/core.ts";
 *
 * using context = new TlsContext({ role: "client", datagram: true });
 * const options: TlsSessionOptions = { serverName: "sensor.example", mtu: 512 };
 * using session = new TlsSession(context, options);
 * session.handshake();
 * session.drain((datagram) => {
 *   if (datagram.length > 512) throw new Error("it was to be short");
 * });
 * ```
 */
export interface TlsSessionOptions {
  /**
   * Client: name or address that the server's certificate has to be for. It has to be there, unless
   * something else says who the server is: a context with `psk` or with fingerprints, or `unsafelySkipNameCheck`.
   */
  serverName?: string | undefined;
  /**
   * Client: a session to resume; it stays the caller's. Where the server does not want it, the
   * handshake is a full one.
   */
  session?: SavedSession | undefined;
  /** Client: sends the name and believes a good certificate for whatever name. For tests only. */
  unsafelySkipNameCheck?: boolean | undefined;
  /** DTLS: longest UDP payload of the handshake in bytes, 256 to 65507 (default 1400). */
  mtu?: number | undefined;
}

/** A context that can be used. */
export const CONTEXT: Kind<TlsContext> = instance(
  "TlsContext",
  TlsContext,
  ({ closed }) => !closed,
);

const CLIENT = {
  serverName: setting(
    hostText(certificateName),
    "name or address the certificate has to be for",
    "none: it has to be there, unless the context has a `psk` or fingerprints",
  ),
  session: setting(
    instance("SavedSession", SavedSession, ({ closed }) => !closed),
    "a session to resume",
    "none",
  ),
  unsafelySkipNameCheck: setting(flag(), "believes a good certificate for any name", "false"),
};

const clientAlone = setting(refused("is a client's, and this context is a server's"), "", "none");
const SERVER = {
  serverName: clientAlone,
  session: clientAlone,
  unsafelySkipNameCheck: clientAlone,
};

const NO_MTU = setting(refused("is DTLS's, and this context is for TLS"), "", "none");

type Table = SettingsTable<TlsSessionOptions>;

/** Settings of a session, by its context's role and transport. */
export const SESSION: Readonly<Record<"client" | "server", { tls: Table; dtls: Table }>> = {
  client: { tls: { ...CLIENT, mtu: NO_MTU }, dtls: { ...CLIENT, mtu: MTU } },
  server: { tls: { ...SERVER, mtu: NO_MTU }, dtls: { ...SERVER, mtu: MTU } },
};

const ACTION = "make a session";

/**
 * Checks what a session is made of.
 *
 * @throws {TypeError} where the context is none or is closed, and naming an option of the wrong kind
 * or in the wrong place, or a name that is missing
 * @throws {RangeError} naming an option whose value cannot be used
 */
export function checkSession(context: TlsContext, options: TlsSessionOptions): TlsSessionOptions {
  const { role, datagram, verifies, usesPsk, peerCheck } = checkValue(
    CONTEXT,
    context,
    "context",
    ACTION,
  );
  const checked = checkSettings(SESSION[role][datagram ? "dtls" : "tls"], options, ACTION);
  const isKnownOtherwise = role === "server" || usesPsk || !verifies ||
    peerCheck?.isAlone || checked.unsafelySkipNameCheck;
  if (checked.serverName === undefined && !isKnownOtherwise) {
    throw new TypeError(
      `Cannot ${ACTION}: serverName is missing; it must be the name or the address that the ` +
        "server's certificate is for",
    );
  }
  return checked;
}
