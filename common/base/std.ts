/**
 * The typed edge to the @std packages.
 *
 * deno.json maps their usual names to an npm package that carries no types; everything the project
 * uses of them passes through here once and comes out typed. Mapped to JSR, the same lines hold.
 *
 * @module
 */
import * as cli from "@std/cli/parse-args";
import * as colors from "@std/fmt/colors";
import * as printf from "@std/fmt/printf";
import * as path from "@std/path";
import * as yaml from "@std/yaml";

/** What {@linkcode parseArgs} is told about the words. */
export interface ParseArgsOptions {
  /** Words without a value. */
  boolean?: string[];
  /** Words with a value, kept as text. */
  string?: string[];
  /** Words that may stand several times; their values are collected. */
  collect?: string[];
  /** Short names for words. */
  alias?: Record<string, string>;
  /** Called with every word that is not named above; returning false drops it. */
  unknown?: (word: string, key?: string, value?: unknown) => unknown;
}

/** Splits command-line words into named values; see @std/cli. */
export const parseArgs = cli.parseArgs as (
  words: string[],
  options: ParseArgsOptions,
) => Record<string, unknown>;

/** Reads one YAML document; see @std/yaml. Throws a SyntaxError where it is none. */
export const parseYaml = yaml.parse as (text: string) => unknown;

/** Formats like printf(3); see @std/fmt. */
export const sprintf = printf.sprintf as (format: string, ...values: unknown[]) => string;

/** A text without its terminal colours; see @std/fmt. */
export const stripAnsiCode = colors.stripAnsiCode as (text: string) => string;

/** Path functions of this system; see @std/path. */
export const { basename, dirname, fromFileUrl, join, resolve, toFileUrl } = path as {
  basename(path: string): string;
  dirname(path: string): string;
  fromFileUrl(url: string | URL): string;
  join(...parts: string[]): string;
  resolve(...parts: string[]): string;
  toFileUrl(path: string): URL;
};
