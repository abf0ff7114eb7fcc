/**
 * What becomes of connections: half of them go well, a quarter are refused, a quarter are left.
 *
 * @module
 */
import { connect as connectNode } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { CertificateSet } from "../../certs/authority.ts";
import { RunError, TimeoutError } from "../../common/base/errors.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import { Stranger } from "../../common/testing/dtls_strangers.ts";
import type { Connect } from "./clients.ts";
import { laneClients } from "./lane_clients.ts";
import { ALPN, type ListenerKind } from "./listener_order.ts";

/** What becomes of one. */
export type Fate =
  /** A message, its answer, the end. */
  | "good"
  /** The listener refuses the client's certificate. */
  | "refused"
  /** The client refuses the listener's certificate. */
  | "refusing"
  /** The client closes the connection in the middle of the handshake. */
  | "closed"
  /** The client vanishes after its first flight; on TLS it ends or resets the connection. */
  | "vanished";

/** One after the other. */
const FATES: readonly Fate[] = [
  ...["good", "refused", "good", "closed"] as const,
  ...["good", "refusing", "good", "vanished"] as const,
];

/** The fate of one of many. */
export function fateOf(no: number): Fate {
  return FATES[no % FATES.length]!;
}

/** Lets one connection come and go. */
export type Live = (no: number) => Promise<void>;

/** Clients that have all fates. */
export interface Clients extends Disposable {
  readonly live: Readonly<Record<Fate, Live>>;
}

/** Where they connect to, and with what. */
export interface Place {
  kind: ListenerKind;
  port: number;
  good: CertificateSet;
  /** Of another authority. */
  foreign: CertificateSet;
}

/**
 * Makes them.
 *
 * @returns each rejects with a {@linkcode RunError} where it comes out otherwise
 */
export function clientsOf({ kind, port, good, foreign }: Place): Clients {
  using owned = new DisposableStack();
  const clients = (set: CertificateSet) => owned.use(laneClients(kind, port, set)).connect;
  const connect = clients(good);
  const refused = clients({ ...good, client: foreign.client });
  const refusing = clients({ ...good, ca: foreign.ca });
  const datagram = kind.startsWith("dtls");
  const context = owned.use(
    new TlsContext({
      ...{ role: "client", datagram, caCerts: [good.ca], alpnProtocols: [ALPN] },
      ...good.client,
    }),
  );
  const all = owned.move();
  return {
    live: {
      good: () => goWell(connect),
      refused: () => fail(refused),
      refusing: () => fail(refusing),
      closed: (no) => closeEarly(connect, no),
      vanished: (no) => datagram ? vanish(context, port) : leave(context, port, no),
    },
    [Symbol.dispose]: () => all.dispose(),
  };
}

async function goWell(connect: Connect): Promise<void> {
  const client = await connect();
  try {
    await client.exchange();
  } finally {
    await client.close();
  }
}

async function fail(connect: Connect): Promise<void> {
  const client = await connect();
  try {
    await client.exchange();
  } catch (error) {
    // Who is refused is told so.
    if (error instanceof TimeoutError) throw error;
    return;
  } finally {
    await client.close();
  }
  throw new RunError("a wrong certificate was not refused");
}

/** Between no time and that of a handshake, in milliseconds. */
const EARLY_MS = [0, 0, 1, 2] as const;

async function closeEarly(connect: Connect, no: number): Promise<void> {
  const client = await connect();
  const exchange = client.exchange().catch(() => {});
  const waitMs = EARLY_MS[Math.floor(no / FATES.length) % EARLY_MS.length]!;
  if (waitMs > 0) await delay(waitMs);
  await client.close();
  await exchange;
}

async function vanish(context: TlsContext, port: number): Promise<void> {
  const addr = { transport: "udp", hostname: "127.0.0.1", port } as const;
  using stranger = new Stranger(context, { addr });
  await stranger.begin();
}

/** A whole hello, and the answer's first bytes; or half of one. */
async function leave(context: TlsContext, port: number, no: number): Promise<void> {
  using session = new TlsSession(context, { serverName: "localhost" });
  const sent: Uint8Array[] = [];
  session.handshake();
  session.drain((bytes) => sent.push(bytes.slice()));
  const [hello] = sent as [Uint8Array];
  const way = Math.floor(no / FATES.length);
  const isWhole = way % 2 === 0;
  await new Promise<void>((resolve) => {
    const socket = connectNode(port, "127.0.0.1");
    const end = () => way % 4 < 2 ? socket.resetAndDestroy() : socket.destroy();
    socket.on("error", () => {}).on("close", () => resolve());
    if (isWhole) socket.once("data", end);
    const first = isWhole ? hello : hello.subarray(0, hello.length / 2);
    socket.on("connect", () => socket.write(first, () => isWhole || end()));
  });
}
