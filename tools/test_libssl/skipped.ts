/**
 * Why a version cannot be tested here.
 *
 * @module
 */

/** Nothing is wrong with the project: this machine lacks something. Its message says what. */
export class Skipped extends Error {
  override readonly name = "Skipped";
}
