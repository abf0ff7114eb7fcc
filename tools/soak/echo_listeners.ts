/**
 * The library's listeners, which send back whatever comes.
 *
 * @module
 */
import type { ListenSettings } from "../../common/openssl/settings.ts";
import { type DtlsListener, listenDtls } from "../../dtls/mod.ts";
import { listenTls, type TlsListener } from "../../tls/mod.ts";
import { ALPN, type ListenerOrder } from "./listener_order.ts";
import type { Served } from "./pair_servers.ts";

function listenSettings({ ca, server, handshakeTimeoutMs }: ListenerOrder): ListenSettings {
  return {
    ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require" },
    ...server,
    handshakeTimeoutMs,
    alpnProtocols: [ALPN],
    signal: new AbortController().signal,
  };
}

function served(listener: DtlsListener | TlsListener, serving: Promise<void>): Served {
  return {
    port: listener.addr.port,
    get counters() {
      return listener.counters;
    },
    async close() {
      await listener.close();
      await serving;
    },
  };
}

/** Serves TLS, clients of the order's authority alone. */
export function serveTls(order: ListenerOrder): Served {
  const listener = listenTls(listenSettings(order));
  const answerAll = async () => {
    for await (const conn of listener) {
      // A connection that fails is seen at the client's end.
      conn.readable.pipeTo(conn.writable).catch(() => {}).finally(() => conn.close());
    }
  };
  return served(listener, answerAll());
}

/** Serves DTLS, clients of the order's authority alone. */
export function serveDtls(order: ListenerOrder): Served {
  const listener = listenDtls({ ...listenSettings(order), idleTimeoutMs: order.idleTimeoutMs });
  const answerAll = async () => {
    for await (const conn of listener) {
      const answer = async () => {
        for await (const message of conn) await conn.send(message);
      };
      answer().catch(() => {}).finally(() => conn.close());
    }
  };
  return served(listener, answerAll());
}
