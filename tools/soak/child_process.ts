/**
 * A process of this program's own that answers a line with a line.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { fromFileUrl } from "../../common/base/std.ts";
import { V8_FLAGS } from "./usage.ts";

/** Starts a module, and asks it; it is to end with its stdin. */
export class AskedProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #answers: AsyncGenerator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #name: string;

  /** @param name what an error calls it */
  constructor(name: string, module: URL, permissions: readonly string[], args: readonly string[]) {
    this.#name = name;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", V8_FLAGS, "--unstable-net", ...permissions],
        ...[fromFileUrl(module), ...args],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#answers = linesOf(this.#child.stdout);
    this.#writer = this.#child.stdin.getWriter();
  }

  /**
   * Asks one question.
   *
   * @returns the answer, which is JSON
   * @throws {RunError} where the process has ended
   */
  async ask(question: unknown): Promise<unknown> {
    // A process that is gone takes nothing; that it gives nothing either is what is told.
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`))
      .catch(() => {});
    const { value } = await this.#answers.next();
    if (value === undefined) throw new RunError(`${this.#name}'s process has ended`);
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    while (!(await this.#answers.next()).done) { /* nothing more is asked */ }
    await this.#child.status;
  }
}

/** The lines of a stream, without a last one that is not ended. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
