/**
 * YAML files that users name. One named by mistake may hold a secret: an error says file, line and
 * what is wrong, and repeats nothing of what stands there.
 *
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { hintFor } from "./check.ts";
import { parseYaml } from "../base/std.ts";

/**
 * Reads one document.
 *
 * @param source begins the error's text, such as "plan small.yaml"
 * @throws {UsageError} saying the line and what is wrong there; without the reader's own error as its
 * cause, which quotes the line
 */
export function readYaml(text: string, source: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw new UsageError(`${source}: not YAML: ${problemOf(error)}`);
  }
}

/**
 * Refuses keys that are not known, at every depth.
 *
 * @param text what the value was read from, for the line's number
 * @param known the keys that are; those of a value that is a mapping of its own stand in `fields`
 * @param source see {@linkcode readYaml}
 * @throws {UsageError} saying the line and which keys there are
 */
export function refuseUnknownKeys(
  text: string,
  value: unknown,
  known: object,
  source: string,
): void {
  if (Object.prototype.toString.call(value) !== "[object Object]") return;
  for (const [key, inner] of Object.entries(value as object)) {
    if (!Object.hasOwn(known, key)) {
      const line = lineOf(text, key);
      throw new UsageError(`${source}: ${line}unknown key; ${hintFor(Object.keys(known), key)}`);
    }
    const { fields } = (known as Record<string, { fields?: object }>)[key]!;
    if (fields) refuseUnknownKeys(text, inner, fields, source);
  }
}

/** What the reader says, up to where it quotes: a name in quotes, a tag, and the line itself. */
function problemOf(error: unknown): string {
  const [message = ""] = String((error as Error).message).split(/:?\n/, 1);
  const [, line] = / at line (\d+), column \d+/.exec(message) ?? [];
  const what = message.replace(/(?: (?:in|for))? at line \d.*$/, "")
    .replace(/(?: (?:in|for|with|received))? ["!].*$/, "").replace(/^Cannot/, "cannot");
  return line === undefined ? what : `line ${line}: ${what}`;
}

/** Where a key begins a line, the line's number. */
function lineOf(text: string, key: string): string {
  const index = text.split(/\r\n|[\r\n]/)
    .findIndex((line) => {
      const rest = line.replace(/^[\s"'{-]+/, "");
      return rest.startsWith(key) && /^["'\s]*:/.test(rest.slice(key.length));
    });
  return index < 0 ? "" : `line ${index + 1}: `;
}
