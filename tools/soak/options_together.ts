/**
 * Options that mean something only beside others, or without them.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";

/** Options that were given, by their names. */
type Given = Readonly<Record<string, unknown>>;

/** @throws {UsageError} where more than one of these was given */
export function refuseTogether(given: Given, names: readonly string[]): void {
  const [one, other] = names.filter((name) => given[name] !== undefined);
  if (other !== undefined) throw new UsageError(`--${one} and --${other} do not go together`);
}

/** @throws {UsageError} where an option was given, and none of those that it goes with */
export function refuseWithout(given: Given, name: string, others: readonly string[]): void {
  if (given[name] === undefined || others.some((other) => given[other] !== undefined)) return;
  throw new UsageError(`--${name} goes with ${others.map((other) => `--${other}`).join(" or ")}`);
}
