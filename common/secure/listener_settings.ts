/**
 * What a DTLS listener's core may be told.
 *
 * @module
 */
import type { TlsContext } from "../openssl/context.ts";
import { CONTEXT } from "../openssl/session_settings.ts";
import { LISTEN, MTU } from "../openssl/settings_table.ts";
import { checkSettings, checkValue, setting, type SettingsTable } from "../settings/check.ts";
import { callback, wholeNumber } from "../settings/kinds.ts";
import { show } from "../settings/kind.ts";
import type { LimitSettings } from "./limits.ts";

/** So many connections are kept for `take()` although they have failed; no more are. */
export const MAX_FAILED_WAITING = 256;

/**
 * Settings of a {@linkcode DtlsListenerCore}.
 *
 * @example
 * ```ts
 * const options: DtlsListenerOptions<{ hostname: string }> = {
 *   maxSessions: 100,
 *   onError: (error, { hostname }) => console.log(`${hostname} is refused: ${error}`),
 * };
 * if (options.mtu !== undefined) throw new Error("it has a default");
 * ```
 */
export interface DtlsListenerOptions<Address> extends LimitSettings {
  /** Longest UDP payload of the handshakes in bytes, 256 to 65507 (default 1400). */
  mtu?: number | undefined;
  /** Told of every client whose handshake failed. What it throws is written to stderr. */
  onError?: ((error: unknown, address: Address) => void) | undefined;
  /** So many connections may wait to be taken although they have failed (default 256). */
  maxFailedWaiting?: number | undefined;
  /** Any clock that does not run backwards, in milliseconds (default performance.now). */
  nowMs?: (() => number) | undefined;
}

const { maxSessions, maxSessionsPerAddress, maxHandshakes, maxHandshakesPerAddress } = LISTEN;

/** The same as a table, whatever addresses are. */
// deno-lint-ignore no-explicit-any -- a function that takes any address is one that takes this
export const LISTENER_CORE: SettingsTable<DtlsListenerOptions<any>> = {
  ...{ maxSessions, maxSessionsPerAddress, maxHandshakes, maxHandshakesPerAddress },
  mtu: MTU,
  onError: LISTEN.onError,
  maxFailedWaiting: setting(
    wholeNumber(0, Number.MAX_SAFE_INTEGER, "connections"),
    "connections that may wait to be taken although they have failed",
    `${MAX_FAILED_WAITING}`,
  ),
  nowMs: setting(
    callback<() => number>(),
    "any clock that does not run backwards, in milliseconds",
    "performance.now",
  ),
};

const ACTION = "make a DTLS listener";

/**
 * Checks what a core is made of.
 *
 * @param methods what the shell has to have
 * @returns the options, read once
 * @throws {TypeError} naming what is of the wrong kind or closed
 * @throws {RangeError} naming an option whose value cannot be used
 */
export function checkListener<Address>(
  context: TlsContext,
  shell: object,
  methods: readonly string[],
  options: DtlsListenerOptions<Address>,
): DtlsListenerOptions<Address> {
  const { role, datagram } = checkValue(CONTEXT, context, "context", ACTION);
  const refuse = (why: string) => {
    throw new TypeError(`Cannot ${ACTION}: ${why}`);
  };
  if (role !== "server") refuse("context is a client's");
  if (!datagram) refuse("context is for TLS, not DTLS");
  if (typeof shell !== "object" || shell === null) {
    refuse(`shell must be an object with ${methods.join(", ")}, not ${show(shell)}`);
  }
  for (const name of methods) {
    const method = (shell as Readonly<Record<string, unknown>>)[name];
    if (typeof method !== "function") {
      refuse(`shell.${name} must be a function, not ${show(method)}`);
    }
  }
  return checkSettings(LISTENER_CORE, options, ACTION);
}
