/**
 * Text that others have written, made fit for a terminal or a page: what a peer, a certificate, a
 * document, a log or a file says must not move the cursor, change colours, or turn the order of
 * letters around.
 *
 * @module
 */

/**
 * What is not shown as itself: control characters (C0, DEL, C1, of which ESC and CSI begin a
 * terminal's commands: ECMA-48), characters that only change how others are shown (Unicode category
 * Cf: among them those of the bidirectional algorithm, UAX 9), line and paragraph separators, and
 * halves of surrogate pairs. A line break is none of them.
 */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Longest argument that is repeated where it cannot be used, in characters: it may be a secret. */
const MAX_SHOWN = 24;

/**
 * A text whose every character can be seen, or is a line break: `\x1b` stands for ESC, `\u202e` for
 * a right-to-left override. Done twice it changes nothing more.
 *
 * @example
 * ```ts
 * if (visible("red: \x1b[31m\n") !== "red: \\x1b[31m\n") throw new Error("ESC is still there");
 * ```
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/**
 * The same for a text without line breaks: each is a space, with what stands around it.
 *
 * @example
 * ```ts
 * if (visibleLine("a: \n  b\n") !== "a: b") throw new Error("there is one line");
 * ```
 */
export function visibleLine(text: string): string {
  return visible(text.replace(/\s*[\r\n]+\s*/g, " ").trim());
}

/**
 * An argument of a command line that cannot be used, as far as it may be repeated: a key or a token,
 * put in the wrong place, would otherwise stand in logs. Of `--name=value` the name is shown.
 */
export function shownArgument(argument: string): string {
  const name = /^(--?[a-z][a-z0-9-]*)=/s.exec(argument)?.[1] ?? argument;
  const isShort = name.length <= MAX_SHOWN && !/[\r\n]/.test(name);
  return isShort ? visible(name) : `(${argument.length} characters)`;
}

/** A value as JSON, indented, with a line break at its end; whatever its texts hold, all is seen. */
export function visibleJson(value: unknown): string {
  return visibleInTexts(JSON.stringify(value, null, 2));
}

/** The same in one line, without indentation. */
export function visibleJsonLine(value: unknown): string {
  return visibleInTexts(JSON.stringify(value));
}

/** What is hidden in JSON is within texts: JSON escapes it as \uXXXX, each half of a pair for itself. */
function visibleInTexts(json: string): string {
  const text = json.replace(
    HIDDEN,
    (hidden) =>
      Array.from({ length: hidden.length }, (_, i) => unit(hidden.charCodeAt(i))).join(""),
  );
  return `${text}\n`;
}

function escaped(hidden: string): string {
  const code = hidden.codePointAt(0)!;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? unit(code) : `\\u{${code.toString(16)}}`;
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
