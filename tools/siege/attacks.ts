/**
 * What strangers do to a listener, each for as long as it is let.
 *
 * @module
 */
import { connect as connectNode } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { CertificateSet } from "../../certs/authority.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import { Stranger } from "../../common/testing/dtls_strangers.ts";
import {
  below,
  type Bytes,
  mutate,
  mutateOne,
  mutateStream,
  oneOf,
  type Random,
} from "../fuzz/mutator.ts";
import { ALPN } from "../soak/listener_order.ts";

/** What is attacked, and how much. */
export interface Target {
  port: number;
  set: CertificateSet;
  /** How often a second. */
  rate: number;
  /** How often in all; null is for ever. */
  times: number | null;
  /** From so many ports. */
  ports: number;
  random: Random;
  /** Told of each time. */
  count(): void;
  signal: AbortSignal;
}

export type Attack = (target: Target) => Promise<void>;

/** All attacks, by their names. */
export const ATTACKS = {
  /** ClientHellos without a cookie, or with a wrong one. */
  hellos: floodWithHellos,
  /** DTLS handshakes that end after the hello with a good cookie. */
  "half-open": leaveHalfOpen,
  /** Datagrams of handshakes and sessions, changed. */
  datagrams: sendChanged,
  /** TLS connections that say half a hello, and no more. */
  "tls-half-open": leaveTlsHalfOpen,
  /** TLS connections that say something changed, or garbage. */
  "tls-changed": sayChanged,
  /** TLS connections that are reset in the middle of a hello, or of a handshake. */
  "tls-resets": resetConnections,
} as const satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;

/** An address of this machine's; on Linux all of 127.0.0.0/8 are. */
function ownAddress(random: Random): string {
  if (Deno.build.os !== "linux") return "127.0.0.1";
  return `127.${below(random, 255)}.${below(random, 255)}.${1 + below(random, 254)}`;
}

/** Keeps to a rate: what was not done in time is not made up for later than within a second. */
async function* paced({ rate, times, signal, count }: Target): AsyncGenerator<number> {
  let startMs = performance.now();
  for (let done = 0, no = 0; (times === null || no < times) && !signal.aborted; no++, done++) {
    const behindMs = performance.now() - startMs - done * 1000 / rate;
    if (behindMs > 1000) [startMs, done] = [performance.now(), 0];
    // Timers are no finer than this.
    if (behindMs < -2) await delay(-behindMs);
    yield no;
    count();
  }
}

/** Sockets on addresses and ports of their own. */
function openSockets({ ports, random }: Target): Deno.DatagramConn[] & Disposable {
  const sockets = Array.from(
    { length: ports },
    () => Deno.listenDatagram({ transport: "udp", hostname: ownAddress(random), port: 0 }),
  );
  return Object.assign(sockets, {
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.close();
    },
  });
}

function clientContext({ ca, client }: CertificateSet, datagram: boolean): TlsContext {
  const role = "client";
  return new TlsContext({ role, datagram, caCerts: [ca], ...client, alpnProtocols: [ALPN] });
}

/** What a session says first. */
function firstFlight(context: TlsContext): Bytes {
  using session = new TlsSession(context, { serverName: "localhost" });
  const sent: Bytes[] = [];
  session.handshake();
  session.drain((bytes) => sent.push(bytes.slice()));
  return sent[0]!;
}

/** A ClientHello's random, behind the headers of its record and message, and its version. */
const RANDOM_AT = 27;
const COOKIE_AT = RANDOM_AT + 32 + 1;

async function floodWithHellos(target: Target): Promise<void> {
  const { port, set, random } = target;
  using context = clientContext(set, true);
  using sockets = openSockets(target);
  const hello = firstFlight(context);
  const withCookie = new Uint8Array(hello.length + 32);
  withCookie.set(hello.subarray(0, COOKIE_AT));
  withCookie.set(hello.subarray(COOKIE_AT + 1), COOKIE_AT + 33);
  withCookie[COOKIE_AT] = 32;
  // Lengths of record, message and fragment.
  const view = new DataView(withCookie.buffer);
  for (const [at, less] of [[11, 13], [15, 25], [23, 25]] as const) {
    view.setUint16(at, withCookie.length - less);
  }
  const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
  for await (const no of paced(target)) {
    const bytes = no % 2 === 0 ? hello : withCookie;
    // Another client each time.
    new DataView(bytes.buffer).setUint32(RANDOM_AT, no);
    if (bytes === withCookie) bytes[COOKIE_AT + 1 + below(random, 32)] = below(random, 256);
    await sockets[no % sockets.length]!.send(bytes, to).catch(() => {});
  }
}

/** So many are left open at a time: fewer than an address may have, as clients share theirs. */
const LEFT_OPEN = 100;

