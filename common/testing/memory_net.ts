/**
 * Two ends of a TLS or DTLS session and a network in memory between them, which can lose, double,
 * reorder and alter what is under way, from a seed.
 *
 * @module
 */
import { TlsContext } from "../openssl/context.ts";
import type { TlsContextOptions } from "../openssl/settings.ts";
import { type ConnPlace, DtlsListenerCore, type ListenedConn } from "../secure/listener_core.ts";
import { TlsSession } from "../openssl/session.ts";
import { ENDED, NOT_YET } from "../base/read_result.ts";
import { testCertificates } from "./certs.ts";
import type { Role } from "../model/protocol.ts";
import { randomNumbers } from "../base/random.ts";

export { randomNumbers };

/** What happens to what is under way: a probability from 0 to 1 each. */
export interface Faults {
  lose?: number;
  double?: number;
  /** Overtakes all that is under way. */
  reorder?: number;
  /** One bit is turned over. */
  alter?: number;
}

/** Settings of {@linkcode memoryNet}; what is left out of a context is good and mutual. */
export interface MemoryNetOptions {
  /** True for DTLS (default), false for TLS. */
  datagram?: boolean;
  client?: Partial<TlsContextOptions>;
  server?: Partial<TlsContextOptions>;
  /** Name the server's certificate has to be for (default "localhost"). */
  serverName?: string;
  mtu?: number;
  faults?: Faults;
  seed?: number;
}

/** Bytes on the wire. */
export interface Sent {
  from: Role;
  bytes: Uint8Array<ArrayBuffer>;
}

/** One end: a session, and what came out of it. */
export class End {
  /** A DTLS server has none before the client's cookie was good. */
  session: TlsSession | null = null;
  /** Messages that were read. */
  readonly inbox: Uint8Array[] = [];
  /** What went wrong. */
  error: unknown = null;
  readonly #transmit: (bytes: Uint8Array) => void;

  constructor(transmit: (bytes: Uint8Array) => void) {
    this.#transmit = transmit;
  }

  get established(): boolean {
    return this.session?.established ?? false;
  }

  /** True once the other end has said that it sends no more. */
  get peerEnded(): boolean {
    return this.session?.peerEnded ?? false;
  }

  /** Begins, or goes on after something was fed. */
  advance(): void {
    if (!this.session || this.error !== null) return;
    try {
      if (this.session.handshake()) this.#readAll(this.session);
    } catch (error) {
      this.error = error;
    }
    this.flush();
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    this.session!.write(message);
    this.flush();
  }

  /** @returns true when the other end has said so, too */
  shutdown(): boolean {
    const complete = this.session!.shutdown();
    this.flush();
    return complete;
  }

  flush(): void {
    this.session?.drain(this.#transmit);
  }

  #readAll(session: TlsSession): void {
    const into = new Uint8Array(16_384);
    for (let length; (length = session.read(into)) !== NOT_YET && length !== ENDED;) {
      this.inbox.push(into.slice(0, length));
    }
  }
}

/** See {@linkcode memoryNet}. */
export class MemoryNet implements Disposable {
  readonly client = new End((bytes) => this.transmit("client", bytes));
  readonly server = new End((bytes) => this.transmit("server", bytes));
  /** Everything that was sent, whatever became of it. */
  readonly sent: Sent[] = [];
  /** Says what arrives. */
  passes: (sent: Sent) => boolean = () => true;
  faults: Faults;
  /** What the server's sessions share. */
  readonly serverContext: TlsContext;
  readonly #underWay: Sent[] = [];
  readonly #random: () => number;
  readonly #owned: DisposableStack;
  readonly #listener: MemoryListener | undefined;

  /** For {@linkcode memoryNet}. */
  constructor(
    client: TlsContextOptions,
    server: TlsContextOptions,
    { serverName = "localhost", mtu, faults = {}, seed = 1 }: MemoryNetOptions,
  ) {
    this.faults = faults;
    this.#random = randomNumbers(seed);
    using made = new DisposableStack();
    const clientContext = made.use(new TlsContext(client));
    this.client.session = made.use(new TlsSession(clientContext, { serverName, mtu }));
    if (server.datagram) {
      this.#listener = made.use(new MemoryListener(server, { mtu, newEnd: () => this.server }));
      this.#listener.transmit = (bytes) => this.transmit("server", bytes);
      this.serverContext = this.#listener.context;
    } else {
      this.serverContext = made.use(new TlsContext(server));
      this.server.session = made.use(new TlsSession(this.serverContext));
    }
    this.#owned = made.move();
  }

  /** Lets both ends talk until nothing is under way any more. */
  run(): void {
    if (!this.client.established) this.client.advance();
    this.settle();
  }

