/**
 * What a secure pair's options mean as settings of the library, for both ends.
 *
 * @module
 */
import type { Deadlines } from "../base/deadline.ts";
import { listenAddress } from "../deno/lookup.ts";
import type { PairOptions } from "../model/pair_options.ts";
import {
  type ConnectSettings,
  type ListenSettings,
  MAX_HANDSHAKES,
  type TlsClientSettings,
  type TlsServerSettings,
  type TlsSettings,
  type TlsVersion,
} from "../openssl/settings.ts";
import type { HandshakeLog } from "./handshake_log.ts";
import { loadCertificates } from "../pem/certificate_files.ts";
import { keyLogSetting } from "./key_log.ts";

/** `--tls-version`, `--ciphers` and `--groups`. */
function algorithms({ protocol, tlsVersion, ciphers, groups }: PairOptions): TlsSettings {
  const version = tlsVersion === null
    ? undefined
    : `${protocol === "dtls" ? "DTLSv" : "TLSv"}${tlsVersion}` as TlsVersion;
  // A list of version 1.3 suites has names of its own: RFC 8446 B.4.
  const is13 = ciphers?.startsWith("TLS_") === true;
  return {
    minVersion: version,
    maxVersion: version,
    ciphers: is13 ? undefined : ciphers ?? undefined,
    cipherSuites: is13 ? ciphers : undefined,
    groups: groups ?? undefined,
  };
}

/**
 * What a pair's client shows its server and believes.
 *
 * @throws {RunError} naming the file that is missing or cannot be used
 * @throws {UsageError} where the file of `--key-log` holds something else
 */
export async function clientSettings(
  options: PairOptions,
  trace?: HandshakeLog,
): Promise<TlsClientSettings> {
  return {
    ...await loadCertificates(options, "client"),
    ...algorithms(options),
    ...keyLogSetting(options),
    onHandshakeMessage: trace?.note,
  };
}

/**
 * What a pair's server shows its clients and wants of them.
 *
 * @throws {RunError} naming the file that is missing or cannot be used
 * @throws {UsageError} where the file of `--key-log` holds something else
 */
export async function serverSettings(
  options: PairOptions,
  trace?: HandshakeLog,
): Promise<TlsServerSettings> {
  return {
    ...await loadCertificates(options, "server"),
    ...algorithms(options),
    ...keyLogSetting(options),
    clientCertificate: "require",
    onHandshakeMessage: trace?.note,
  };
}

/** What a pair's client says of its connections, beside the server's name. */
export function connectSettings(
  { timeoutMs, unsafelySkipNameCheck }: PairOptions,
  { signal }: Deadlines,
): Pick<ConnectSettings, "handshakeTimeoutMs" | "signal" | "unsafelySkipNameCheck"> {
  return { handshakeTimeoutMs: timeoutMs, signal, unsafelySkipNameCheck };
}

/** What a pair's server shows and wants, and where it listens. */
export async function listenSettings(
  options: PairOptions,
  { signal }: Deadlines,
  trace?: HandshakeLog,
): Promise<ListenSettings> {
  return {
    ...await serverSettings(options, trace),
    hostname: await listenAddress(options.hostname),
    port: options.port,
    handshakeTimeoutMs: options.timeoutMs,
    // All of a pair's clients are on one machine, and may begin at once.
    maxHandshakesPerAddress: MAX_HANDSHAKES,
    signal,
  };
}
