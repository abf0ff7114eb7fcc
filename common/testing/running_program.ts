/**
 * A program that a test talks to: what it prints, and what it is told on its stdin.
 *
 * @module
 */
import { within } from "./within.ts";

/** A program that was started, killed when it is disposed. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #ended: Promise<number>;
  #output = "";
  #over = false;
  #onOutput = () => {};

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#ended = Promise.all([
      child.status,
      this.#collect(child.stdout),
      this.#collect(child.stderr),
    ]).then(([status]) => {
      this.#over = true;
      this.#onOutput();
      return status.code;
    });
  }

  /** Starts a program, in a folder where its files are. */
  static start(program: string, args: readonly string[], cwd?: string): RunningProgram {
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    return new RunningProgram(
      new Deno.Command(program, { args: [...args], ...cwd ? { cwd } : {}, ...pipes }).spawn(),
    );
  }

  /** Everything that it has printed until now, on stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  /**
   * Waits until it has printed that.
   *
   * @param from how much of its output is not looked at
   */
  printed(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const find = async () => {
      for (;;) {
        const match = pattern.exec(this.#output.slice(from));
        if (match) return match;
        if (this.#over) throw new Error(`it has ended without ${pattern}: ${this.#output}`);
        await new Promise<void>((resolve) => this.#onOutput = resolve);
      }
    };
    return within(find(), () => `no ${pattern} in: ${this.#output}`);
  }

  /** Its exit code, when it ends by itself. */
  code(): Promise<number> {
    return within(this.#ended, () => `it does not end: ${this.#output}`);
  }

  /** What a user would type. */
  async type(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text));
  }

  /** The end of what a user types. */
  async endInput(): Promise<void> {
    await this.#stdin.close();
  }

  /** Asks it to end. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#stdin.close().catch(() => {});
    await this.#ended;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      this.#output += decoder.decode(bytes, { stream: true });
      this.#onOutput();
    }
  }
}
