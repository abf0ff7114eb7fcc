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
import { Client, type ClientConnection, type ClientTransport } from "./client.ts";
import { StepTimer } from "./clock.ts";
import { Deadlines } from "./deadline.ts";
import { ACK, MessageWriter } from "./message.ts";
import { TlsContext } from "./openssl/context.ts";
import type { PairOptions } from "./options.ts";
import { posixLoop } from "./posix_pair.ts";
import { SocketAddress } from "./posix/address.ts";
import type { PollLoop } from "./posix/poll_loop.ts";
import { Recorder } from "./recorder.ts";
import { Server, type ServerRun } from "./server.ts";
import type {
  DatagramPeer,
  DatagramServerTransport,
  ServerConnection,
  ServerTransport,
} from "./server_transport.ts";

/** More than V8's --invocation-count-for-turbofan, by the time it takes until the code is there. */
const MESSAGES = 4000;
const SIZE_BYTES = 100;
const HOST = "127.0.0.1";

/** Nothing is far away here. */
const PATIENCE_MS = 1000;

type AnyServer = ServerTransport | DatagramServerTransport;

/** Both ends of a protocol. */
export interface RehearsedPair<
  Context extends unknown[] = [],
  Server extends AnyServer = AnyServer,
> {
  client(
    options: PairOptions,
    loop: PollLoop,
    server: SocketAddress,
    ...context: Context
  ): ClientTransport;
  server(options: PairOptions, loop: PollLoop, hostname: string, ...context: Context): Server;
}

/** Goes through the exchange of the end that the options are for. */
export async function rehearse(words: PairOptions, pair: RehearsedPair): Promise<void> {
  const options: PairOptions = {
    ...words,
    ...{ hostname: HOST, port: 0, clients: 1, connect: "once", reply: true, resume: false },
    ...{ plan: { sizes: [SIZE_BYTES], repeat: MESSAGES }, waitMs: 0, pause: false },
    ...{ timeoutMs: PATIENCE_MS, idleTimeoutMs: PATIENCE_MS, forever: false, answer: "ack" },
  };
  using deadlines = new Deadlines();
  // Both ends in one loop: none of them may block.
  const loop = posixLoop(options, deadlines);
  loop.users = 2;
  const server = pair.server(options, loop, HOST);
  const client = pair.client(options, loop, SocketAddress.of(HOST, server.port));
  const run = { options, deadlines, recorder: new Recorder(), onTrouble: () => {} };
  const opened: Closable[] = [];
  try {
    if (options.role === "server") await rehearseServer(run, server, client, opened);
    else if ("run" in server) await rehearseDatagramClient(run, server, client, opened);
    else await rehearseClient(run, server, client, opened);
  } catch {
    // Then the run begins without it.
  } finally {
    // Whoever still waits in the loop would take its turns from the run.
    deadlines.interrupt();
    if ("run" in server) server.close();
    else server.stopAccepting();
    for (const { close } of opened) ignore(close());
    if (!("run" in server)) await server.close?.();
  }
}

/** Something that is given back when the rehearsal is over, however it ends. */
interface Closable {
  close(): unknown;
}

/** As {@linkcode rehearse}, with a pre-shared key for the certificates that only the peer has. */
export async function rehearseSecure(
  options: PairOptions,
  pair: RehearsedPair<[TlsContext]>,
): Promise<void> {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const datagram = options.protocol === "dtls";
  using serverContext = new TlsContext({ role: "server", datagram, pskLookup: () => key });
  const psk = { identity: "rehearsal", key };
  using clientContext = new TlsContext({ role: "client", datagram, psk });
  await rehearse(options, {
    client: (options, loop, server) => pair.client(options, loop, server, clientContext),
    server: (options, loop, hostname) => pair.server(options, loop, hostname, serverContext),
  });
}

/** The peer sends its next message as soon as it has been answered: it is there when it is wanted. */
async function rehearseServer(
  run: ServerRun,
  transport: AnyServer,
  peer: ClientTransport,
  opened: Closable[],
) {
  const writer = new MessageWriter(run.options.protocol, SIZE_BYTES);
  const answer = new Uint8Array(SIZE_BYTES);
  let near!: ClientConnection;
  let no = 0;
  let ending: Promise<void> | undefined;
  const next = () => {
    if (no < MESSAGES) ignore(near.send(writer.prepare(no++, SIZE_BYTES)));
    else ignore(ending ??= endOf(near));
  };
  const take = oneAtATime(() => near.receive(answer));
  const onMessage = () => {
    take();
    next();
  };
  const server = new Server({ ...run, onMessage });
  const opening = peer.open(new StepTimer());
  const begin = (connection: ClientConnection) => {
    near = connection;
    opened.push({ close: () => near.close() });
    next();
  };
  const serve = () =>
    "run" in transport ? server.serveDatagrams(transport) : server.serve(transport);
  if (opening instanceof Promise) {
    await Promise.all([serve(), opening.then(begin)]);
  } else {
    begin(opening);
    await serve();
  }
  await ending;
}

/** The server answers before it is asked: the answer is there when it is wanted. */
async function rehearseClient(
  run: ServerRun,
  server: ServerTransport,
  client: ClientTransport,
  opened: Closable[],
) {
  const message = new Uint8Array(2 * SIZE_BYTES);
  let far!: ServerConnection;
  const take = oneAtATime(() => far.receive(message, true));
  const transport: ClientTransport = {
    async open(timer) {
      const accepting = acceptOne(server, opened);
      ignore(accepting);
      const near = await client.open(timer);
      far = await accepting;
      ignore(far.send(ACK));
      return near;
    },
    rest() {
      take();
      ignore(far.send(ACK));
      return client.rest?.();
    },
  };
  const end = new Client(run, transport, 0);
  opened.push({ close: () => end.abandon() });
  await end.exchangeSize(SIZE_BYTES, false);
}

async function acceptOne(
  server: ServerTransport,
  opened: Closable[],
): Promise<ServerConnection> {
  const connection = (await server.accept())!;
  opened.push({ close: () => connection.close() });
  await connection.handshake?.();
  return connection;
}

/** As {@linkcode rehearseClient}: the server knows the client from its first datagram on. */
async function rehearseDatagramClient(
  run: ServerRun,
  server: DatagramServerTransport,
  client: ClientTransport,
  opened: Closable[],
) {
  const met = Promise.withResolvers<DatagramPeer>();
  ignore(server.run((_bytes, from) => met.resolve(from)));
  let far!: DatagramPeer;
  const transport: ClientTransport = {
    connectionless: true,
    async open(timer) {
      const near = await client.open(timer);
      ignore(near.send(ACK));
      far = await met.promise;
      ignore(far.send(ACK));
      return near;
    },
    rest() {
      ignore(far.send(ACK));
      return client.rest?.();
    },
  };
  const end = new Client(run, transport, 0);
  opened.push({ close: () => end.abandon() });
  await end.exchangeSize(SIZE_BYTES, false);
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
