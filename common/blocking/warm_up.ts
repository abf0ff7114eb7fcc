/**
 * A rehearsal of a blocking exchange, before its first message.
 *
 * V8 makes its best code of a function after some 3000 calls, and only that code calls C at full
 * speed: before, each call costs half a microsecond more. A run of a few thousand messages would
 * measure little else. So each end goes through the whole exchange with a peer of its own in the
 * same thread, over loopback, and forgets the outcome.
 *
 * @module
 */
import { Client, type ClientConnection, type ClientTransport } from "../exchange/client.ts";
import { StepTimer } from "../measure/clock.ts";
import { Deadlines } from "../base/deadline.ts";
import { RunError } from "../base/errors.ts";
import { ACK, MessageWriter } from "../model/message.ts";
import { TlsContext } from "../openssl/context.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { posixLoop } from "./pair.ts";
import { SocketAddress } from "../posix/address.ts";
import type { PollLoop } from "../posix/poll_loop.ts";
import { Recorder } from "../measure/recorder.ts";
import { Server, type ServerRun } from "../exchange/server.ts";
import type {
  AnyServerTransport,
  DatagramPeer,
  DatagramServerTransport,
  ServerConnection,
  ServerTransport,
} from "../exchange/server_transport.ts";

/**
 * Messages of each pass over one connection that every run has: V8 drops the code of a function
 * that comes to a place where it never was, so these go from a connection's beginning to its end.
 */
export const SHORT_PASSES: readonly number[] = Array(3).fill(20);

/**
 * Messages of each pass after them. A pass begins in slower code again, which calls one function
 * after the other, where the best code is one piece made of all of them: several passes give each
 * function its own best code, too.
 */
export const LONG_PASSES: readonly number[] = Array(4).fill(2500);

/**
 * Connections of each pass of a run that makes one for every message. The first hundreds of
 * handshakes take a fifth of a millisecond longer, the first of TCP's connections some microseconds.
 * No pass has more than the run itself.
 */
export const CONNECTION_PASSES: readonly number[] = [20, 20, 500];

/** A run of fewer messages would be over long before the first long pass. */
const MESSAGES_WORTH_IT = 100;

/** A run has one long pass for so many messages that it begins, up to all of them. */
const MESSAGES_PER_LONG_PASS = 125;

const SIZE_BYTES = 100;
const HOST = "127.0.0.1";

/** Numbers of messages that come late, so that waiting is rehearsed, too. */
const LATE_MESSAGES: readonly number[] = [10, 1000];

/** Nothing is far away here. */
const PATIENCE_MS = 1000;

type Connect = PairOptions["connect"];

/** Both ends of a protocol. */
export interface RehearsedPair<
  Context extends unknown[] = [],
  Server extends AnyServerTransport = AnyServerTransport,
> {
  client(
    options: PairOptions,
    loop: PollLoop,
    servers: SocketAddress[],
    ...context: Context
  ): ClientTransport;
  server(options: PairOptions, loop: PollLoop, hostname: string, ...context: Context): Server;
}

/**
 * Goes through the exchange of the end that the options are for.
 *
 * @returns how many messages were exchanged, which a run can do without
 */
export async function rehearse(options: PairOptions, pair: RehearsedPair): Promise<number> {
  return await rehearseAll(
    options,
    (connect, messages) => pass(options, connect, messages, pair),
  );
}

/** As {@linkcode rehearse}, with a pre-shared key for the certificates that only the peer has. */
export async function rehearseSecure(
  options: PairOptions,
  pair: RehearsedPair<[TlsContext]>,
): Promise<number> {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const psk = { identity: "rehearsal", key };
  const datagram = options.protocol === "dtls";
  return await rehearseAll(options, async (connect, messages) => {
    using serverContext = new TlsContext({ role: "server", datagram, pskLookup: () => key });
    using clientContext = new TlsContext({ role: "client", datagram, psk });
    return await pass(options, connect, messages, {
      client: (options, loop, servers) => pair.client(options, loop, servers, clientContext),
      server: (options, loop, hostname) => pair.server(options, loop, hostname, serverContext),
    });
  });
}

