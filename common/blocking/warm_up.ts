/**
 * The warm-up of a blocking exchange, before its first message.
 *
 * V8 makes its best code of a function after some 3000 calls, and only that code calls C at full
 * speed: before, each call costs half a microsecond more. A run of a few thousand messages would
 * measure little else. So each end goes through the whole exchange with a peer of its own in the
 * same thread, over loopback, and forgets the outcome.
 *
 * @module
 */
import { Deadlines } from "../base/deadline.ts";
import { RunError } from "../base/errors.ts";
import { Client } from "../exchange/client.ts";
import { ConnectionServer } from "../exchange/connection_server.ts";
import { DatagramServer } from "../exchange/datagram_server.ts";
import type { ServerRun } from "../exchange/intake.ts";
import type {
  AnyServerTransport,
  ClientTransport,
  DatagramServerTransport,
  ServerTransport,
} from "../exchange/transport.ts";
import { Recorder } from "../measure/recorder.ts";
import { ACK, MessageWriter } from "../model/message.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { TlsContext } from "../openssl/context.ts";
import { SocketAddress } from "../posix/address.ts";
import { PollLoop } from "../posix/poll_loop.ts";

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

/** Numbers of messages that come late, so that waiting is warmed up, too. */
const LATE_MESSAGES: readonly number[] = [10, 1000];

/** Nothing is far away here. */
const PATIENCE_MS = 1000;

type Connect = PairOptions["connect"];

/** Both ends of a protocol. */
export interface BlockingPair<
  Context extends unknown[] = [],
  Server extends AnyServerTransport = AnyServerTransport,
> {
  client(
    options: PairOptions,
    loop: PollLoop,
    servers: SocketAddress[],
    ...context: Context
  ): ClientTransport<unknown>;
  server(options: PairOptions, loop: PollLoop, hostname: string, ...context: Context): Server;
}

/**
 * Goes through the exchange of the end that the options are for.
 *
 * @returns how many messages were exchanged, which a run can do without
 */
export async function warmUp(options: PairOptions, pair: BlockingPair): Promise<number> {
  return await warmUpAll(
    options,
    (connect, messages) => pass(options, connect, messages, pair),
  );
}

/** As {@linkcode warmUp}, with a pre-shared key for the certificates that only the peer has. */
export async function warmUpSecure(
  options: PairOptions,
  pair: BlockingPair<[TlsContext]>,
): Promise<number> {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const psk = { identity: "warm-up", key };
  const datagram = options.protocol === "dtls";
  return await warmUpAll(options, async (connect, messages) => {
    using serverContext = new TlsContext({ role: "server", datagram, pskLookup: () => key });
    using clientContext = new TlsContext({ role: "client", datagram, psk });
    return await pass(options, connect, messages, {
      client: (options, loop, servers) => pair.client(options, loop, servers, clientContext),
      server: (options, loop, hostname) => pair.server(options, loop, hostname, serverContext),
    });
  });
}

/** @param passOf returns how many of the messages were exchanged */
async function warmUpAll(
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
  pair: BlockingPair,
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
  const loop = new PollLoop(options.io === "spin" ? "spin" : "block", deadlines.signal);
  loop.users = 2;
  const server = pair.server(options, loop, HOST);
  const client = pair.client(options, loop, [SocketAddress.of(HOST, server.port)]);
  const run = { options, deadlines, recorder: new Recorder(), onTrouble: () => {} };
  const stage: Stage = { run, loop, opened: [] };
  try {
    if (connect === "message") await warmUpBoth(stage, server as ServerTransport, client);
    else if (options.role === "server") await warmUpServer(stage, server, client);
    else if ("run" in server) await warmUpDatagramClient(stage, server, client);
    else await warmUpClient(stage, server, client);
  } finally {
    // A wait that is left in the loop would take its turns from the run.
    deadlines.interrupt();
    if (!("run" in server)) server.stopAccepting();
    for (const { close } of stage.opened) ignore(close());
    await server.end?.();
  }
  return run.recorder.messages;
}

/** What a warm-up takes place on. */
interface Stage {
  readonly run: ServerRun;
  readonly loop: PollLoop;
  /** Given back when it is over, however it ends. */
  readonly opened: { close(): unknown }[];
}

