/**
 * What a client's exchange is given in a test: connections that lead nowhere and write down what
 * was asked of them.
 *
 * @module
 */
import type { ClientRun } from "../exchange/client.ts";
import type { ClientTransport } from "../exchange/transport.ts";
import { Deadlines } from "../base/deadline.ts";
import { ACK, parseHeader } from "../model/message.ts";
import { parseOptions } from "../cli/options.ts";
import type { Protocol, Security } from "../model/protocol.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { Recorder } from "../measure/recorder.ts";
import { assert } from "./assert.ts";

/** What one call of receive() comes to: bytes, what it returns without any, or an error. */
export type Reception = Uint8Array | number | Error;

/** How the server that is not there behaves. */
export interface FakeClientOptions {
  connectionless?: boolean;
  /** Whether messages get lost; they do where there is no connection. */
  datagrams?: boolean;
  /** Whether calls return promises, as event-loop drivers do; otherwise values. */
  promises?: boolean;
  /** What receive() comes to, call by call; after the last one, the right answer. */
  receptions?: Reception[];
  /** What the n-th connection agreed on; a protocol that is not secure has none. */
  security?: (connection: number) => Security;
  /** Waits until a message is due; by default the event loop does. */
  until?: (dueMs: number) => Promise<void>;
  /** Called before each step that is written down; may throw, and may let time pass. */
  before?: (call: string) => void;
}

/** A connection that leads nowhere. */
export interface FakeConnection {
  security?: Security;
}

/** Stands in for a pair's client transport. */
export class FakeClientTransport implements ClientTransport<FakeConnection> {
  readonly datagrams?: boolean;
  readonly connectionless?: boolean;
  readonly until?: (dueMs: number) => Promise<void>;
  readonly shutdown?: (connection: FakeConnection) => MaybePromise<void>;
  /** Every call: `connect`, `send <no>/<size>`, `receive`, `shutdown`, `close`. */
  readonly calls: string[] = [];
  /** Every message that was sent, copied. */
  readonly messages: Uint8Array[] = [];
  readonly #options: FakeClientOptions;
  readonly #receptions: Reception[];
  #connections = 0;

  constructor(options: FakeClientOptions = {}) {
    this.#options = options;
    this.#receptions = [...options.receptions ?? []];
    if (options.connectionless) this.connectionless = true;
    if (options.datagrams || options.connectionless) this.datagrams = true;
    if (options.until) this.until = options.until;
    if (options.security) this.shutdown = () => this.#call("shutdown", () => {});
  }

  connect(): MaybePromise<FakeConnection> {
    const security = this.#options.security?.(this.#connections++);
    return this.#call("connect", () => ({ security }));
  }

  send(_connection: FakeConnection, message: Uint8Array): MaybePromise<void> {
    const { no, sizeBytes } = parseHeader(message);
    return this.#call(`send ${no}/${sizeBytes}`, () => void this.messages.push(message.slice()));
  }

  receive(_connection: FakeConnection, into: Uint8Array): MaybePromise<number> {
    return this.#call("receive", () => this.#receive(into));
  }

  close(): MaybePromise<void> {
    return this.#call("close", () => {});
  }

  security({ security }: FakeConnection): Security {
    return security!;
  }

  resumed({ security }: FakeConnection): boolean {
    return security?.resumed ?? false;
  }

  #receive(into: Uint8Array): number {
    const reception = this.#receptions.shift() ?? ACK;
    if (reception instanceof Error) throw reception;
    if (typeof reception === "number") return reception;
    into.set(reception);
    return reception.length;
  }

  #call<T>(call: string, act: () => T): MaybePromise<T> {
    this.calls.push(call);
    const all = () => {
      this.#options.before?.(call);
      return act();
    };
    return this.#options.promises ? Promise.resolve().then(all) : all();
  }
}

/** What a client's exchange works with, out of arguments; disposing it closes its deadlines. */
export function fakeClientRun(
  protocol: Protocol,
  ...args: string[]
): ClientRun & Disposable & { readonly troubles: readonly string[] } {
  const options = parseOptions(protocol, "client", args);
  assert(typeof options !== "string");
  const deadlines = new Deadlines();
  const troubles: string[] = [];
  return {
    options,
    recorder: new Recorder(),
    deadlines,
    troubles,
    onTrouble: (line) => void troubles.push(line),
    [Symbol.dispose]: () => deadlines.close(),
  };
}
