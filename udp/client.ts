/**
 * UDP client: sends datagrams and receives an answer to each, or counts it as lost.
 *
 *     deno run --unstable-net --allow-net udp/client.ts --help
 *
 * @module
 */
import { type ClientConnection, type ClientTransport, LOST } from "../common/client.ts";
import type { Deadline, Deadlines } from "../common/deadline.ts";
import { InterruptedError } from "../common/errors.ts";
import { resolveHost } from "../common/net.ts";
import type { PairOptions } from "../common/options.ts";
import { clientMain, type Prepare, type Prepared } from "../common/script.ts";
import { afterWoken, UdpSocket } from "../common/udp.ts";
import { preparePosixClient } from "./posix.ts";

/** A wait for an answer. */
interface Waiting {
  readonly into: Uint8Array;
  resolve(received: number): void;
  reject(error: Error): void;
}

class UdpConnection implements ClientConnection {
  readonly #socket: UdpSocket;
  readonly #server: Deno.NetAddr;
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;
  /** Set while an answer is waited for; what comes at other times came too late. */
  #waiting: Waiting | null = null;
  #failure: Error | null = null;

  constructor(server: Deno.NetAddr, timeoutMs: number, deadlines: Deadlines) {
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    this.#socket = UdpSocket.toward(server.hostname);
    this.#deadline = deadlines.add((error) =>
      error instanceof InterruptedError ? this.#fail(error) : this.#settle(LOST)
    );
    this.#socket.run((bytes, from) => {
      if (from.port !== server.port || from.hostname !== server.hostname) return;
      this.#arrived(bytes);
      return afterWoken();
    }).catch((error) => this.#fail(error));
  }

  get lastLoss(): unknown {
    return this.#socket.lastLoss;
  }

  send(message: Uint8Array): Promise<unknown> {
    return this.#socket.send(message, this.#server);
  }

  receive(into: Uint8Array): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#deadline.arm(this.#timeoutMs);
    return new Promise((resolve, reject) => this.#waiting = { into, resolve, reject });
  }

  close(): void {
    this.#deadline[Symbol.dispose]();
    this.#socket.close();
  }

  #arrived(bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.#waiting?.into.length);
    this.#waiting?.into.set(part);
    this.#settle(part.length);
  }

  #settle(received: number): void {
    this.#deadline.disarm();
    this.#waiting?.resolve(received);
    this.#waiting = null;
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const { port, timeoutMs } = options;
  const hostname = await resolveHost(options.hostname);
  const server: Deno.NetAddr = { transport: "udp", hostname, port };
  return {
    transport: {
      connectionless: true,
      open: () => new UdpConnection(server, timeoutMs, deadlines),
    },
  };
}

export const prepareLane: Prepare<ClientTransport> = (options, deadlines) =>
  (options.io === "async" ? prepare : preparePosixClient)(options, deadlines);

if (import.meta.main) Deno.exit(await clientMain("udp", prepareLane));
