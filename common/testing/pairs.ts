/**
 * What the tests of whole scripts share: pairs started as a user would start them.
 *
 * @module
 */
import { Ajv } from "ajv";
import type { CertificateSet } from "../../certs/generate.ts";
import { type Lane, LANES } from "../model/lanes.ts";
import type { Protocol, Role } from "../model/protocol.ts";
import type { ResultDocument } from "../measure/result.ts";
import { assert } from "./assert.ts";
import { testCertificates, textsOf } from "./certs.ts";
import { type Folder, folderWith } from "./folder.ts";
import { freePort } from "./free_port.ts";
import schema from "../measure/result.schema.json" with { type: "json" };
import type { Ending, ScriptSettings } from "../../tools/lib/children.ts";
import { type RunningScript, startScript } from "./script_hosts.ts";

/** What a test may change of how a script is started. */
export type Changes = Partial<Omit<ScriptSettings, "lane" | "role" | "args">> & {
  /** A process of its own, instead of a host: it is killed, or looked at. */
  ownProcess?: boolean;
};

/** A folder for one test's certificates and results; gone afterwards. */
export class Workplace implements AsyncDisposable {
  readonly #folder: Folder;
  readonly #processes: RunningScript[] = [];

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** The folder. */
  get dir(): string {
    return this.#folder.dir;
  }

  /** @param set certificates; default are good ones, made once for all tests */
  static async make(set?: CertificateSet): Promise<Workplace> {
    const place = new Workplace(await folderWith());
    await place.write(set ?? await goodCertificates());
    return place;
  }

  /** Writes certificates under the names the scripts look for, replacing what is there. */
  async write(set: CertificateSet): Promise<void> {
    for (const [name, pem] of Object.entries(textsOf(set))) {
      await Deno.writeTextFile(this.path(name), pem);
    }
  }

  /** A path in the folder. */
  path(name: string): string {
    return this.#folder.path(name);
  }

  /** Starts a script; it is ended with the test, if it has not ended by then. */
  start(
    lane: Lane,
    role: Role,
    args: string[],
    changes: Changes = {},
  ): RunningScript {
    const { ownProcess, ...others } = changes;
    const settings = { lane, role, certs: this.dir, results: this.dir, args, ...others };
    const process = startScript(settings, ownProcess);
    this.#processes.push(process);
    return process;
  }

  /** Starts a script and waits for its end. */
  run(lane: Lane, role: Role, args: string[], changes?: Changes): Promise<Ending> {
    return this.start(lane, role, args, changes).ended;
  }

  /** Starts a server on a free port. */
  async serve(lane: Lane, args: string[], changes?: Changes): Promise<RunningServer> {
    const process = this.start(lane, "server", ["--port", "0", ...args], changes);
    const port = await process.port;
    if (port === null) throw new Error(`no server: ${(await process.ended).stderr}`);
    return { process, port };
  }

  /** Runs a server and a client against each other, with the same arguments. */
  async pair(lane: Lane, args: string[], more: PairArguments = {}): Promise<PairEnding> {
    const serving = more.serverLane ?? lane;
    const server = await this.serve(serving, [...args, ...more.server ?? []], more.changes);
    const port = ["--port", String(server.port)];
    const client = await this.run(
      lane,
      "client",
      [...port, ...args, ...more.client ?? []],
      more.changes,
    );
    if (client.code !== 0) server.process.kill("SIGTERM");
    return { client, server: await server.process.ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map(stop));
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** How long a script may take to end in order, in milliseconds. */
const GRACE_MS = 5000;

/** Ends a script, if it has not ended. */
async function stop(process: RunningScript): Promise<void> {
  process.kill("SIGTERM");
  const timer = setTimeout(() => process.kill("SIGKILL"), GRACE_MS);
  await process.ended;
  clearTimeout(timer);
}

/** A server that listens. */
export interface RunningServer {
  process: RunningScript;
  port: number;
}

/** Arguments for one end only. */
export interface PairArguments {
  server?: string[];
  client?: string[];
  changes?: Changes;
  /** The server's lane, where it is another one than the client's. */
  serverLane?: Lane;
}

/** How both ends ended. */
export interface PairEnding {
  client: Ending;
  server: Ending;
}

/**
 * Waits until a script's log has lines of a number of messages.
 *
 * @throws {Error} where the script ends before
 */
export async function untilLogged(
  process: RunningScript,
  path: string,
  messages: number,
): Promise<void> {
  const isThere = async () => (await Deno.readTextFile(path)).split("\n").length > messages;
  using watcher = Deno.watchFs(path);
  const events = watcher[Symbol.asyncIterator]();
  const ended = process.ended.then(({ stderr }) => `it ended before: ${stderr}`);
  // What was written before it was watched is no event.
  while (!await isThere()) {
    const failure = await Promise.race([ended, events.next()]);
    if (typeof failure === "string" && !await isThere()) throw new Error(failure);
  }
}

/** Certificates that pass, for localhost, 127.0.0.1 and ::1. */
export function goodCertificates(): Promise<CertificateSet> {
  return testCertificates();
}

/** All lanes of some protocols. */
export function lanesOf(...protocols: Protocol[]): Lane[] {
  return LANES.filter((lane) => protocols.includes(lane.protocol));
}

/**
 * Lanes of some protocols, by default of all, without those that spin: they have the same code as
 * those that block, and ask again instead of waiting. Tests of what hangs on waiting have them, too.
 */
export function lanesBesideSpin(...protocols: Protocol[]): Lane[] {
  const lanes = protocols.length === 0 ? LANES : lanesOf(...protocols);
  return lanes.filter(({ io }) => io !== "spin");
}

/** A lane that spins on streams, and one on datagrams. */
export const SPINNING: readonly Lane[] = LANES.filter(({ name }) =>
  name === "tcp-spin" || name === "dtls-spin-openssl"
);

/** A port of 127.0.0.1 where no server of a lane is, and none gets by itself. */
export function freePortFor({ protocol }: Lane): number {
  return freePort(protocol === "tcp" || protocol === "tls" ? "tcp" : "udp");
}

/** The lane of that name. */
export function laneNamed(name: string): Lane {
  const lane = LANES.find((lane) => lane.name === name);
  assert(lane, `no lane ${name}`);
  return lane;
}

const validate = new Ajv({ allowUnionTypes: true }).compile<ResultDocument>(schema);

/** Reads a result document and checks it against the schema. */
export function readDocument(text: string): ResultDocument {
  const document: unknown = JSON.parse(text);
  assert(validate(document), JSON.stringify(validate.errors, null, 1));
  return document;
}

/** Both ends of a run, whatever their exit code, print no stack trace. */
export function assertOneLine(ending: Omit<Ending, "signal">, code: number, line: RegExp): void {
  const lines = ending.stderr.trim().split("\n").filter((line) => !/^listening on /.test(line));
  const said = `exit code ${ending.code}, stderr: ${ending.stderr}`;
  assert(ending.code === code, `exit code ${code} was expected: ${said}`);
  assert(lines.length === 1, `one line was expected: ${said}`);
  assert(line.test(lines[0]!), `${line} was expected: ${said}`);
}
