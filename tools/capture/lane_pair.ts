/**
 * Both ends of a lane, on this machine, as processes of their own.
 *
 * @module
 */
import { EXIT } from "../../common/base/errors.ts";
import type { Lane } from "../../common/model/lanes.ts";
import { failureOf, ScriptProcess } from "../lib/children.ts";

/** What a lane is run with. */
export interface PairSettings {
  lane: Lane;
  certs: string;
  /** File with the passphrase of the private keys; null for none. */
  keyPassphraseFile: string | null;
  /** Arguments of both ends. */
  args: readonly string[];
}

/** A server that listens, and its client when it is started. */
export class LanePair implements AsyncDisposable {
  readonly #settings: PairSettings;
  readonly #server: ScriptProcess;
  #client: ScriptProcess | null = null;

  /** Starts the server. */
  constructor(settings: PairSettings) {
    this.#settings = settings;
    this.#server = this.#start("server", ["--port", "0"], null);
  }

  /** The port that its server listens on; null where it ended before. */
  get port(): Promise<number | null> {
    return this.#server.port;
  }

  /**
   * Runs the client, until both have ended.
   *
   * @param keyLog file in a folder that the client may write to; null for none
   * @returns why it failed, in one line; null where it did not
   */
  async run(port: number, keyLog: { folder: string; path: string } | null): Promise<string | null> {
    const keys = keyLog === null ? [] : ["--key-log", keyLog.path];
    const args = ["--port", String(port), ...keys];
    const client = this.#client = this.#start("client", args, keyLog?.folder ?? null);
    void this.#server.ended.then(({ code }) => {
      // On datagrams its client would wait for a long time.
      if (code !== EXIT.complete) client.kill("SIGINT");
    });
    const clientEnding = await client.ended;
    if (clientEnding.code !== EXIT.complete) this.#server.kill("SIGINT");
    const serverEnding = await this.#server.ended;
    if (serverEnding.code === EXIT.failed) return `the server: ${failureOf(serverEnding)}`;
    return clientEnding.code === EXIT.complete ? null : `the client: ${failureOf(clientEnding)}`;
  }

  /** Why the server does not listen, when it has ended. */
  async serverFailure(): Promise<string> {
    return `the server: ${failureOf(await this.#server.ended)}`;
  }

  /** Ends both of them, in order. */
  interrupt(): void {
    for (const end of [this.#client, this.#server]) end?.kill("SIGINT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.interrupt();
    await Promise.all([this.#client?.ended, this.#server.ended]);
  }

  #start(role: "server" | "client", own: string[], results: string | null): ScriptProcess {
    const { lane, certs, keyPassphraseFile, args } = this.#settings;
    const all = [...args, ...own, "--quiet"];
    return new ScriptProcess({ lane, role, certs, keyPassphraseFile, results, args: all });
  }
}
