/**
 * A client and a server of the exchange with a network between them that loses what a test says,
 * on a clock of its own.
 *
 * @module
 */
import { Deadlines } from "../base/deadline.ts";
import { TimeoutError } from "../base/errors.ts";
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { Client } from "../exchange/client.ts";
import { ConnectionServer } from "../exchange/connection_server.ts";
import { DatagramServer } from "../exchange/datagram_server.ts";
import type {
  ClientTransport,
  DatagramServerTransport,
  OnPeerDatagram,
  ServerTransport,
} from "../exchange/transport.ts";
import { parseOptions } from "../cli/options.ts";
import type { SizeResult } from "../measure/result.ts";
import { Recorder } from "../measure/recorder.ts";
import { isCopy } from "../model/message.ts";
import { assert } from "./assert.ts";
import { FakeClock } from "./fake_clock.ts";

/** One way takes so long. */
const ONE_WAY_MS = 10;

/** Longer than any run here. */
const LONG_MS = 1_000_000;

/** Says of each datagram, in their order from 0, whether it gets lost. */
export type IsLost = (index: number) => boolean;

/** How both ends have ended, and what the network has lost of the plan's own messages. */
export interface LossyRun {
  /** What a run has failed with; null where it is complete. */
  readonly client: unknown;
  readonly server: unknown;
  readonly clientSizes: SizeResult[];
  readonly serverSizes: SizeResult[];
  readonly lost: { readonly messages: number; readonly answers: number };
  /** How many datagrams were sent. */
  readonly datagrams: number;
  /** What the client was told. */
  readonly troubles: string[];
}

/** What waits for something to come, or for the end of its time. */
class Mailbox<T> {
  readonly #kept: T[] = [];
  #take: ((item: T | null) => void) | null = null;

