/**
 * Starts the ends of TLS streams as processes.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { join } from "../../common/base/std.ts";
import { ROOT } from "../lib/children.ts";
import { HOST, type StreamRound, type StreamTask } from "./stream_plan.ts";

/** A running end; it does not outlive this program where that calls {@linkcode kill}. */
export class StreamProcess {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Starts it, and tells it what to do. */
  constructor(task: StreamTask) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-check", `--allow-net=${HOST}`, "--allow-ffi"],
        ...["--allow-env=NETPAIRS_LIBSSL", join(ROOT, "tools", "bench", "stream_end.ts")],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
    const told = new Response(JSON.stringify(task)).body!.pipeTo(this.#child.stdin);
    // Where it has ended, its missing answer tells.
    told.catch(() => {});
  }

  /** The port of a receiver. */
  async port(): Promise<number> {
    return Number(await this.#next());
  }

  /** What its next round has cost. */
  async round(): Promise<StreamRound> {
    return JSON.parse(await this.#next());
  }

  async #next(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new RunError("an end of the stream has failed");
    return value;
  }

  /** Ends it, if it runs. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  /** Waits until it has ended, and what it says is read. */
  async end(): Promise<void> {
    this.kill();
    while (!(await this.#lines.next()).done);
    await this.#child.status;
  }
}

async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
