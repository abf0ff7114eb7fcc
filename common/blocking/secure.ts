/**
 * TLS and DTLS over sockets that block or spin: the verbs of both ends.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe_promise.ts";
import { setupStep } from "../base/setup_steps.ts";
import { wantedName } from "../exchange/library_verbs.ts";
import { SessionPool } from "../exchange/session_pool.ts";
import type { ClientTransport, ConnectionVerbs, ServerTransport } from "../exchange/transport.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type { TlsContext } from "../openssl/context.ts";
import { TlsSession } from "../openssl/session.ts";
import type { PollLoop } from "../posix/poll_loop.ts";
import { CLOSE_TIMEOUT_MS } from "../secure/close_timeout.ts";
import { SessionDriver, type SessionSocket } from "../secure/driver.ts";
import { type PosixPeer, PosixSessionSocket } from "../secure/posix_socket.ts";

/** A session that a server has accepted. */
export class AcceptedSession extends SessionDriver {
  /** Its client's `host:port`. */
  readonly peer: string;

  /** Takes session and socket over. */
  constructor(session: TlsSession, socket: SessionSocket, protocol: "tls" | "dtls", peer: string) {
    super(session, socket, CLOSE_TIMEOUT_MS[protocol]);
    this.peer = peer;
  }
}

function verbs<Connection extends SessionDriver>(
  { protocol, timeoutMs }: PairOptions,
): ConnectionVerbs<Connection> {
  return {
    datagrams: protocol === "dtls",
    handshake: (driver) => driver.handshake(timeoutMs),
    send: (driver, bytes) => driver.send(bytes),
    receive: (driver, into, timeoutMs) => driver.receive(into, timeoutMs),
    shutdown: (driver) => driver.shutdown(),
    close: (driver) => driver.close(),
    security: (driver) => driver.security,
    resumed: (driver) => driver.resumed,
    sessionNumber: ({ session }) => session.number,
  };
}

/**
 * A client.
 *
 * @param open makes the socket of the next connection
 */
export function secureClient(
  options: PairOptions,
  loop: PollLoop,
  context: TlsContext,
  open: () => MaybePromise<PosixPeer>,
): ClientTransport<SessionDriver> {
  const serverName = wantedName(options);
  const { unsafelySkipNameCheck } = options;
  const sessions = new SessionPool(options.resume);
  const closeTimeoutMs = CLOSE_TIMEOUT_MS[context.datagram ? "dtls" : "tls"];
  const driverOf = (socket: PosixPeer) => {
    using saved = sessions.take();
    try {
      const session = setupStep(
        "session",
        () => new TlsSession(context, { serverName, unsafelySkipNameCheck, session: saved }),
      );
      const near = new PosixSessionSocket(socket, session);
      return sessions.offered(new SessionDriver(session, near, closeTimeoutMs), saved);
    } catch (error) {
      socket.close();
      throw error;
    }
  };
  /** A TLS 1.3 client has its new session when the server has ended, too. */
  const keep = ({ session }: SessionDriver) => sessions.keep({ saveSession: () => session.save() });
  return {
    ...verbs(options),
    library: context.lib.versionText,
    connect() {
      const opening = open();
      return opening instanceof Promise ? opening.then(driverOf) : driverOf(opening);
    },
    shutdown(driver) {
      const ending = driver.shutdown();
      if (ending instanceof Promise) return ending.then(() => keep(driver));
      keep(driver);
    },
    refusesSession: (driver, error) => sessions.refuses(driver, error),
    rest: () => loop.rest(),
    until: (dueMs) => loop.until(dueMs),
    end: () => context.close(),
  };
}

/** A listener of blocking or spinning sockets. */
export interface BlockingListener<Peer> {
  readonly address: { readonly hostname: string; readonly port: number };
  readonly receiveBuffer?: ServerTransport["receiveBuffer"];
  /** The next peer, as what is made of it; null when no more are accepted. */
  accept<T>(take: (peer: Peer) => T): MaybePromise<T | null>;
}

/**
 * A server.
 *
 * @param take makes the session of a peer that was accepted
 * @param ending stops accepting, and gives the socket back
 */
export function secureServer<Peer>(
  options: PairOptions,
  context: TlsContext,
  listener: BlockingListener<Peer>,
  take: (peer: Peer) => AcceptedSession,
  ending: Pick<ServerTransport, "stopAccepting" | "end">,
): ServerTransport<AcceptedSession> {
  return {
    ...verbs(options),
    ...ending,
    library: context.lib.versionText,
    hostname: listener.address.hostname,
    port: listener.address.port,
    get receiveBuffer() {
      return listener.receiveBuffer ?? null;
    },
    accept: () => listener.accept(take),
    peer: ({ peer }) => peer,
  };
}
