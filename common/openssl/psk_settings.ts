/**
 * Pre-shared keys, as programs say and find them.
 *
 * @module
 */

/**
 * A key that both ends were given beforehand: RFC 4279, RFC 8446 2.2. Both parts are copied.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const psk: PskIdentity = { identity: "sensor-7", key };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => key });
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * if (!conn.info.cipher.includes("PSK")) throw new Error(conn.info.cipher);
 * ```
 */
export interface PskIdentity {
  /**
   * Name under which the server finds the key: a text of 1 to 128 bytes of UTF-8, or such bytes as
   * they are; none of them is zero.
   */
  identity: string | ArrayBuffer | ArrayBufferView;
  /** The key: 1 to 64 bytes, which a text is not. */
  key: ArrayBuffer | ArrayBufferView;
}

/**
 * A key as a server finds it, 1 to 64 bytes; null or undefined where it knows none.
 *
 * @example
 * ```ts
 * import { listenDtls } from "../../dtls/mod.ts";
 *
 * const keys = new Map<string, PskKey>([["sensor-7", new Uint8Array(32).fill(7)]]);
 * const pskLookup = (identity: string) => Promise.resolve(keys.get(identity));
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup });
 * if (listener.counters.sessions !== 0) throw new Error("nobody has come");
 * ```
 */
export type PskKey = ArrayBuffer | ArrayBufferView | null | undefined;

/**
 * Chooses a client's key: asked in each handshake, with the server's hint, or null where it has sent
 * none. In version 1.3 there are no hints, and the question comes before the server is heard: a client
 * that offers 1.3 and 1.2 may be asked twice. Null refuses the server.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const key = new Uint8Array(32).fill(7);
 * const keys: Record<string, PskIdentity> = { "plant-2": { identity: "sensor-7", key } };
 * const psk: PskChoice = (hint) => keys[hint ?? ""] ?? null;
 * const address = { hostname: "127.0.0.1", port: 0 };
 * await using listener = listenDtls({ ...address, pskLookup: () => key, pskHint: "plant-2" });
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * if (conn.info.pskIdentity !== "sensor-7") throw new Error("it was to be chosen");
 * ```
 */
export type PskChoice = (hint: string | null) => PskIdentity | null | undefined;