/** @param passOf returns how many of the messages were exchanged */
async function rehearseAll(
  { protocol, connect, plan, clients, forever }: PairOptions,
  passOf: (connect: Connect, messages: number) => Promise<number>,
): Promise<number> {
  const isOpen = forever || plan.seconds !== undefined;
  const messages = isOpen ? Infinity : plan.sizes.length * plan.repeat * clients;
  const longPasses = LONG_PASSES.slice(0, Math.ceil(messages / MESSAGES_PER_LONG_PASS));
  const connects = connect === "message" && protocol !== "udp";
  let exchanged = 0;
  try {
    for (const count of SHORT_PASSES) exchanged += await passOf("once", count);
    if (messages < MESSAGES_WORTH_IT) return exchanged;
    for (const count of longPasses) exchanged += await passOf("once", count);
    if (!connects) return exchanged;
    for (const count of CONNECTION_PASSES) {
      exchanged += await passOf("message", Math.min(count, messages));
    }
  } catch {
    // Then the run begins without the rest.
  }
  return exchanged;
}

async function pass(
  given: PairOptions,
  connect: Connect,
  messages: number,
  pair: RehearsedPair,
): Promise<number> {
  const resume = given.resume && connect === "message";
  const options: PairOptions = {
    ...given,
    ...{ hostname: HOST, port: 0, clients: 1, connect, reply: true, resume },
    ...{ plan: { sizes: [SIZE_BYTES], repeat: messages }, waitMs: 0, pause: false },
    ...{ timeoutMs: PATIENCE_MS, idleTimeoutMs: PATIENCE_MS, forever: false, answer: "ack" },
  };
  using deadlines = new Deadlines();
  // Both ends in one loop: none of them may block until they are connected.
  const loop = posixLoop(options, deadlines);
  loop.users = 2;
  const server = pair.server(options, loop, HOST);
  const client = pair.client(options, loop, [SocketAddress.of(HOST, server.port)]);
  const run = { options, deadlines, recorder: new Recorder(), onTrouble: () => {} };
  const stage: Stage = { run, loop, opened: [] };
  try {
    if (connect === "message") await rehearseBoth(stage, server as ServerTransport, client);
    else if (options.role === "server") await rehearseServer(stage, server, client);
    else if ("run" in server) await rehearseDatagramClient(stage, server, client);
    else await rehearseClient(stage, server, client);
  } finally {
    // Whoever still waits in the loop would take its turns from the run.
    deadlines.interrupt();
    if ("run" in server) server.close();
    else server.stopAccepting();
    for (const { close } of stage.opened) ignore(close());
    if (!("run" in server)) await server.close?.();
  }
  return run.recorder.messages;
}

/** What a rehearsal takes place on. */
interface Stage {
  readonly run: ServerRun;
  readonly loop: PollLoop;
  /** Given back when it is over, however it ends. */
  readonly opened: { close(): unknown }[];
}

/** Sends at once, or when the end that is rehearsed has waited for it. */
function sendTo(
  { opened }: Stage,
  peer: { send(bytes: Uint8Array): unknown },
  bytes: Uint8Array,
  no: number,
): void {
  if (!LATE_MESSAGES.includes(no)) return ignore(peer.send(bytes));
  const timer = setTimeout(() => ignore(peer.send(bytes)));
  opened.push({ close: () => clearTimeout(timer) });
}

/** Both ends as they are, in turn: what they do for a connection counts here, not how they wait. */
async function rehearseBoth(stage: Stage, server: ServerTransport, client: ClientTransport) {
  const { run, opened } = stage;
  const end = new Client(run, client, 0);
  opened.push({ close: () => end.abandon() });
  const peer = new Server({ ...run, recorder: new Recorder() });
  await Promise.all([peer.serve(server), end.exchangeSize(SIZE_BYTES, true)]);
}

