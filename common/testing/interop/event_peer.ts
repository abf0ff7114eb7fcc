/**
 * Peers that were written for these tests: programs with the command line of peer.h, which say on a
 * line each what happens to them.
 *
 * @module
 */
import type { Role } from "../../model/protocol.ts";
import { assertEquals } from "../assert.ts";
import { testCertificates } from "../certs.ts";
import { type Folder, folderWith } from "../folder.ts";
import { PATIENCE_MS } from "../within.ts";
import { RunningProgram } from "../running_program.ts";
import type { Conn, PeerPlan, RunningPeer } from "./implementation.ts";

/** A running one. */
export class EventPeer implements RunningPeer {
  port = 0;
  readonly #folder: Folder;
  readonly #program: RunningProgram;

  private constructor(folder: Folder, program: RunningProgram) {
    this.#folder = folder;
    this.#program = program;
  }

  /**
   * Starts one; a server listens when this resolves.
   *
   * @param command the program, and its first arguments
   * @param ciphers by the names that it has for them, "-" for its own choice
   */
  static async start(
    command: readonly string[],
    role: Role,
    plan: PeerPlan,
    ciphers = "-",
  ): Promise<EventPeer> {
    const { version, port, cert = "good", ca = "good", psk, localPort = 0, resumes } = plan;
    const [own, trusted] = await Promise.all([testCertificates(cert), testCertificates(ca)]);
    const folder = await folderWith({
      "ca.pem": trusted.ca,
      "cert.pem": own[role].cert,
      "key.pem": own[role].key,
    });
    const [program, ...first] = command;
    const peer = new EventPeer(
      folder,
      RunningProgram.start(program!, [
        ...[...first, role, version, `${port}`, `${localPort}`, resumes ? "2" : "1", ciphers],
        ...psk ? ["psk", psk.identity, psk.key.toHex()] : ["cert", "cert.pem", "key.pem", "ca.pem"],
      ], folder.dir),
    );
    await using made = new AsyncDisposableStack();
    made.use(peer);
    if (role === "server") {
      peer.port = Number((await peer.#program.printed(/^listening (\d+)$/m))[1]);
    }
    made.move();
    return peer;
  }

  async connected(): Promise<void> {
    await this.#program.printed(/^connected$/m);
  }

  async refused(): Promise<void> {
    await this.#program.printed(/^refused .*$/m);
  }

  /** It sends back what it receives. */
  async exchange(conn: Conn, sizeBytes: number): Promise<void> {
    const message = new Uint8Array(sizeBytes).map((_, i) => i % 251);
    await ("read" in conn ? conn.write(message) : conn.send(message));
    assertEquals(await take(conn, sizeBytes), message, this.#program.output);
  }

  async close(): Promise<void> {
    await this.#program.type("close\n");
    await this.#program.printed(/^closed$/m);
  }

  async closed(): Promise<void> {
    await this.#program.printed(/^peer closed$/m);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Reads so many bytes, or receives one message. */
export async function take(conn: Conn, sizeBytes: number): Promise<Uint8Array | null> {
  if (!("read" in conn)) return await conn.receive(undefined, PATIENCE_MS);
  const into = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes;) {
    const length = await conn.read(into.subarray(at), PATIENCE_MS);
    if (length === null) return null;
    at += length;
  }
  return into;
}
