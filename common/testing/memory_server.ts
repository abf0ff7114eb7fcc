/**
 * A DTLS server in a process of its own, which tells how much memory it has.
 *
 * @module
 */
import { ROOT } from "../../tools/lib/children.ts";
import { join } from "../base/std.ts";
import { testCertificates } from "./certs.ts";
import { within } from "./within.ts";

/** The process, as a test sees it. */
export class MemoryServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(
    child: Deno.ChildProcess,
    lines: ReadableStreamDefaultReader<string>,
    input: WritableStreamDefaultWriter<Uint8Array>,
    port: number,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#input = input;
    this.port = port;
  }

  /** Starts it; it uses the good certificates of this process. */
  static async start(): Promise<MemoryServer> {
    const script = join(ROOT, "common/testing/memory_server_program.ts");
    const flags = [
      "--unstable-net",
      "--allow-net",
      "--allow-ffi",
      "--v8-flags=--expose-gc,--min-semi-space-size=1,--max-semi-space-size=1",
    ];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...flags, script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const input = child.stdin.getWriter();
    const { ca, server } = await testCertificates();
    await input.write(new TextEncoder().encode(`${JSON.stringify({ ca, server })}\n`));
    const { value } = await within(lines.read());
    return new MemoryServer(child, lines, input, Number(value));
  }

  /** Its resident memory in bytes, after a collection. */
  async rss(): Promise<number> {
    await this.#input.write(new TextEncoder().encode("rss\n"));
    const { value } = await within(this.#lines.read());
    return Number(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#lines.cancel();
    await this.#child.status;
  }
}
