/**
 * A progress bar, on terminals only.
 *
 * @module
 */

const WIDTH = 30;
const encoder = new TextEncoder();

/** One line on stderr that is written anew with every step. */
export class ProgressBar {
  readonly #shows = Deno.stderr.isTerminal();
  #text = "";

  /** Shows how far it has come, from 0 to 1, and at what. */
  show(done: number, label: string): void {
    if (!this.#shows) return;
    const part = Math.min(Math.max(done, 0), 1);
    const filled = Math.round(part * WIDTH);
    const bar = "#".repeat(filled).padEnd(WIDTH, ".");
    this.#write(`[${bar}] ${String(Math.floor(part * 100)).padStart(3)} % ${label}`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#shows) this.#write("");
  }

  #write(text: string): void {
    if (text === this.#text) return;
    Deno.stderr.writeSync(encoder.encode(`\r${text.padEnd(this.#text.length)}${text ? "" : "\r"}`));
    this.#text = text;
  }
}
