/**
 * Two ends that authenticate with a pre-shared key, for tests.
 *
 * @module
 */
import type { TlsContextOptions } from "../openssl/settings.ts";
import type { TlsServerSettings } from "../openssl/settings.ts";
import type { MemoryNetOptions } from "./memory_net.ts";

/** Both ends know it. */
export const KEY = new Uint8Array(32).fill(7);

/** Neither end has a certificate: a key is all they have. */
export function pskOptions(
  datagram: boolean,
  lookUp: NonNullable<TlsServerSettings["pskLookup"]>,
  { identity = "sensor-7", key = KEY, hint }: {
    identity?: string;
    key?: Uint8Array;
    hint?: string;
  } = {},
): MemoryNetOptions {
  const none = { cert: undefined, key: undefined, caCerts: [] };
  return {
    datagram,
    client: { ...none, psk: { identity, key } } as Partial<TlsContextOptions>,
    server: {
      ...none,
      ...{ clientCertificate: "none", pskLookup: lookUp, pskHint: hint },
    } as Partial<TlsContextOptions>,
  };
}
