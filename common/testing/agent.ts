/**
 * What the tests of an agent share.
 *
 * @module
 */
import { loadCertificates } from "../pem/certificate_files.ts";
import { Workplace } from "./pairs.ts";
import { within } from "./within.ts";
import type { TlsConn } from "../../tls/lib/conn.ts";
import { connectTls } from "../../tls/lib/connect.ts";
import { Agent } from "../../tools/agent/agent.ts";
import { AgentClient } from "../../tools/agent/client.ts";
import { Lines } from "../../tools/agent/lines.ts";
import type { AgentSettings } from "../../tools/agent/session.ts";

/** An agent in the test's own process, on a free port. */
export class TestAgent implements AsyncDisposable {
  /** What it has said. */
  readonly said: string[] = [];
  readonly place: Workplace;
  #agent!: Agent;
  #serving: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  private constructor(place: Workplace) {
    this.place = place;
  }

  /** Starts one. */
  static async start(change: Partial<AgentSettings> = {}): Promise<TestAgent> {
    const test = new TestAgent(await Workplace.make());
    const settings = {
      ...{ hostname: "127.0.0.1", dataPort: 0, certs: test.place.dir, keyPassphraseFile: null },
      ...{ maxMegabytes: 10, maxSeconds: 60, maxClients: 5, clockShiftUs: 0 },
      ...change,
    };
    test.#agent = await Agent.listen(0, settings, (line) => {
      test.said.push(line);
      for (const look of test.#listeners) look();
    });
    test.#serving = test.#agent.serve();
    return test;
  }

  /** Where it listens. */
  get port(): number {
    return this.#agent.port;
  }

  /** Waits until it has said that. */
  async says(pattern: RegExp): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const look = () => {
      const line = this.said.find((line) => pattern.test(line));
      if (line !== undefined) resolve(line);
    };
    this.#listeners.add(look);
    look();
    return await within(promise, () => `${pattern} was not said: ${this.said.join("\n")}`);
  }

  /** A client of it, as run_all has one. */
  connect(certs: string = this.place.dir): Promise<AgentClient> {
    const { port } = this;
    return AgentClient.connect({ hostname: "127.0.0.1", port, certs, keyPassphraseFile: null });
  }

  /**
   * A client that says what a test has it say.
   *
   * @param hostname to which of this machine's addresses it comes; the certificate is for the default
   */
  async talk(hostname = "127.0.0.1"): Promise<{ conn: TlsConn; lines: Lines }> {
    const certificates = await loadCertificates(
      { certs: this.place.dir, keyPassphraseFile: null },
      "client",
    );
    const serverName = "127.0.0.1";
    const conn = await connectTls({ ...certificates, hostname, serverName, port: this.port });
    await conn.handshake();
    const lines = new Lines(conn, 1_000_000, () => 0);
    return { conn, lines };
  }

  /** Ends it, as Ctrl-C does. */
  async close(): Promise<void> {
    await this.#agent.close();
    await this.#serving;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.place[Symbol.asyncDispose]();
  }
}