  /** Delivers until nothing is under way any more. */
  settle(): void {
    for (let sent; (sent = this.#underWay.shift());) this.deliver(sent);
  }

  /** Puts bytes on the wire, with this network's faults. */
  transmit(from: Sent["from"], bytes: Uint8Array): void {
    const sent = { from, bytes: bytes.slice() };
    this.sent.push(sent);
    const { lose = 0, double = 0, reorder = 0, alter = 0 } = this.faults;
    if (!this.passes(sent) || this.#random() < lose) return;
    for (let copies = this.#random() < double ? 2 : 1; copies > 0; copies--) {
      const copy = { from, bytes: sent.bytes.slice() };
      if (this.#random() < alter) this.#alter(copy.bytes);
      if (this.#random() < reorder) this.#underWay.unshift(copy);
      else this.#underWay.push(copy);
    }
  }

  /** Hands bytes to the other end, past all faults. */
  deliver({ from, bytes }: Sent): void {
    const to = from === "server" ? this.client : this.server;
    if (to === this.server && this.#listener) {
      this.#listener.receive(bytes, "client");
    } else {
      to.session!.feed(bytes);
      to.advance();
    }
  }

  /** Does what the clock asks for: flights that were lost are sent again. */
  handleTimeouts(): void {
    for (const end of [this.client, this.server]) {
      if (end.error !== null || end.session?.timeoutMs() !== 0) continue;
      end.session.handleTimeout();
      end.flush();
    }
    this.settle();
  }

  /** Milliseconds until {@linkcode handleTimeouts} has something to do; null for never. */
  timeoutMs(): number | null {
    const all = [this.client, this.server].map((end) => end.session?.timeoutMs() ?? Infinity);
    const next = Math.min(...all);
    return next === Infinity ? null : next;
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #alter(bytes: Uint8Array): void {
    const at = Math.floor(this.#random() * bytes.length);
    bytes[at]! ^= 1 << Math.floor(this.#random() * 8);
  }
}

/** What a {@linkcode MemoryListener} keeps for a session. */
export interface MemoryConn extends ListenedConn {
  readonly session: TlsSession;
  readonly end: End;
  readonly place: ConnPlace;
}

/** A DTLS server without a socket: a listener's core, and an end for each of its sessions. */
export class MemoryListener implements Disposable {
  /** For `CookieSecrets`: its clock. */
  nowMs = 0;
  /** All ends there ever were. */
  readonly accepted: End[] = [];
  /** Those that gave way to a new one. */
  readonly replaced: End[] = [];
  readonly context: TlsContext;
  readonly core: DtlsListenerCore<MemoryConn, { hostname: string }>;
  readonly #answers: Uint8Array<ArrayBuffer>[] = [];

  constructor(
    options: TlsContextOptions,
    { mtu, newEnd = () => new End((bytes) => this.transmit(bytes)) }: {
      mtu?: number;
      newEnd?: () => End;
    } = {},
  ) {
    this.context = new TlsContext(options);
    this.core = new DtlsListenerCore<MemoryConn, { hostname: string }>(this.context, {
      answer: (datagram) => this.transmit(datagram),
      open: (session, _, place) => {
        const end = newEnd();
        end.session = session;
        this.accepted.push(end);
        return { session, end, place, fail: () => this.replaced.push(end) };
      },
      drive: ({ session, end, place }, datagram) => {
        const wasEstablished = session.established;
        if (datagram) session.feed(datagram);
        end.advance();
        if (session.established && !wasEstablished) place.established();
      },
      wake: () => this.core.take(),
    }, { mtu, nowMs: () => this.nowMs });
  }

  /** Where datagrams go; they are borrowed for the call. */
  transmit = (datagram: Uint8Array): void => void this.#answers.push(datagram.slice());

  /** Takes a datagram, and drives the session it is for. */
  receive(datagram: Uint8Array<ArrayBuffer>, hostname: string): void {
    this.core.receive(datagram, hostname, { hostname });
  }

  /** Every session is over. */
  forgetAll(): void {
    for (const { session, place } of [...this.core.conns()]) {
      session.close();
      place.release();
    }
  }

  /** As {@linkcode receive}; everything that was sent since the last time. */
  answer(datagram: Uint8Array<ArrayBuffer>, hostname: string): Uint8Array<ArrayBuffer>[] {
    this.receive(datagram, hostname);
    return this.#answers.splice(0);
  }

  [Symbol.dispose](): void {
    for (const { session } of this.accepted) session!.close();
    this.core.close();
  }
}

/** Settings of a server or a client with the good certificates. */
export async function contextOptions(
  role: Role,
  datagram = true,
): Promise<TlsContextOptions> {
  const set = await testCertificates();
  const shared = { datagram, caCerts: [set.ca], ...set[role] };
  return role === "client"
    ? { ...shared, role }
    : { ...shared, role, clientCertificate: "require" };
}

/** Makes a network whose ends authenticate each other; nothing has been sent yet. */
export async function memoryNet(options: MemoryNetOptions = {}): Promise<MemoryNet> {
  const { datagram = true } = options;
  return new MemoryNet(
    { ...await contextOptions("client", datagram), ...options.client },
    { ...await contextOptions("server", datagram), ...options.server },
    options,
  );
}

/** As {@linkcode memoryNet}, with the handshake behind it. */
export async function connectedNet(options: MemoryNetOptions = {}): Promise<MemoryNet> {
  const net = await memoryNet(options);
  net.run();
  if (net.client.established && net.server.established) return net;
  net[Symbol.dispose]();
  throw net.client.error ?? net.server.error ?? new Error("the handshake did not complete");
}