  put(item: T): void {
    if (this.#take) this.#take(item);
    else this.#kept.push(item);
  }

  /** What came too late for the wait it was for. */
  clear(): void {
    this.#kept.length = 0;
  }

  next(timeoutMs: number): Promise<T | null> {
    if (this.#kept.length > 0) return Promise.resolve(this.#kept.shift()!);
    return new Promise((resolve) => {
      const take = (item: T | null) => {
        clearTimeout(timer);
        this.#take = null;
        resolve(item);
      };
      const timer = setTimeout(() => take(null), timeoutMs);
      this.#take = take;
    });
  }
}

/** The network. */
class Link {
  datagrams = 0;
  readonly lost = { messages: 0, answers: 0 };
  readonly #isLost: IsLost;

  constructor(isLost: IsLost) {
    this.#isLost = isLost;
  }

  send(deliver: () => void, counted?: "messages" | "answers"): void {
    if (!this.#isLost(this.datagrams++)) setTimeout(deliver, ONE_WAY_MS);
    else if (counted) this.lost[counted]++;
  }

  message(message: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    const bytes = message.slice();
    this.send(() => deliver(bytes), isCopy(bytes) ? undefined : "messages");
  }
}

/** Ends without connections. */
class DatagramLink {
  readonly #link: Link;
  readonly #answers = new Mailbox<Uint8Array>();
  readonly #end = Promise.withResolvers<void>();
  #onDatagram: OnPeerDatagram<string> = () => {};
  #isCopy = false;
  #hasEnded = false;

  constructor(link: Link) {
    this.#link = link;
  }

  readonly client: ClientTransport<object> = {
    datagrams: true,
    connectionless: true,
    connect: () => ({}),
    send: (_, message) => this.#link.message(message, (bytes) => this.#arrived(bytes)),
    receive: async (_, into, timeoutMs) => {
      const answer = await this.#answers.next(timeoutMs);
      into.set(answer ?? []);
      return answer?.length ?? TOO_LATE;
    },
    close: () => {},
  };

  readonly server: DatagramServerTransport<string> = {
    hostname: "192.0.2.1",
    port: 1443,
    run: (onDatagram) => {
      this.#onDatagram = onDatagram;
      return this.#end.promise;
    },
    send: (_, answer) => {
      this.#link.send(() => this.#answers.put(answer), this.#isCopy ? undefined : "answers");
    },
    peer: (peer) => peer,
    portOf: () => 50_000,
    end: () => {
      this.#hasEnded = true;
      this.#end.resolve();
    },
  };

  #arrived(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#isCopy = isCopy(bytes);
    this.#onDatagram(bytes, "192.0.2.2:50000");
  }
}

/** Both ends of a connection. */
class LossyConnection {
  readonly answers = new Mailbox<Uint8Array>();
  readonly messages = new Mailbox<Uint8Array>();
  readonly established = new Mailbox<true>();
  isCopy = false;
  closed = false;
}

/** Ends with connections, whose handshakes and ends get lost, too. */
class ConnectionLink {
  readonly #link: Link;
  readonly #accepted = new Mailbox<LossyConnection>();
  readonly #timeoutMs: number;
  #stopped = false;

  constructor(link: Link, timeoutMs: number) {
    this.#link = link;
    this.#timeoutMs = timeoutMs;
  }

  readonly client: ClientTransport<LossyConnection> = {
    datagrams: true,
    connect: () => new LossyConnection(),
    handshake: async (connection) => {
      this.#link.send(() => {
        if (this.#stopped) return;
        this.#accepted.put(connection);
        this.#link.send(() => connection.established.put(true));
      });
      if (await connection.established.next(this.#timeoutMs)) return;
      throw new TimeoutError(`no answer in ${this.#timeoutMs} ms`);
    },
    send: (connection, message) =>
      this.#link.message(message, (bytes) => connection.messages.put(bytes)),
    receive: async ({ answers }, into, timeoutMs) => {
      const answer = await answers.next(timeoutMs);
      into.set(answer ?? []);
      return answer?.length ?? TOO_LATE;
    },
    // An empty one stands for close_notify.
    shutdown: ({ messages }) => this.#link.send(() => messages.put(new Uint8Array())),
    close: () => {},
  };

  readonly server: ServerTransport<LossyConnection> = {
    datagrams: true,
    hostname: "192.0.2.1",
    port: 1443,
    accept: async () => {
      const connection = this.#stopped ? null : await this.#accepted.next(LONG_MS);
      return this.#stopped ? null : connection;
    },
    receive: async (connection, into, timeoutMs) => {
      const bytes = connection.closed ? null : await connection.messages.next(timeoutMs);
      if (!bytes) return TOO_LATE;
      if (bytes.length === 0) return ENDED;
      connection.isCopy = isCopy(bytes);
      into.set(bytes);
      return bytes.length;
    },
    send: ({ answers, isCopy }, answer) =>
      this.#link.send(() => answers.put(answer), isCopy ? undefined : "answers"),
    close: (connection) => {
      if (connection.closed) return;
      connection.closed = true;
      connection.messages.put(new Uint8Array());
    },
    peer: () => "192.0.2.2:50000",
    stopAccepting: () => {
      this.#stopped = true;
      this.#accepted.put(new LossyConnection());
    },
  };
}

/** A run of both ends, to their end; the client is dropped at a message where that is said. */
export async function lossyRun(
  protocol: "udp" | "dtls",
  isLost: IsLost,
  args: readonly string[],
): Promise<LossyRun> {
  using clock = new FakeClock();
  const link = new Link(isLost);
  const optionsOf = (role: "client" | "server") => {
    const options = parseOptions(protocol, role, [...args]);
    assert(typeof options !== "string");
    return options;
  };
  const options = optionsOf("server");
  const troubles: string[] = [];
  using clientDeadlines = new Deadlines();
  using serverDeadlines = new Deadlines();
  const near = {
    options: optionsOf("client"),
    recorder: new Recorder(),
    deadlines: clientDeadlines,
    onTrouble: (line: string) => void troubles.push(line),
  };
  const far = {
    options,
    recorder: new Recorder(),
    deadlines: serverDeadlines,
    onTrouble: () => {},
  };
  const { client, server } = protocol === "udp"
    ? datagramEnds(link)
    : connectionEnds(link, options.timeoutMs);
  const failure = (error: unknown) => error;
  const serving = server(far).then(() => null, failure);
  const sending = client(near).then(() => null, failure);
  const both = Promise.all([sending, serving]);
  let isOver = false;
  void both.then(() => isOver = true);
  while (!isOver) await clock.advance(1000);
  const [clientEnd, serverEnd] = await both;
  const { plan, clients, reply } = options;
  return {
    client: clientEnd,
    server: serverEnd,
    clientSizes: near.recorder.clientResults(reply),
    serverSizes: far.recorder.serverResults(plan, clients, reply, serverEnd === null),
    lost: link.lost,
    datagrams: link.datagrams,
    troubles,
  };
}

type ClientRunOf = ConstructorParameters<typeof Client>[0];
type ServerRunOf = ConstructorParameters<typeof DatagramServer>[0];

interface Ends {
  client(run: ClientRunOf): Promise<void>;
  server(run: ServerRunOf): Promise<void>;
}

function datagramEnds(link: Link): Ends {
  const ends = new DatagramLink(link);
  return {
    client: (run) => sendAll(run, new Client(run, ends.client, 0)),
    server: (run) => new DatagramServer(run, ends.server).serve(),
  };
}

function connectionEnds(link: Link, timeoutMs: number): Ends {
  const ends = new ConnectionLink(link, timeoutMs);
  return {
    client: (run) => sendAll(run, new Client(run, ends.client, 0)),
    server: (run) => new ConnectionServer(run, ends.server).serve(),
  };
}

async function sendAll<T>({ options }: ClientRunOf, client: Client<T>): Promise<void> {
  const { sizes } = options.plan;
  for (const [i, size] of sizes.entries()) {
    await client.exchangeSize(size, i === sizes.length - 1);
  }
  await client.finish();
}
