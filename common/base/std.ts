/**
 * The typed edge to the @std packages.
 *
 * deno.json maps their usual names to an npm package that carries no types; everything the project
 * uses of them passes through here once and comes out typed. Mapped to JSR, the same lines hold.
 *
 * @module
 */
import * as colors from "@std/fmt/colors";
import * as printf from "@std/fmt/printf";
import * as path from "@std/path";
import * as yaml from "@std/yaml";

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
