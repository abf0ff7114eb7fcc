/**
 * The library's DTLS with messages under way, each end in a process of its own; beside it pion/dtls,
 * where `NETPAIRS_PION` names its peer (tools/bench/pion/main.go says how that is built).
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { describe, RunError, UsageError } from "../../common/base/errors.ts";
import { say } from "../../common/base/say.ts";
import { fromFileUrl } from "../../common/base/std.ts";
import { type Need, readVariable } from "./obstacles.ts";

/** What is exchanged in one iteration, so that asking for it costs nothing. */
const MESSAGES = 1000;

/** Messages under way, and their size in bytes. */
const CASES = [[1, 100], [32, 100], [1, 1400], [32, 1400]] as const;

/** A program and its first arguments; both ends are told apart by one more. */
type Program = readonly [string, ...string[]];

/** One end, which is asked and answers in lines. */
class Peer {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";

  constructor([program, ...first]: Program, ...args: string[]) {
    const command = new Deno.Command(program, {
      args: [...first, ...args],
      ...{ stdin: "piped", stdout: "piped" },
    });
    this.#process = command.spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stdin = this.#process.stdin.getWriter();
  }

  /** @throws {RunError} where it has ended */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#lines.read();
      if (done) throw new RunError("an end of the benchmark has ended");
      this.#text += value;
    }
  }

  async ask(question: string): Promise<string> {
    await this.#stdin.write(new TextEncoder().encode(`${question}\n`));
    return await this.line();
  }

  end(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended before.
    }
  }
}

/** Both ends of one program, connected when they are first asked. */
export class PeerPair {
  readonly #program: Program;
  #client: Promise<Peer> | null = null;
  #peers: Peer[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  /** @throws {RunError} where messages were lost: they have cost a second */
  async exchange(underway: number, bytes: number, count = MESSAGES): Promise<void> {
    this.#client ??= this.#connect();
    const lost = await (await this.#client).ask(`${bytes} ${underway} ${count}`);
    if (lost !== "0") throw new RunError(`${lost} of ${count} messages were lost`);
  }

  async #connect(): Promise<Peer> {
    const server = new Peer(this.#program);
    this.#peers.push(server);
    const client = new Peer(this.#program, await server.line());
    this.#peers.push(client);
    await client.line();
    return client;
  }

  end(): void {
    for (const peer of this.#peers.splice(0)) peer.end();
    this.#client = null;
  }
}

/** The library's own ends. */
export function ourPeers(): PeerPair {
  const script = fromFileUrl(import.meta.resolve("./dtls_peer.ts"));
  const permissions = [
    "--allow-net=127.0.0.1,0.0.0.0",
    "--allow-ffi",
    "--allow-env=NETPAIRS_LIBSSL",
  ];
  const how = ["run", "--no-prompt", "--no-check", "--unstable-net", ...permissions];
  return new PeerPair([Deno.execPath(), ...how, script]);
}

/** What names the peer on pion/dtls. */
const PION = "NETPAIRS_PION";

/** How long a peer may take to say its port, in milliseconds. */
const START_MS = 10_000;

/**
 * Makes sure that a peer's server starts.
 *
 * @throws {UsageError} where the variable names none that does
 */
async function checkPeer(variable: string, program: string): Promise<void> {
  let why: string;
  try {
    const peer = new Peer([program]);
    const late = new AbortController();
    const nothing = delay(START_MS, "", { signal: late.signal }).catch(() => "");
    try {
      if (/^\d+$/.test(await Promise.race([peer.line(), nothing]))) return;
      why = "it does not say a port";
    } finally {
      late.abort();
      peer.end();
    }
  } catch (error) {
    why = describe(error);
  }
  throw new UsageError(`${variable}=${program} is no peer that can be started: ${why}`);
}

/**
 * Registers the groups "library: DTLS, ...".
 *
 * @param whyNot what is not there on this machine, see {@linkcode Need}
 * @throws {UsageError} where `NETPAIRS_PION` names no peer that starts
 */
export async function registerDtlsLibrary(whyNot: (need: Need) => string | null): Promise<void> {
  const ignore = whyNot("processes") !== null || whyNot("OpenSSL") !== null;
  const pion = readVariable(PION);
  if (!ignore && pion === undefined) say(`skipped: pion/dtls: ${PION} is not set`);
  if (!ignore && pion !== undefined) await checkPeer(PION, pion);
  const pairs: [string, PeerPair][] = [["library", ourPeers()]];
  if (pion !== undefined) pairs.push(["pion/dtls", new PeerPair([pion])]);
  addEventListener("unload", () => pairs.forEach(([, pair]) => pair.end()));
  for (const [underway, bytes] of CASES) {
    for (const [name, pair] of pairs) {
      const what = `${MESSAGES} echoes of ${bytes} B, ${underway} under way`;
      Deno.bench({
        name: `library: DTLS ${what}${name === "library" ? "" : `, ${name}`}`,
        group: `library: DTLS, ${what}`,
        baseline: name === "library",
        ignore,
        // Deno waits for functions that are async.
        fn: async () => await pair.exchange(underway, bytes),
      });
    }
  }
}
