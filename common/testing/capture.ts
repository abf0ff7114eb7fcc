/**
 * What passes a port of the loopback interface, captured and deciphered by tshark.
 *
 * @module
 */
import { Capture as Packets } from "../../tools/capture/packets.ts";
import { createFile } from "../../tools/capture/files.ts";
import { LOOPBACK } from "../../tools/capture/programs.ts";
import { readingOptions } from "../../tools/capture/reading.ts";
import { findProgram, ORIGINS } from "./programs.ts";
import { within } from "./within.ts";

/** Packets of a port, which go to a file until it is ended. */
export class Capture implements AsyncDisposable {
  readonly #port: number;
  readonly #path: string;
  readonly #packets: Packets;

  private constructor(port: number, path: string, packets: Packets) {
    this.#port = port;
    this.#path = path;
    this.#packets = packets;
  }

  /**
   * Captures what is sent from or to a port from now on.
   *
   * @param path of the file
   * @throws {Error} where that is not possible
   */
  static async start(port: number, path: string): Promise<Capture> {
    const open = () => createFile(path);
    return new Capture(
      port,
      path,
      await within(Packets.start({ interface: LOOPBACK, ports: [port], open })),
    );
  }

  /** Ends it when all that has been sent is in the file. */
  async end(): Promise<void> {
    if (!await within(this.#packets.end())) throw new Error("the last datagram was not captured");
  }

  /**
   * What was sent as application data, in its order, as far as it can be deciphered.
   *
   * @param keyLog path of the keys; null where they are in the file
   */
  async deciphered(protocol: "tls" | "dtls", keyLog: string | null): Promise<string[]> {
    return await decipheredData({ path: this.#path, protocol, port: this.#port, keyLog });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packets[Symbol.asyncDispose]();
  }
}

/** What was sent as application data in a capture, see {@linkcode Capture.deciphered}. */
export async function decipheredData(
  reading: { path: string; protocol: "tls" | "dtls"; port: number; keyLog: string | null },
): Promise<string[]> {
  const { path, protocol, port, keyLog } = reading;
  const { stdout } = await new Deno.Command(findProgram("tshark")!, {
    args: [
      ...["-r", path, ...readingOptions(protocol, [port], keyLog), "-Y", `${protocol} && data`],
      ...["-T", "fields", "-e", "data"],
    ],
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return lines.map((line) => new TextDecoder().decode(Uint8Array.fromHex(line)));
}

/** Why nothing can be captured here, in the words of what refused it; null where it can. */
export const NO_CAPTURE: string | null = await refusal();

async function refusal(): Promise<string | null> {
  const program = findProgram("tshark");
  if (program === null) return ORIGINS.tshark;
  try {
    // Opens the interface as for a capture, asks for its link types, and ends.
    const args = ["-L", "-i", LOOPBACK];
    const { success, stderr } = await new Deno.Command(program, { args }).output();
    if (success) return null;
    const lines = new TextDecoder().decode(stderr).split("\n").filter((line) => line !== "");
    // Before its own words it may warn of who runs it.
    return lines.find((line) => line.startsWith("tshark: ")) ?? lines[0] ?? "tshark fails";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
