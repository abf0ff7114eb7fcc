/**
 * What passes ports of the loopback interface, captured and deciphered by tshark.
 *
 * @module
 */
import { createFile } from "../../tools/capture/files.ts";
import { Capture as Packets } from "../../tools/capture/packets.ts";
import { LOOPBACK } from "../../tools/capture/programs.ts";
import { readingOptions } from "../../tools/capture/reading.ts";
import { messagesIn, type WireMessage } from "./captured_messages.ts";
import { findProgram, ORIGINS } from "./programs.ts";
import { within } from "./within.ts";

type Protocol = "tls" | "dtls";

/** Packets of some ports, which go to a file until it is ended. */
export class Capture implements AsyncDisposable {
  readonly #ports: readonly number[];
  readonly #path: string;
  readonly #packets: Packets;

  private constructor(ports: readonly number[], path: string, packets: Packets) {
    this.#ports = ports;
    this.#path = path;
    this.#packets = packets;
  }

  /**
   * Captures what is sent from or to some ports from now on.
   *
   * @param path of the file
   * @throws {Error} where that is not possible
   */
  static async start(ports: readonly number[], path: string): Promise<Capture> {
    const open = () => createFile(path);
    return new Capture(ports, path, await Packets.start({ interface: LOOPBACK, ports, open }));
  }

  /** Ends it when all that has been sent is in the file. */
  async end(): Promise<void> {
    if (!await within(this.#packets.end())) throw new Error("the last datagram was not captured");
  }

  /**
   * What was sent as application data, in its order, as far as it can be deciphered.
   *
   * @param keyLog path of the keys
   */
  async deciphered(protocol: Protocol, keyLog: string): Promise<string[]> {
    return await decipheredData(protocol, this.#ports, this.#path, keyLog);
  }

  /**
   * The messages of each port's server and its clients, in their order.
   *
   * @param keyLog path of the keys
   */
  async messages(protocol: Protocol, keyLog: string): Promise<WireMessage[][]> {
    const pdml = await read(protocol, this.#ports, this.#path, keyLog, [
      ...["-Y", protocol, "-T", "pdml"],
    ]);
    return this.#ports.map((port) => messagesIn(pdml, port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packets[Symbol.asyncDispose]();
  }
}

/**
 * What was sent as application data in a capture, see {@linkcode Capture.deciphered}.
 *
 * @param keyLog path of the keys; null where they are in the capture itself
 */
export async function decipheredData(
  protocol: Protocol,
  ports: readonly number[],
  path: string,
  keyLog: string | null,
): Promise<string[]> {
  const fields = ["-Y", `${protocol} && data`, "-T", "fields", "-e", "data"];
  const text = await read(protocol, ports, path, keyLog, fields);
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => new TextDecoder().decode(Uint8Array.fromHex(line)));
}

async function read(
  protocol: Protocol,
  ports: readonly number[],
  path: string,
  keyLog: string | null,
  args: readonly string[],
): Promise<string> {
  const { stdout } = await new Deno.Command(findProgram("tshark")!, {
    args: ["-r", path, ...readingOptions(protocol, ports, keyLog), ...args],
  }).output();
  return new TextDecoder().decode(stdout);
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