/** The peer sends its next message as soon as it has been answered: it is there when it is wanted. */
async function rehearseServer(stage: Stage, transport: AnyServerTransport, peer: ClientTransport) {
  const { run, opened } = stage;
  const { repeat } = run.options.plan;
  const writer = new MessageWriter(run.options.protocol, SIZE_BYTES);
  const answer = new Uint8Array(SIZE_BYTES);
  let near!: ClientConnection;
  let no = 0;
  let ended = false;
  const next = () => {
    if (no < repeat) return sendTo(stage, near, writer.prepare(no, SIZE_BYTES), no++);
    // What it waits for now the server has yet to send.
    stage.loop.users = 2;
    if (!ended) ignore(endOf(near));
    ended = true;
  };
  const take = oneAtATime(() => near.receive(answer));
  const onMessage = () => {
    // From now on calls may block, as they will in the run: what they wait for is there.
    stage.loop.users = 1;
    take();
    next();
  };
  const server = new Server({ ...run, onMessage });
  const opening = peer.open(new StepTimer());
  const connected = (connection: ClientConnection) => {
    near = connection;
    opened.push({ close: () => near.close() });
    next();
  };
  const serve = () =>
    "run" in transport ? server.serveDatagrams(transport) : server.serve(transport);
  if (opening instanceof Promise) {
    await Promise.all([serve(), opening.then(connected)]);
  } else {
    connected(opening);
    await serve();
  }
}

/** The server answers before it is asked, but for the first time: the answer is there when wanted. */
async function rehearseClient(stage: Stage, server: ServerTransport, client: ClientTransport) {
  const message = new Uint8Array(2 * SIZE_BYTES);
  let far!: ServerConnection;
  let no = 0;
  const answer = () => sendTo(stage, far, ACK, no++);
  const take = oneAtATime(() => far.receive(message, true));
  const accepted = (connection: ServerConnection) => {
    far = connection;
    answer();
  };
  ignore(acceptOne(server, stage.opened).then(accepted));
  await exchangeAll(stage, client, () => {
    take();
    answer();
  });
}

/**
 * All messages of a client, whose peer acts between two of them. The transport is the run's own,
 * without a wrapper: V8 makes code for one kind of object and for one function at a place.
 */
async function exchangeAll({ run, loop, opened }: Stage, client: ClientTransport, act: () => void) {
  const onExchanged = () => {
    if (run.recorder.lost > 0) throw new RunError("an answer did not come");
    loop.users = 1;
    act();
    // In the event loop's turn, which comes next, whoever has something to do must not block.
    if (loop.isDue()) loop.users = 2;
  };
  const end = new Client({ ...run, onExchanged }, client, 0);
  opened.push({ close: () => end.abandon() });
  await end.exchangeSize(SIZE_BYTES, false);
}

async function acceptOne(
  server: ServerTransport,
  opened: Stage["opened"],
): Promise<ServerConnection> {
  const connection = (await server.accept())!;
  opened.push({ close: () => connection.close() });
  await connection.handshake?.();
  return connection;
}

/** As {@linkcode rehearseClient}: the server knows the client from its first datagram on. */
async function rehearseDatagramClient(
  stage: Stage,
  server: DatagramServerTransport,
  client: ClientTransport,
) {
  let far: DatagramPeer | undefined;
  let no = 0;
  const answer = () => sendTo(stage, far!, ACK, no++);
  ignore(server.run((_bytes, from) => {
    if (far) return;
    far = from;
    answer();
  }));
  await exchangeAll(stage, client, answer);
}

async function endOf(connection: ClientConnection): Promise<void> {
  try {
    await connection.shutdown?.();
  } finally {
    await connection.close();
  }
}

/** Calls again only when the last call has come to its end. */
function oneAtATime(call: () => unknown): () => void {
  let pending = false;
  const done = () => void (pending = false);
  return () => {
    if (pending) return;
    const outcome = call();
    if (!(outcome instanceof Promise)) return;
    pending = true;
    outcome.then(done, done);
  };
}

/** What becomes of a call matters to nobody here. */
function ignore(outcome: unknown): void {
  if (outcome instanceof Promise) outcome.catch(() => {});
}
