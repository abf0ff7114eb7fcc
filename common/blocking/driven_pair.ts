/**
 * The secure pairs' connections over sockets whose calls return values while they can.
 *
 * @module
 */
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { type ClientConnection, LOST } from "../exchange/client.ts";
import { STEP_INDEX, type StepTimer } from "../measure/clock.ts";
import { SessionDriver, type SessionSocket } from "../secure/driver.ts";
import { TimeoutError } from "../base/errors.ts";
import type { TlsSession } from "../openssl/session.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type { Protocol } from "../model/protocol.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import type { SessionPool } from "../exchange/secure_pair.ts";
import type { ServerConnection } from "../exchange/server_transport.ts";

/** How long an end waits for the other's close_notify, in milliseconds; on UDP it may be lost. */
const CLOSE_TIMEOUT_MS: Readonly<Partial<Record<Protocol, number>>> = { tls: 2_000, dtls: 500 };

/** A client's connection. */
export class DrivenClient extends SessionDriver implements ClientConnection {
  readonly #timeoutMs: number;
  readonly #lossy: boolean;
  readonly #sessions: SessionPool;

  /** @param sessions takes the session for the next connection */
  constructor(
    session: TlsSession,
    socket: SessionSocket,
    { protocol, timeoutMs }: PairOptions,
    sessions: SessionPool,
  ) {
    super(session, socket, CLOSE_TIMEOUT_MS[protocol]!);
    this.#timeoutMs = timeoutMs;
    this.#lossy = protocol === "dtls";
    this.#sessions = sessions;
  }

  /** Completes the handshake and marks its step; a connection that cannot is freed. */
  shaken(timer: StepTimer): MaybePromise<this> {
    const failed = (error: unknown) => {
      this.close();
      throw error;
    };
    const done = () => {
      timer.mark(STEP_INDEX.handshake);
      return this;
    };
    try {
      const shaking = super.handshake(this.#timeoutMs);
      return shaking instanceof Promise ? shaking.then(done, failed) : done();
    } catch (error) {
      return failed(error);
    }
  }

  override receive(into: Uint8Array): MaybePromise<number> {
    const receiving = super.receive(into, this.#timeoutMs);
    return receiving instanceof Promise
      ? receiving.then((received) => this.#received(received))
      : this.#received(receiving);
  }

  #received(received: number): number {
    if (received === ENDED) return 0;
    if (received !== TOO_LATE) return received;
    if (this.#lossy) return LOST;
    throw new TimeoutError(`timed out after ${this.#timeoutMs} ms`);
  }

  /** A TLS 1.3 client has its new session when the server has ended, too. */
  override shutdown(): MaybePromise<void> {
    const ending = super.shutdown();
    if (ending instanceof Promise) return ending.then(() => this.#sessions.keep(this.session));
    this.#sessions.keep(this.session);
  }
}

/** A server's connection. */
export class DrivenServer extends SessionDriver implements ServerConnection {
  readonly peer: string;
  readonly #timeoutMs: number;
  readonly #idleTimeoutMs: number;

  /** @param peer its `host:port` */
  constructor(session: TlsSession, socket: SessionSocket, options: PairOptions, peer: string) {
    super(session, socket, CLOSE_TIMEOUT_MS[options.protocol]!);
    this.#timeoutMs = options.timeoutMs;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.peer = peer;
  }

  override handshake(): MaybePromise<void> {
    return super.handshake(this.#timeoutMs);
  }

  // @ts-expect-error until it goes
  override receive(into: Uint8Array, idle: boolean): MaybePromise<number> {
    const withinMs = idle ? this.#idleTimeoutMs : this.#timeoutMs;
    const receiving = super.receive(into, withinMs);
    return receiving instanceof Promise
      ? receiving.then((received) => orLate(received, withinMs))
      : orLate(receiving, withinMs);
  }
}

function orLate(received: number, withinMs: number): number {
  if (received === ENDED) return 0;
  if (received !== TOO_LATE) return received;
  throw new TimeoutError(`timed out after ${withinMs} ms`);
}
