/**
 * What came of the tests, in Deno's words.
 *
 * @module
 */
import { stripAnsiCode } from "../../common/base/std.ts";

/** Longer than the line that sums up. */
const KEPT = 4096;

/** Keeps the end of what Deno says, and finds the counts in it. */
export class Outcome {
  #end = "";
  readonly #decoder = new TextDecoder();

  /** Takes more of what it says. */
  add(bytes: Uint8Array): void {
    this.#end = (this.#end + this.#decoder.decode(bytes, { stream: true })).slice(-KEPT);
  }

  /** Such as "12 passed, 0 failed, 1 ignored"; null where Deno has not come so far. */
  get counts(): string | null {
    const lines = stripAnsiCode(this.#end).split("\n");
    const line = lines.findLast((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
    if (line === undefined) return null;
    const count = (what: string) => line.match(`(\\d+) ${what}`)?.[1] ?? "0";
    return ["passed", "failed", "ignored"].map((what) => `${count(what)} ${what}`).join(", ");
  }
}
