/**
 * Opens and closes many connections, and looks for what they leave behind in memory.
 *
 *     deno task soak --help
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { type CertificateSet, generateCertificates } from "../certs/generate.ts";
import { RunError } from "../common/base/errors.ts";
import { liveSessions } from "../common/openssl/session.ts";
import type { ListenSettings } from "../common/openssl/settings.ts";
import { print } from "../common/base/output.ts";
import { fromFileUrl, sprintf } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { flag, hidden, oneOf, wholeNumber } from "../common/cli/option_kinds.ts";
import { growthOf, pointsOf } from "./soak/growth.ts";
import { connectDtls, listenDtls } from "../dtls/mod.ts";
import { connectTls, listenTls } from "../tls/mod.ts";

const PROTOCOLS = ["dtls", "tls"] as const;
type SoakProtocol = typeof PROTOCOLS[number];

/** See the help. */
const V8_FLAGS = "--v8-flags=--expose-gc,--min-semi-space-size=1,--max-semi-space-size=1";

/** From here on growth counts: below, it is the heap's settling. */
const JUDGED_CYCLES = 20_000;
const ALLOWED_GROWTH = 0.1;

const OPTIONS = {
  protocol: oneOf(PROTOCOLS, "what to connect with", "dtls"),
  cycles: wholeNumber([1, 10_000_000], "connections, one after the other", JUDGED_CYCLES),
  sessions: wholeNumber([1, 10_000], "instead: connections, all open at once", undefined),
  listener: hidden(flag("the process that listens")),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Opens and closes many connections, and shows the memory that they leave behind.",
  starts: "deno task soak",
  about:
    `A listener runs in a process of its own, clients in this one, with certificates at both ends. The
resident memory of both processes is printed: with --cycles after every eighth of them, and how much
of it all cycles would add if each added what it did in the second half, when memory has settled;
with --sessions before and while all of them are open. The run fails if 20000 cycles or more add
over 10 %, or if any leave an SSL object.

The task starts deno with ${V8_FLAGS}, as
the listener's process always is: memory is measured after a garbage collection, and the young heap
has a fixed size. It would otherwise grow by some MiB in the first 10000 cycles.`,
  options: OPTIONS,
  permissions: {
    "--allow-net": "connections",
    "--allow-ffi": "OpenSSL",
    "--allow-run": "deno, for the listener",
  },
};

const MESSAGE = new Uint8Array(100).fill(7);
/** Longest wait for an answer, in milliseconds: two processes on one core are slow. */
const PATIENCE_MS = 30_000;

/** What a process says of itself. */
interface Usage {
  rssBytes: number;
  /** SSL objects that were not freed; the one that a listener has ready for its next client is none. */
  live: number;
}

/** One client's connection, whatever the protocol. */
interface Client {
  /** Sends a message and waits for it to come back. */
  exchange(): Promise<void>;
  close(): Promise<void>;
}

type Connect = () => Promise<Client>;

/**
 * Runs the soak.
 *
 * @returns the exit code
 */
export function soak(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values }) => {
    const { protocol, cycles, sessions } = values;
    if (values.listener) return await serve(protocol);
    const set = await generateCertificates();
    await using listener = await ListenerProcess.start(protocol, set);
    const connect = connectTo(protocol, listener.port, set);
    if (sessions === undefined) await runCycles(cycles, connect, listener);
    else await runSessions(sessions, connect, listener);
  });
}

async function runCycles(cycles: number, connect: Connect, listener: ListenerProcess) {
  const points = pointsOf(cycles);
  const marks: Usage[][] = [];
  print("    cycles  client MiB  server MiB\n");
  for (let done = 1; done <= cycles; done++) {
    const client = await connect();
    await client.exchange();
    await client.close();
    if (!points.includes(done)) continue;
    const both = [await usage(), await listener.usage()];
    marks.push(both);
    print(sprintf("%10d  %10.1f  %10.1f\n", done, ...both.map(mebibytes)));
  }
  const growths = [0, 1].map((end) => growthOf(marks.map((both) => both[end]!.rssBytes)));
  print(sprintf("    growth  %8.1f %%  %8.1f %%\n", ...growths.map((growth) => growth * 100)));
  checkLive(marks.at(-1)!);
  if (cycles >= JUDGED_CYCLES && growths.some((growth) => growth > ALLOWED_GROWTH)) {
    throw new RunError(`memory goes on growing, by more than 10 % in ${cycles} cycles`);
  }
}

async function runSessions(sessions: number, connect: Connect, listener: ListenerProcess) {
  const one = await connect();
  await one.exchange();
  await one.close();
  const before = [await usage(), await listener.usage()];
  const clients: Client[] = [];
  for (let i = 0; i < sessions; i++) {
    const client = await connect();
    clients.push(client);
    await client.exchange();
  }
  const during = [await usage(), await listener.usage()];
  // Those that were there first have to be there still.
  for (const client of clients) await client.exchange();
  for (const client of clients) await client.close();
  const after = [await usage(), await listener.usage()];
  print("                client      server\n");
  for (const [name, both] of Object.entries({ before, during, after })) {
    print(sprintf("%-8s MiB  %10.1f  %10.1f\n", name, ...both.map(mebibytes)));
  }
  const each = during.map(({ rssBytes }, i) => (rssBytes - before[i]!.rssBytes) / sessions / 1024);
  print(sprintf("a session's KiB %6.1f  %10.1f\n", ...each));
  checkLive(after);
}