async function leaveHalfOpen(target: Target): Promise<void> {
  using context = clientContext(target.set, true);
  const addr = { transport: "udp", hostname: "127.0.0.1", port: target.port } as const;
  await leftOpen(target, async () => {
    const stranger = new Stranger(context, { addr }, ownAddress(target.random));
    // An answer may get lost, and nobody sends this hello again.
    const begun = stranger.begin().catch(() => {});
    await Promise.race([begun, delay(500)]);
    return stranger;
  });
}

async function leftOpen(target: Target, open: () => Promise<Disposable>): Promise<void> {
  const all: Disposable[] = [];
  try {
    for await (const _no of paced(target)) {
      all.push(await open());
      if (all.length > LEFT_OPEN) all.shift()![Symbol.dispose]();
    }
  } finally {
    for (const one of all) one[Symbol.dispose]();
  }
}

/** Whole handshakes' datagrams and sealed ones, of which changed ones are made. */
const SAMPLES = 400;

async function sendChanged(target: Target): Promise<void> {
  const { port, random, set } = target;
  using context = clientContext(set, true);
  using sockets = openSockets(target);
  const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
  const samples = [firstFlight(context)];
  for await (const no of paced(target)) {
    if (no % 1000 === 0) await changedHandshake(target, context, samples);
    const changed = mutateOne(oneOf(random, samples), random, samples);
    await oneOf(random, sockets).send(changed, to).catch(() => {});
  }
}

/** A handshake of which some datagrams are changed; what it says is kept as samples. */
async function changedHandshake(
  { port, random }: Target,
  context: TlsContext,
  samples: Bytes[],
): Promise<void> {
  const addr = { transport: "udp", hostname: "127.0.0.1", port } as const;
  using stranger = new Stranger(context, { addr }, ownAddress(random));
  const share = random() < 0.5 ? 0 : 0.3;
  const keep = (bytes: Bytes) => {
    if (samples.length < SAMPLES) samples.push(bytes);
    else samples[1 + below(random, SAMPLES - 1)] = bytes;
  };
  const say = async () => {
    for (const bytes of stranger.next()) {
      keep(bytes);
      const sent = random() < share ? mutate(bytes, random, samples) : [bytes];
      await stranger.send(...sent);
    }
  };
  const talk = async () => {
    await say();
    while (!stranger.session.established) {
      await stranger.hear();
      await say();
    }
    for (let no = 0; no < 5; no++) {
      stranger.session.write(new Uint8Array(50).fill(no));
      await say();
    }
  };
  // It fails as it should, or waits for ever for what it has spoilt.
  await Promise.race([talk().catch(() => {}), delay(300)]);
}

/** Connects, and gives null where that is refused, as a listener that is full does. */
async function connectTcp(port: number): Promise<Deno.TcpConn | null> {
  return await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
}

async function leaveTlsHalfOpen(target: Target): Promise<void> {
  using context = clientContext(target.set, false);
  const hello = firstFlight(context);
  await leftOpen(target, async () => {
    const conn = await connectTcp(target.port);
    await conn?.write(hello.subarray(0, below(target.random, hello.length))).catch(() => {});
    return { [Symbol.dispose]: () => conn?.close() };
  });
}

/** So many talk at a time: some wait in vain for an answer to what they have spoilt. */
const TALKING = 10;

async function sayChanged(target: Target): Promise<void> {
  using context = clientContext(target.set, false);
  const talking = new Set<Promise<void>>();
  for await (const _no of paced(target)) {
    const one = talkOnce(target, context).finally(() => talking.delete(one));
    talking.add(one);
    if (talking.size >= TALKING) await Promise.race(talking);
  }
  await Promise.all(talking);
}

async function talkOnce({ port, random }: Target, context: TlsContext): Promise<void> {
  using session = new TlsSession(context, { serverName: "localhost" });
  using conn = await connectTcp(port);
  if (conn) await Promise.race([talkChanged(conn, session, random).catch(() => {}), delay(300)]);
}

/** Until one of both has enough. */
async function talkChanged(conn: Deno.TcpConn, session: TlsSession, random: Random): Promise<void> {
  const into = new Uint8Array(16_384);
  for (let turn = 0; turn < 10; turn++) {
    if (session.handshake()) session.write(new Uint8Array(2000).fill(turn));
    const sent: Bytes[] = [];
    session.drain((bytes) => sent.push(bytes.slice()));
    for (const bytes of sent) {
      const pieces = random() < 0.5 ? mutateStream(bytes, random) : [bytes];
      for (const piece of pieces) await conn.write(piece);
    }
    const length = await conn.read(into);
    if (length === null) return;
    session.feed(into.slice(0, length));
  }
}

async function resetConnections(target: Target): Promise<void> {
  using context = clientContext(target.set, false);
  const hello = firstFlight(context);
  for await (const no of paced(target)) {
    await new Promise<void>((resolve) => {
      const socket = connectNode(target.port, "127.0.0.1");
      socket.on("error", () => {}).on("close", () => resolve());
      const half = hello.subarray(0, no % 2 === 0 ? hello.length : hello.length / 2);
      socket.on("connect", () => socket.write(half, () => socket.resetAndDestroy()));
    });
  }
}
