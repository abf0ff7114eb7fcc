/**
 * One pass of a warm-up: the end that is warmed up is the run's own client or server, and its peer
 * is one step ahead in the same thread, so that what the end waits for is there.
 *
 * @module
 */
import { Deadlines } from "../base/deadline.ts";
import { RunError } from "../base/errors.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
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
import { SocketAddress } from "../posix/address.ts";
import { PollLoop } from "../posix/poll_loop.ts";

const SIZE_BYTES = 100;
const HOST = "127.0.0.1";

/** Numbers of messages that come late, so that waiting is warmed up, too. */
const LATE_MESSAGES: readonly number[] = [10, 1000];

/** Nothing is far away here, but a busy machine may have other things to do. */
const PATIENCE_MS = 5000;

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

/** What a pass takes place on. */
interface Stage {
  readonly run: ServerRun;
  readonly loop: PollLoop;
  readonly client: ClientTransport;
  readonly server: AnyServerTransport;
  /** Given back when it is over, however it ends. */
  readonly opened: { close(): unknown }[];
}

/** The peer of the end that is warmed up. */
interface Peer {
  /** Connects or accepts, and sends for the first time. */
  begin(): MaybePromise<void>;
  /** Takes what has come, and sends the next. */
  goOn(): void;
}

/**
 * Exchanges messages of a new pair of ends.
 *
 * @param given of the run, whose end is warmed up
 * @param connect with a connection for each message both ends are the run's own, as what they do
 * for a connection counts then, not how they wait
 * @returns how many messages were exchanged
 */
export async function runPass(
  given: PairOptions,
  connect: PairOptions["connect"],
  messages: number,
  pair: BlockingPair,
): Promise<number> {
  const resume = given.resume && connect === "message";
  const options: PairOptions = {
    ...given,
    ...{
      hostname: HOST,
      port: 0,
      bind: null,
      clients: 1,
      connect,
      reply: true,
      expectEcho: false,
      resume,
    },
    ...{ plan: { sizes: [SIZE_BYTES], repeat: messages }, waitMs: 0, rate: null, pause: false },
    ...{ timeoutMs: PATIENCE_MS, idleTimeoutMs: PATIENCE_MS, forever: false, answer: "ack" },
  };
  using deadlines = new Deadlines();
  // Both ends in one loop: none of them may block until they are connected.
  const loop = new PollLoop(options.io === "spin" ? "spin" : "block", deadlines.signal);
  loop.users = 2;
  const server = pair.server(options, loop, HOST);
  const client = pair.client(options, loop, [SocketAddress.of(HOST, server.port)]);
  const run = { options, deadlines, recorder: new Recorder(), onTrouble: () => {} };
  const stage: Stage = { run, loop, client, server, opened: [] };
  try {
    if (connect === "message") await runBoth(stage);
    else if (options.role === "server") await runServer(stage);
    else await runClient(stage);
  } finally {
    // A wait that is left in the loop would take its turns from the run.
    deadlines.interrupt();
    if (!("run" in server)) server.stopAccepting();
    for (const { close } of stage.opened) ignore(close());
    await server.end?.();
  }
  return run.recorder.messages;
}

async function runBoth(stage: Stage): Promise<void> {
  const near = clientOf(stage, stage.run);
  const far = serverOf(stage, { ...stage.run, recorder: new Recorder() });
  await Promise.all([far.serve(), near.exchangeSize(SIZE_BYTES, true)]);
}

async function runServer(stage: Stage): Promise<void> {
  const peer = clientPeer(stage);
  const onMessage = () => {
    // From now on calls may block, as they will in the run: what they wait for is there.
    stage.loop.users = 1;
    peer.goOn();
  };
  const near = serverOf(stage, { ...stage.run, onMessage });
  ignore(peer.begin());
  await near.serve();
}