/** @throws {RunError} where an SSL object was not freed */
function checkLive(both: Usage[]): void {
  const [client, server] = both.map(({ live }) => live);
  print(sprintf("live SSLs  %10d  %10d\n", client, server));
  if (client || server) throw new RunError("SSL objects were not freed");
}

function mebibytes({ rssBytes }: Usage): number {
  return rssBytes / 2 ** 20;
}

/** What this process uses, once the garbage is gone, as far as it can be collected at will. */
async function usage(): Promise<Usage> {
  const { gc } = globalThis as { gc?: () => void };
  // Buffers are freed by and by, after the collection that found them unused.
  for (let rounds = 0; gc && rounds < 3; rounds++) {
    gc();
    await delay(50);
  }
  return { rssBytes: Deno.memoryUsage().rss, live: liveSessions() };
}

/** A context, callbacks and a look at a long-lived signal for each: everything that could stay. */
function connectTo(protocol: SoakProtocol, port: number, { ca, client }: CertificateSet): Connect {
  const { signal } = new AbortController();
  const settings = { port, caCerts: [ca], ...client, alpnProtocols: ["soak"], signal };
  const keyLog = () => {};
  if (protocol === "tls") {
    return async () => {
      const conn = await connectTls({ ...settings, keyLog });
      const answer = new Uint8Array(MESSAGE.length);
      return {
        async exchange() {
          await conn.write(MESSAGE);
          for (let at = 0; at < answer.length;) {
            const length = await conn.read(answer.subarray(at), PATIENCE_MS);
            if (length === null) throw new RunError("the listener ended the connection");
            at += length;
          }
        },
        close: () => conn.close(),
      };
    };
  }
  return async () => {
    const conn = await connectDtls({ ...settings, keyLog });
    return {
      async exchange() {
        await conn.send(MESSAGE);
        const answer = await conn.receive(undefined, PATIENCE_MS);
        if (answer === null) throw new RunError("the listener ended the session");
      },
      close: () => conn.close(),
    };
  };
}

/** The listener: certificates come in as the first line of stdin, each further line is a question. */
async function serve(protocol: SoakProtocol): Promise<void> {
  const lines = linesOf(Deno.stdin.readable);
  const { ca, server } = JSON.parse((await lines.next()).value!) as CertificateSet;
  const options: ListenSettings = {
    ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require" },
    ...server,
    alpnProtocols: ["soak"],
    signal: new AbortController().signal,
  };
  const [listener, serving] = protocol === "tls" ? serveTls(options) : serveDtls(options);
  const ready = liveSessions();
  const tell = (value: unknown) => print(`${JSON.stringify(value)}\n`);
  tell(listener.addr.port);
  for await (const _question of lines) {
    const { rssBytes, live } = await usage();
    // A listener that keeps a session, too, may have none ready.
    tell({ rssBytes, live: Math.max(live - ready, listener.counters.sessions) });
  }
  await listener.close();
  await serving;
}

function serveTls(options: ListenSettings) {
  const listener = listenTls(options);
  const answerAll = async () => {
    for await (const conn of listener) {
      // A connection that fails is seen at the client's end.
      conn.readable.pipeTo(conn.writable).catch(() => {}).finally(() => conn.close());
    }
  };
  return [listener, answerAll()] as const;
}

function serveDtls(options: ListenSettings) {
  const listener = listenDtls(options);
  const answerAll = async () => {
    for await (const conn of listener) {
      const answer = async () => {
        for await (const message of conn) await conn.send(message);
      };
      answer().catch(() => {}).finally(() => conn.close());
    }
  };
  return [listener, answerAll()] as const;
}

/** The process that listens; it ends with its stdin. */
class ListenerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #ask: (line: string) => Promise<unknown>;
  readonly #end: () => Promise<void>;

  private constructor(
    child: Deno.ChildProcess,
    port: number,
    ask: (line: string) => Promise<unknown>,
    end: () => Promise<void>,
  ) {
    this.port = port;
    this.#child = child;
    this.#ask = ask;
    this.#end = end;
  }

  static async start(protocol: SoakProtocol, set: CertificateSet): Promise<ListenerProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", V8_FLAGS, "--unstable-net"],
        ...["--allow-net=127.0.0.1", "--allow-ffi", fromFileUrl(import.meta.url)],
        ...["--listener", "--protocol", protocol],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const answers = linesOf(child.stdout);
    const writer = child.stdin.getWriter();
    const ask = async (line: string) => {
      await writer.write(new TextEncoder().encode(`${line}\n`));
      const { value } = await answers.next();
      if (value === undefined) throw new RunError("the listener's process has ended");
      return JSON.parse(value) as unknown;
    };
    const end = async () => {
      await writer.close();
      while (!(await answers.next()).done) { /* nothing more is asked */ }
    };
    return new ListenerProcess(child, await ask(JSON.stringify(set)) as number, ask, end);
  }

  async usage(): Promise<Usage> {
    return await this.#ask("usage") as Usage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end().catch(() => {});
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

if (import.meta.main) Deno.exit(await soak(Deno.args));
