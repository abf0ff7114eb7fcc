/**
 * A process that listens, and sends back whatever comes: started by {@linkcode ListenerProcess}.
 *
 * Arguments are protocols. The first line of stdin has certificates, and is answered with the ports;
 * each further line is answered with what the process uses. It ends with its stdin.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";
import { liveSessions } from "../../common/openssl/session.ts";
import type { ListenerCounters, ListenSettings } from "../../common/openssl/settings.ts";
import { type DtlsListener, listenDtls } from "../../dtls/mod.ts";
import { listenTls, type TlsListener } from "../../tls/mod.ts";
import { linesOf } from "./child_process.ts";
import {
  ALPN,
  type ListenerOrder,
  type ListenerUsage,
  type SecureProtocol,
} from "./listener_order.ts";
import { openDescriptors, usage } from "./usage.ts";

type Serving = readonly [listener: DtlsListener | TlsListener, serving: Promise<void>];

function serveTls(options: ListenSettings): Serving {
  const listener = listenTls(options);
  const answerAll = async () => {
    for await (const conn of listener) {
      // A connection that fails is seen at the client's end.
      conn.readable.pipeTo(conn.writable).catch(() => {}).finally(() => conn.close());
    }
  };
  return [listener, answerAll()];
}

function serveDtls(options: ListenSettings): Serving {
  const listener = listenDtls(options);
  const answerAll = async () => {
    for await (const conn of listener) {
      const answer = async () => {
        for await (const message of conn) await conn.send(message);
      };
      answer().catch(() => {}).finally(() => conn.close());
    }
  };
  return [listener, answerAll()];
}

const SERVE = { tls: serveTls, dtls: serveDtls } as const;

async function serve(protocols: readonly SecureProtocol[]): Promise<void> {
  const lines = linesOf(Deno.stdin.readable);
  const order = JSON.parse((await lines.next()).value!) as ListenerOrder;
  const { ca, server, handshakeTimeoutMs } = order;
  const options: ListenSettings = {
    ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require" },
    ...server,
    handshakeTimeoutMs,
    alpnProtocols: [ALPN],
    signal: new AbortController().signal,
  };
  const all = protocols.map((protocol) => [protocol, ...SERVE[protocol](options)] as const);
  const ready = liveSessions();
  const tell = (value: unknown) => print(`${JSON.stringify(value)}\n`);
  tell(Object.fromEntries(all.map(([protocol, { addr }]) => [protocol, addr.port])));
  for await (const _question of lines) {
    const { rss: beforeBytes } = Deno.memoryUsage();
    const { rssBytes, live } = await usage();
    const counters = all.map(([, { counters }]) => counters);
    const sum = (name: keyof ListenerCounters) =>
      counters.reduce((sum, counters) => sum + counters[name], 0);
    const sessions = sum("sessions");
    const told: ListenerUsage = {
      ...{ rssBytes, beforeBytes, sessions, descriptors: openDescriptors() },
      // A listener that keeps a session, too, may have none ready.
      live: Math.max(live - ready, sessions),
      ...{ established: sum("established"), errors: sum("errors"), displaced: sum("displaced") },
    };
    tell(told);
  }
  await Promise.all(all.map(([, listener]) => listener.close()));
  await Promise.all(all.map(([, , serving]) => serving));
}

if (import.meta.main) await serve(Deno.args as SecureProtocol[]);
