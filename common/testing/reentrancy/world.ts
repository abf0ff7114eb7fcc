/**
 * A program with listeners and connections, which calls everything from within its callbacks.
 *
 * @module
 */
import type { TlsContext } from "../../openssl/context.ts";
import type { SavedSession } from "../../openssl/saved_session.ts";
import { DtlsConn } from "../../../dtls/lib/conn.ts";
import { connectDtls, dtlsContext } from "../../../dtls/lib/connect.ts";
import type { ConnectDtlsOptions } from "../../../dtls/lib/settings.ts";
import { type DtlsListener, listenDtls } from "../../../dtls/lib/listen.ts";
import type { ListenDtlsOptions } from "../../../dtls/lib/settings.ts";
import type { ListenTlsOptions } from "../../../tls/lib/settings.ts";
import type { TlsConn } from "../../../tls/lib/conn.ts";
import { connectTls, tlsContext } from "../../../tls/lib/connect.ts";
import { listenTls, type TlsListener } from "../../../tls/lib/listen.ts";
import { integerBetween } from "../fake_random.ts";
import { KEY } from "../psk.ts";
import { within } from "../within.ts";
import { Ledger } from "./ledger.ts";

/** Either library's. */
export type Conn = TlsConn | DtlsConn;
export type Listener = TlsListener | DtlsListener;
type ListenOptions = Partial<Omit<ListenDtlsOptions, "port">>;
/** Where a client connects to, if not to the listener. */
type ConnectTo = Pick<Partial<ConnectDtlsOptions>, "port" | "handshakeTimeoutMs">;
type ConnectOptions = Partial<Omit<ConnectDtlsOptions, "port">>;

/** So many calls are made from within callbacks. */
const CALLS_WANTED = 200;

/** Longest wait for anything, in milliseconds. */
const PATIENCE_MS = 30_000;

/** More connections are not open at once; each may open others. */
const MAX_CLIENTS = 40;

/** Its client is refused. */
export const STRANGER = "stranger";

/** Collects garbage; the program is started with --expose-gc. */
const collect = (globalThis as { gc?: () => void }).gc!;

/** What is there, and what has been called. */
export class World {
  /** What can be called, by name. */
  readonly callKinds: readonly (readonly [string, (world: World) => unknown])[];
  readonly ledger = new Ledger();
  readonly random: () => number;
  readonly isDtls: boolean;
  /** What every listener and every client is told besides. */
  readonly extra: {
    listen: () => ListenOptions;
    connect: (controller: AbortController) => ConnectOptions;
  };
  readonly conns = new Set<Conn>();
  readonly contexts = new Set<TlsContext>();
  readonly saved = new Set<SavedSession>();
  readonly controllers = new Set<AbortController>();
  readonly listeners = new Map<Listener, State>();
  /** Set when enough was called: callbacks behave from then on. */
  calm = false;
  calls = 0;
  clients = 0;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(
    isDtls: boolean,
    random: () => number,
    kinds: World["callKinds"],
    extra: Partial<World["extra"]> = {},
  ) {
    this.callKinds = kinds;
    this.isDtls = isDtls;
    this.random = random;
    this.extra = { listen: () => ({}), connect: () => ({}), ...extra };
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.random() * n < 1;
  }

  /** One of some. */
  pick<T>(some: Iterable<T>): T | undefined {
    const all = [...some];
    return all[integerBetween(this.random, 0, all.length - 1)];
  }

  /** A connection; mostly one whose handshake runs, where there is one. */
  conn(): Conn | undefined {
    const young = [...this.conns].filter(({ session }) => !session.established).slice(-3);
    return young.length > 0 && !this.oneIn(3) ? this.pick(young) : this.pick(this.conns);
  }

  /** What a callback does: some random calls. */
  act(): void {
    if (this.calm) return;
    for (let n = integerBetween(this.random, 2, 8); n > 0; n--) {
      const [name, call] = this.pick(this.callKinds)!;
      this.calls++;
      try {
        this.track(call(this), name);
      } catch (error) {
        this.ledger.check(error, name);
      }
      if (this.oneIn(40)) collect();
    }
    if (this.calls >= CALLS_WANTED) this.calm = true;
  }

