/**
 * What is wrong with a text or a file that was to hold certificates or a key.
 *
 * @module
 */

/**
 * A text or a file cannot be used as a certificate or a private key; the message names it, and says
 * what is the case and what to do.
 *
 * @example
 * ```ts
 * import { tlsContext } from "../../tls/mod.ts";
 *
 * try {
 *   tlsContext({ caCerts: ["no certificate"] }).close();
 *   throw new Error("it was to be refused");
 * } catch (error) {
 *   if (!(error instanceof PemError) || error.source !== "caCerts[0]") throw error;
 * }
 * ```
 */
export class PemError extends RangeError {
  /** Always "PemError". */
  override readonly name = "PemError";
  /** The setting or the file that is at fault. */
  readonly source: string;
  /** What is the case and, where there is something, what to do. */
  readonly problem: string;

  /** The message says both. */
  constructor(source: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use ${source}: ${problem}`, options);
    this.source = source;
    this.problem = problem;
  }
}
