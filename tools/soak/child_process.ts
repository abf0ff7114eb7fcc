/**
 * A process of this program's own that answers a line with a line.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { fromFileUrl } from "../../common/base/std.ts";
import { V8_FLAGS } from "./usage.ts";

/** Longest wait for an answer, or for the end, in milliseconds: under attack on a shared core both take time. */
const PATIENCE_MS = 120_000;

/** Starts a module, and asks it; it is to end with its stdin. */
export class AskedProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #answers: AsyncGenerator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #name: string;
  readonly #patienceMs: number;
  /** Set where it was killed, as it said nothing. */
  #isSilent = false;
  /** Set once an error has said how it ended. */
  #isTold = false;

  /** @param name what an error calls it */
  constructor(
    name: string,
    module: URL,
    permissions: readonly string[],
    args: readonly string[],
    patienceMs = PATIENCE_MS,
  ) {
    this.#name = name;
    this.#patienceMs = patienceMs;
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
   * @throws {RunError} where the process has ended, or does not answer, which ends it
   */
  async ask(question: unknown): Promise<unknown> {
    const { value } = await this.#inTime(async () => {
      // A process that is gone takes nothing; that it gives nothing either is what is told.
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`))
        .catch(() => {});
      return await this.#answers.next();
    });
    if (value === undefined) throw this.#ended("has ended");
    return JSON.parse(value);
  }

  /** @throws {RunError} where it fails in its end, or does not end, and nothing was said of it before */
  async [Symbol.asyncDispose](): Promise<void> {
    const { code } = await this.#inTime(async () => {
      await this.#writer.close().catch(() => {});
      while (!(await this.#answers.next()).done) { /* nothing more is asked */ }
      return await this.#child.status;
    });
    if (code !== 0 && !this.#isTold) throw this.#ended(`has failed in its end, exit code ${code}`);
  }

  /** Kills the process where it takes too long, with which all waits for it are over. */
  async #inTime<T>(act: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.#isSilent = true;
      this.#child.kill("SIGKILL");
    }, this.#patienceMs);
    try {
      return await act();
    } finally {
      clearTimeout(timer);
    }
  }

  #ended(how: string): RunError {
    this.#isTold = true;
    const what = this.#isSilent ? `has said nothing for ${this.#patienceMs / 1000} s` : how;
    return new RunError(`the process of ${this.#name} ${what}`);
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
