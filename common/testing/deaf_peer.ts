/**
 * A TLS 1.3 peer that asks for new keys without end and reads none of the answers.
 *
 * @module
 */
import { TimeoutError } from "../base/errors.ts";
import { SocketAddress } from "../posix/address.ts";
import { loadLibc } from "../posix/libc.ts";
import { IPPROTO_TCP } from "../posix/platform.ts";
import { PosixSocket } from "../posix/socket.ts";
import { NOT_YET } from "../base/read_result.ts";
import { TlsContext } from "../openssl/context.ts";
import { TlsSession } from "../openssl/session.ts";
import { KEY_UPDATE_BYTES, KEY_UPDATE_SUITE, KeyUpdates } from "./key_updates.ts";
import { contextOptions } from "./memory_net.ts";
import { PATIENCE_MS } from "./within.ts";
import type { Role } from "../model/protocol.ts";

/** Records that are sent at once. */
const RECORDS_AT_ONCE = 1000;

/** A server of OpenSSL's sends two tickets after a handshake (SSL_CTX_set_num_tickets(3)). */
const TICKETS = 2;

const HOST = "127.0.0.1";

/** netinet/tcp.h. With long segments, as loopback has them, the system's buffers hold megabytes. */
const TCP_MAXSEG = 2;
const SEGMENT_BYTES = 536;
const BUFFER_BYTES = 4096;

/** A TCP socket with small buffers, which fills the other end's soon; its owner closes it. */
export class SmallTcp implements Disposable {
  readonly #socket: PosixSocket;

  private constructor(socket = PosixSocket.open("stream", HOST, "block")) {
    this.#socket = socket;
    const libc = loadLibc();
    const set = (level: number, name: number, value: number) =>
      libc.setsockopt(socket.fd, level, name, new Uint8Array(Int32Array.of(value).buffer), 4);
    set(IPPROTO_TCP, TCP_MAXSEG, SEGMENT_BYTES);
    set(libc.platform.SOL_SOCKET, libc.platform.SO_RCVBUF, BUFFER_BYTES);
  }

  /** Listens on a free port. */
  static listen(): SmallTcp {
    const tcp = new SmallTcp();
    tcp.#socket.listen(HOST, 0, 1);
    return tcp;
  }

  /** Connects to a port of this machine. */
  static async connect(port: number): Promise<SmallTcp> {
    const tcp = new SmallTcp();
    const address = SocketAddress.of(HOST, port);
    await soon(() => tcp.#socket.connect(address) || null);
    return tcp;
  }

  /** Where it is bound. */
  get port(): number {
    return this.#socket.address.port;
  }

  /** The next connection to it. */
  async accept(): Promise<SmallTcp> {
    const { socket } = await soon(() => this.#socket.accept(false));
    return new SmallTcp(socket);
  }

  /** What comes next, 0 at the end. */
  read(into: Uint8Array<ArrayBuffer>): Promise<number> {
    return soon(() => notYet(this.#socket.receive(into, false)));
  }

  /** Writes all of it. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await soon(() => notYet(this.#socket.send(rest, false))));
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

function notYet(result: number): number | null {
  return result === NOT_YET ? null : result;
}

/** Tries until it is something; the event loop has its turns in between. */
async function soon<T>(attempt: () => T | null): Promise<T> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (let result;; await new Promise((resolve) => setTimeout(resolve, 1))) {
    if ((result = attempt()) !== null) return result;
    if (performance.now() > untilMs) throw new TimeoutError("the other end does nothing");
  }
}

/**
 * Shakes hands over a connection, then asks for new keys until the other end has had enough.
 *
 * @param end which end this is
 * @param maxBytes so much is sent at most
 * @returns how many bytes were sent; `maxBytes` or more where the other end did not mind
 */
export async function askForKeys(
  tcp: SmallTcp,
  end: Role,
  maxBytes: number,
): Promise<number> {
  const keyLog: string[] = [];
  const settings = { cipherSuites: KEY_UPDATE_SUITE, keyLog: (line: string) => keyLog.push(line) };
  using context = new TlsContext({ ...await contextOptions(end, false), ...settings });
  using session = new TlsSession(context, end === "client" ? { serverName: "localhost" } : {});
  await shakeHands(tcp, session);
  const updates = new KeyUpdates(keyLog, end, end === "server" ? TICKETS : 0);
  let sent = 0;
  try {
    for (; sent < maxBytes; sent += RECORDS_AT_ONCE * KEY_UPDATE_BYTES) {
      await tcp.write(updates.take(RECORDS_AT_ONCE));
    }
  } catch (error) {
    // It was closed, or reset, from the other end.
    if (error instanceof TimeoutError) throw error;
  }
  return sent;
}

async function shakeHands(tcp: SmallTcp, session: TlsSession): Promise<void> {
  const into = new Uint8Array(65_536);
  for (;;) {
    const done = session.handshake();
    const out: Uint8Array<ArrayBuffer>[] = [];
    session.drain((bytes) => out.push(bytes.slice()));
    for (const bytes of out) await tcp.write(bytes);
    if (done) return;
    const length = await tcp.read(into);
    if (length === 0) throw new Error("the other end has ended the handshake");
    session.feed(into.subarray(0, length));
  }
}