async function runClient(stage: Stage): Promise<void> {
  const { run, loop, server } = stage;
  const peer = "run" in server ? datagramServerPeer(stage, server) : serverPeer(stage, server);
  const onExchanged = () => {
    if (run.recorder.lost > 0) throw new RunError("an answer did not come");
    loop.users = 1;
    peer.goOn();
    // In the event loop's turn, which comes next, an end that has something to do must not block.
    if (loop.isDue()) loop.users = 2;
  };
  ignore(peer.begin());
  await clientOf(stage, { ...run, onExchanged }).exchangeSize(SIZE_BYTES, false);
}

// The transports are the run's own, without a wrapper: V8 makes code for one kind of object and for
// one function at a place.

function clientOf(
  { client, opened }: Stage,
  run: ServerRun & { onExchanged?: () => void },
): Client<unknown> {
  const end = new Client(run, client, 0);
  opened.push({ close: () => end.abandon() });
  return end;
}

function serverOf({ server }: Stage, run: ServerRun): { serve(): Promise<void> } {
  return "run" in server ? new DatagramServer(run, server) : new ConnectionServer(run, server);
}

/** Sends its next message as soon as the last one was answered. */
function clientPeer(stage: Stage): Peer {
  const { run, loop, client, opened } = stage;
  const { repeat } = run.options.plan;
  const writer = new MessageWriter(run.options.protocol, SIZE_BYTES);
  const answer = new Uint8Array(SIZE_BYTES);
  let connection: unknown;
  let no = 0;
  let ended = false;
  const take = oneAtATime(() => client.receive(connection, answer, PATIENCE_MS));
  const end = async () => {
    try {
      await client.shutdown?.(connection);
    } finally {
      await client.close(connection);
    }
  };
  const next = () => {
    if (no < repeat) {
      const message = writer.prepare(no, SIZE_BYTES);
      return sendSoon(stage, () => client.send(connection, message), no++);
    }
    // What it waits for now the server has yet to send.
    loop.users = 2;
    if (!ended) ignore(end());
    ended = true;
  };
  const connected = (made: unknown) => {
    connection = made;
    opened.push({ close: () => client.close(made) });
    const handshaking = client.handshake?.(made);
    return handshaking instanceof Promise ? handshaking.then(next) : next();
  };
  return {
    begin() {
      const connecting = client.connect();
      return connecting instanceof Promise ? connecting.then(connected) : connected(connecting);
    },
    goOn() {
      take();
      next();
    },
  };
}

/** Answers before it is asked, but for the first time. */
function serverPeer(stage: Stage, server: ServerTransport): Peer {
  const message = new Uint8Array(2 * SIZE_BYTES);
  let connection: unknown;
  let no = 0;
  const take = oneAtATime(() => server.receive(connection, message, PATIENCE_MS));
  const answer = () => sendSoon(stage, () => server.send(connection, ACK), no++);
  return {
    async begin() {
      connection = await server.accept();
      stage.opened.push({ close: () => server.close(connection) });
      await server.handshake?.(connection);
      answer();
    },
    goOn() {
      take();
      answer();
    },
  };
}

/** As {@linkcode serverPeer}: it knows the client from its first datagram on. */
function datagramServerPeer(stage: Stage, server: DatagramServerTransport): Peer {
  let client: unknown;
  let no = 0;
  const answer = () => sendSoon(stage, () => server.send(client, ACK), no++);
  return {
    begin: () =>
      server.run((_bytes, from) => {
        if (client !== undefined) return;
        client = from;
        answer();
      }),
    goOn: answer,
  };
}

/** Sends at once, or when the end that is warmed up has waited for it. */
function sendSoon({ opened }: Stage, send: () => unknown, no: number): void {
  if (!LATE_MESSAGES.includes(no)) return ignore(send());
  const timer = setTimeout(() => ignore(send()));
  opened.push({ close: () => clearTimeout(timer) });
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

/** What becomes of a peer's call is not looked at: where it matters the other end fails. */
function ignore(outcome: unknown): void {
  if (outcome instanceof Promise) outcome.catch(() => {});
}