  /** Something may reject; it may not take for ever. */
  track(result: unknown, what: string): Promise<void> {
    if (!(result instanceof Promise)) return Promise.resolve();
    const settled = result.then(() => {}, (error) => this.ledger.check(error, what));
    this.#pending.add(settled);
    return settled.finally(() => this.#pending.delete(settled));
  }

  /** Waits, but not for ever. */
  within<T>(promise: Promise<T>, what: string): Promise<T> {
    return within(promise, () => `still waiting: ${what}`, PATIENCE_MS);
  }

  /** A listener that takes clients. */
  listener(): Listener {
    const open = [...this.listeners].find(([, { stopped }]) => !stopped);
    return open?.[0] ?? this.listen();
  }

  get openListeners(): number {
    return [...this.listeners.values()].filter(({ stopped }) => !stopped).length;
  }

  /** Listens, and serves every client. */
  listen(): Listener {
    const state: State = { stopped: false, closed: false, reports: 0 };
    const options = {
      hostname: "127.0.0.1",
      port: 0,
      handshakeTimeoutMs: 20_000,
      pskLookup: (identity: string) => identity === STRANGER ? null : KEY,
      onError: (error: unknown) => {
        state.reports++;
        this.ledger.told(error, "onError");
      },
    };
    const extra = this.extra.listen();
    const onError = (...told: [unknown, Deno.NetAddr]): unknown => {
      options.onError(told[0]);
      return extra.onError?.(...told);
    };
    const all = { ...options, ...extra, onError } as ListenDtlsOptions;
    all.signal?.addEventListener("abort", () => void (state.stopped = true));
    const listener = this.isDtls ? listenDtls(all) : listenTls(all as ListenTlsOptions);
    this.listeners.set(listener, state);
    this.track(this.#acceptAll(listener), "the accepting loop");
    return listener;
  }

  async #acceptAll(listener: Listener): Promise<void> {
    const state = this.listeners.get(listener)!;
    while (!state.stopped) {
      try {
        for await (const conn of listener) {
          this.adopt(conn, listener);
          this.bodies.accepting();
        }
        return;
      } catch (error) {
        // Another accept() waits already.
        if (!(error instanceof Deno.errors.Busy)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  /** What runs in the bodies of loops. */
  readonly bodies = { accepting: () => {}, receiving: () => {} };

  /** A server's end: it echoes. */
  adopt(conn: Conn | null, listener: Listener): void {
    if (conn === null) return;
    if (this.listeners.get(listener)!.closed) this.ledger.faults.push("accepted after close()");
    this.conns.add(conn);
    this.track(this.#echo(conn), "the echo");
  }

  async #echo(conn: Conn): Promise<void> {
    try {
      if (conn instanceof DtlsConn) {
        for await (const message of conn) {
          this.bodies.receiving();
          await conn.send(message);
        }
      } else {
        for await (const bytes of conn.readable) {
          this.bodies.receiving();
          await conn.write(bytes);
        }
      }
    } finally {
      await conn.close();
      this.conns.delete(conn);
    }
  }

  /** A client's whole life: it connects, is answered, and closes. */
  async client(identity = `client ${this.calls}`, more: ConnectTo = {}): Promise<void> {
    if (this.clients >= MAX_CLIENTS) return;
    this.clients++;
    try {
      await this.#live(identity, more);
    } finally {
      this.clients--;
    }
  }

  async #live(identity: string, more: ConnectTo): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    this.controllers.add(controller);
    const { port = this.listener().addr.port, handshakeTimeoutMs = 400 } = more;
    const extra = this.extra.connect(controller);
    const session = this.pick(this.saved);
    const settings = Object.keys(extra).length === 0 && this.oneIn(4)
      ? { context: this.pick(this.contexts) ?? this.context() }
      : { psk: { identity, key: KEY }, ...this.#version(), ...extra };
    const rest = { port, signal, handshakeTimeoutMs, ...(this.oneIn(3) && { session }) };
    const conn = this.isDtls
      ? await connectDtls({ ...rest, ...settings } as ConnectDtlsOptions)
      : await connectTls({ ...rest, ...settings } as Parameters<typeof connectTls>[0]);
    this.conns.add(conn);
    try {
      await this.within(conn.handshake(), "a client's handshake");
      for (let i = 0; i < 3; i++) await this.exchange(conn);
    } catch (error) {
      this.ledger.told(error, "handshake()");
      throw error;
    } finally {
      await this.within(conn.close(), "a client's close()");
      this.conns.delete(conn);
      this.controllers.delete(controller);
    }
  }

  #version(): { maxVersion?: "TLSv1.2" } {
    return this.isDtls || this.oneIn(2) ? {} : { maxVersion: "TLSv1.2" };
  }

  /** What a client does. */
  exchange: (conn: Conn) => Promise<void> = async (conn) => {
    const bytes = new Uint8Array(100);
    if (conn instanceof DtlsConn) {
      await conn.send(bytes);
      await conn.receive(undefined, 50).catch((error) => this.ledger.check(error, "receive()"));
    } else {
      await conn.write(bytes);
      await conn.read(bytes, 1000);
    }
  };

  /** A new context of a client. */
  context(more: { ciphers?: string } = {}): TlsContext {
    const settings = { psk: { identity: "of a context", key: KEY }, ...more };
    const context = this.isDtls ? dtlsContext(settings) : tlsContext(settings);
    this.contexts.add(context);
    return context;
  }

  /** Closes a listener, and looks at what it has counted. */
  async closeListener(listener: Listener): Promise<void> {
    const state = this.listeners.get(listener)!;
    state.stopped = true;
    await this.within(listener.close(), "a listener's close()");
    state.closed = true;
    this.adopt(await listener.accept(), listener);
  }

  /** Ends all there is. */
  async end(): Promise<void> {
    await this.within(Promise.allSettled([...this.conns].map((conn) => conn.close())), "the ends");
    const listeners = [...this.listeners];
    await Promise.all(listeners.map(([one]) => this.track(this.closeListener(one), "the end")));
    await this.within(Promise.all(this.#pending), `${this.#pending.size} calls at the end`);
    for (const one of [...this.contexts, ...this.saved]) one.close();
    for (const [listener, { reports }] of listeners) {
      const { sessions, errors } = listener.counters;
      if (sessions === 0 && errors === reports) continue;
      this.ledger.faults.push(`sessions ${sessions}, errors ${errors}, reported ${reports}`);
    }
  }
}

/** What is known of a listener. */
interface State {
  stopped: boolean;
  closed: boolean;
  /** Calls of its onError. */
  reports: number;
}
