/**
 * UDP client: sends datagrams and receives an answer to each, or counts it as lost.
 *
 *     deno run --unstable-net --allow-net udp/client.ts --help
 *
 * @module
 */
import { type ClientConnection, type ClientTransport, LOST } from "../common/exchange/client.ts";
import type { Deadline, Deadlines } from "../common/base/deadline.ts";
import { InterruptedError } from "../common/base/errors.ts";
import { serverAddresses } from "../common/deno/lookup.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { clientMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import { afterWoken } from "../common/deno/udp.ts";
import { UdpClient } from "../common/deno/udp_client.ts";
import { preparePosixClient } from "./blocking.ts";

/** A wait for an answer. */
interface Waiting {
  readonly into: Uint8Array;
  resolve(received: number): void;
  reject(error: unknown): void;
}

class UdpConnection implements ClientConnection {
  readonly #socket: UdpClient;
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;
  /** Set while an answer is waited for; what comes at other times came too late. */
  #waiting: Waiting | null = null;
  #failure: unknown = null;

  constructor(addresses: string[], { port, timeoutMs }: PairOptions, deadlines: Deadlines) {
    this.#timeoutMs = timeoutMs;
    this.#deadline = deadlines.add((error) =>
      error instanceof InterruptedError ? this.#fail(error) : this.#settle(LOST)
    );
    const events = {
      received: (bytes: Uint8Array) => {
        this.#arrived(bytes);
        return afterWoken();
      },
      failed: (error: unknown) => this.#fail(error),
    };
    this.#socket = new UdpClient(addresses, port, events, deadlines);
  }

  get lastLoss(): unknown {
    return this.#socket.lastLoss;
  }

  send(message: Uint8Array): Promise<unknown> {
    return this.#failure ? Promise.reject(this.#failure) : this.#socket.send(message);
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

  #fail(error: unknown): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const addresses = await serverAddresses(options.hostname);
  return {
    transport: {
      connectionless: true,
      open: () => new UdpConnection(addresses, options, deadlines),
    },
  };
}

export const prepareLane: Prepare<ClientTransport> = (options, deadlines) =>
  (options.io === "async" ? prepare : preparePosixClient)(options, deadlines);

if (import.meta.main) Deno.exit(await clientMain("udp", prepareLane));
