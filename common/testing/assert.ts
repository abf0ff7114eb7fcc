/**
 * The typed edge to @std/assert, for tests; why it is there, common/base/std.ts says. Every test has
 * it, and so what stands in preload.ts as well.
 *
 * @module
 */
import * as std from "@std/assert";
import "./preload.ts";

type ErrorClass<E extends Error = Error> = abstract new (...args: never[]) => E;

interface Assertions {
  assert(condition: unknown, message?: string): asserts condition;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  assertGreater(actual: number, expected: number, message?: string): void;
  assertInstanceOf<E extends Error>(actual: unknown, kind: ErrorClass<E>): asserts actual is E;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertNotMatch(actual: string, expected: RegExp, message?: string): void;
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  assertThrows<E extends Error>(act: () => unknown, kind: ErrorClass<E>, includes?: string): E;
  assertRejects<E extends Error>(
    act: () => Promise<unknown>,
    kind: ErrorClass<E>,
    includes?: string,
  ): Promise<E>;
}

const typed = std as unknown as Assertions;

// TypeScript wants the type written out wherever a function narrows what it is given.
export const assert: Assertions["assert"] = typed.assert;
export const assertExists: Assertions["assertExists"] = typed.assertExists;
export const assertInstanceOf: Assertions["assertInstanceOf"] = typed.assertInstanceOf;
export const {
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} = typed;