/** Sends at once, or when the end that is warmed up has waited for it. */
function sendFrom({ opened }: Stage, send: () => unknown, no: number): void {
  if (!LATE_MESSAGES.includes(no)) return ignore(send());
  const timer = setTimeout(() => ignore(send()));
  opened.push({ close: () => clearTimeout(timer) });
}

/** Both ends as they are, in turn: what they do for a connection counts here, not how they wait. */
async function warmUpBoth(
  { run, opened }: Stage,
  server: ServerTransport,
  client: ClientTransport,
) {
  const end = new Client(run, client, 0);
  opened.push({ close: () => end.abandon() });
  const peer = new ConnectionServer({ ...run, recorder: new Recorder() }, server);
  await Promise.all([peer.serve(), end.exchangeSize(SIZE_BYTES, true)]);
}

/** The peer sends its next message as soon as it has been answered: it is there when it is wanted. */
async function warmUpServer(stage: Stage, transport: AnyServerTransport, peer: ClientTransport) {
  const { run, opened } = stage;
  const { repeat } = run.options.plan;
  const writer = new MessageWriter(run.options.protocol, SIZE_BYTES);
  const answer = new Uint8Array(SIZE_BYTES);
  let near: unknown;
  let no = 0;
  let ended = false;
  const next = () => {
    if (no < repeat) {
      const message = writer.prepare(no, SIZE_BYTES);
      return sendFrom(stage, () => peer.send(near, message), no++);
    }
    // What it waits for now the server has yet to send.
    stage.loop.users = 2;
    if (!ended) ignore(endOf(peer, near));
    ended = true;
  };
  const take = oneAtATime(() => peer.receive(near, answer, PATIENCE_MS));
  const onMessage = () => {
    // From now on calls may block, as they will in the run: what they wait for is there.
    stage.loop.users = 1;
    take();
    next();
  };
  const server = "run" in transport
    ? new DatagramServer({ ...run, onMessage }, transport)
    : new ConnectionServer({ ...run, onMessage }, transport);
  const connected = () => {
    opened.push({ close: () => peer.close(near) });
    next();
  };
  const opening = open(peer, (connection) => near = connection);
  if (opening instanceof Promise) {
    await Promise.all([server.serve(), opening.then(connected)]);
  } else {
    connected();
    await server.serve();
  }
}

/** Connects; where the calls return values, nothing is awaited. */
function open(
  peer: ClientTransport,
  connected: (connection: unknown) => void,
): void | Promise<void> {
  const handshake = (connection: unknown) => {
    connected(connection);
    return peer.handshake?.(connection);
  };
  const connecting = peer.connect();
  return connecting instanceof Promise ? connecting.then(handshake) : handshake(connecting);
}

/** The server answers before it is asked, but for the first time: the answer is there when wanted. */
async function warmUpClient(stage: Stage, server: ServerTransport, client: ClientTransport) {
  const { opened } = stage;
  const message = new Uint8Array(2 * SIZE_BYTES);
  let far: unknown;
  let no = 0;
  const answer = () => sendFrom(stage, () => server.send(far, ACK), no++);
  const take = oneAtATime(() => server.receive(far, message, PATIENCE_MS));
  const accept = async () => {
    far = await server.accept();
    opened.push({ close: () => server.close(far) });
    await server.handshake?.(far);
    answer();
  };
  ignore(accept());
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
    // In the event loop's turn, which comes next, an end that has something to do must not block.
    if (loop.isDue()) loop.users = 2;
  };
  const end = new Client({ ...run, onExchanged }, client, 0);
  opened.push({ close: () => end.abandon() });
  await end.exchangeSize(SIZE_BYTES, false);
}

/** As {@linkcode warmUpClient}: the server knows the client from its first datagram on. */
async function warmUpDatagramClient(
  stage: Stage,
  server: DatagramServerTransport,
  client: ClientTransport,
) {
  let far: unknown;
  let no = 0;
  const answer = () => sendFrom(stage, () => server.send(far, ACK), no++);
  ignore(server.run((_bytes, from) => {
    if (far !== undefined) return;
    far = from;
    answer();
  }));
  await exchangeAll(stage, client, answer);
}

async function endOf(peer: ClientTransport, connection: unknown): Promise<void> {
  try {
    await peer.shutdown?.(connection);
  } finally {
    await peer.close(connection);
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

/** What becomes of a call is not looked at here. */
function ignore(outcome: unknown): void {
  if (outcome instanceof Promise) outcome.catch(() => {});
}
