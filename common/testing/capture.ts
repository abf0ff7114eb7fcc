/**
 * What passes ports of the loopback interface, captured and deciphered by tshark.
 *
 * @module
 */
import { messagesIn, type WireMessage } from "./captured_messages.ts";
import { findProgram, ORIGINS } from "./programs.ts";
import { within } from "./within.ts";

const LOOPBACK = Deno.build.os === "linux" ? "lo" : "lo0";

type Protocol = "tls" | "dtls";

/** In hexadecimal digits: the last datagram of a capture. */
const LAST = "6e657470616972733a20746865206c617374";

/** Packets of some ports, which go to a file until it is ended. */
export class Capture implements AsyncDisposable {
  readonly #ports: readonly number[];
  readonly #path: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";
  #over = false;
  #onOutput = () => {};

  private constructor(ports: readonly number[], path: string) {
    this.#ports = ports;
    this.#path = path;
    this.#child = new Deno.Command(findProgram("tshark")!, {
      args: [
        ...["-i", LOOPBACK, "-f", ports.map((port) => `port ${port}`).join(" or "), "-w", path],
        // As packets come, it says what is in datagrams.
        ...["-P", "-l", "-T", "fields", "-e", "udp.payload"],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr, status } = this.#child;
    this.#ended = Promise.all([this.#collect(stdout), this.#collect(stderr), status]).finally(
      () => {
        this.#over = true;
        this.#onOutput();
      },
    );
  }

  /**
   * Captures what is sent from or to some ports from now on.
   *
   * @param path of the file
   * @throws {Error} where that is not possible
   */
  static async start(ports: readonly number[], path: string): Promise<Capture> {
    await using made = new AsyncDisposableStack();
    const capture = made.use(new Capture(ports, path));
    await capture.#says("Capture started");
    made.move();
    return capture;
  }

  /** Ends it when all that has been sent is in the file. */
  async end(): Promise<void> {
    const loopback = { transport: "udp", hostname: "127.0.0.1" } as const;
    const socket = Deno.listenDatagram({ ...loopback, port: 0 });
    await socket.send(Uint8Array.fromHex(LAST), { ...loopback, port: this.#ports[0]! });
    socket.close();
    await this.#says(LAST);
    this.#child.kill("SIGINT");
    await within(this.#ended);
  }

  /**
   * What was sent as application data, in its order, as far as it can be deciphered.
   *
   * @param keyLog path of the keys
   */
  async deciphered(protocol: Protocol, keyLog: string): Promise<string[]> {
    const fields = ["-Y", `${protocol} && data`, "-T", "fields", "-e", "data"];
    const text = await this.#read(protocol, keyLog, fields);
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => new TextDecoder().decode(Uint8Array.fromHex(line)));
  }

  /**
   * The messages of each port's server and its clients, in their order.
   *
   * @param keyLog path of the keys
   */
  async messages(protocol: Protocol, keyLog: string): Promise<WireMessage[][]> {
    const pdml = await this.#read(protocol, keyLog, ["-Y", protocol, "-T", "pdml"]);
    return this.#ports.map((port) => messagesIn(pdml, port));
  }

  async #read(protocol: Protocol, keyLog: string, args: readonly string[]): Promise<string> {
    const transport = protocol === "tls" ? "tcp" : "udp";
    const { stdout } = await new Deno.Command(findProgram("tshark")!, {
      args: [
        ...["-r", this.#path, "-o", `tls.keylog_file:${keyLog}`],
        ...this.#ports.flatMap((port) => ["-d", `${transport}.port==${port},${protocol}`]),
        ...args,
      ],
    }).output();
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#child.kill("SIGINT");
    await this.#ended;
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#output += text;
      this.#onOutput();
    }
  }

  async #says(text: string): Promise<void> {
    const wait = async () => {
      while (!this.#output.includes(text)) {
        if (this.#over) throw new Error(`tshark has ended: ${this.#output}`);
        await new Promise<void>((resolve) => this.#onOutput = resolve);
      }
    };
    await within(wait(), () => `tshark does not say ${text}: ${this.#output}`);
  }
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
