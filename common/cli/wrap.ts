/**
 * Sets texts in lines that every terminal shows whole.
 *
 * @module
 */

/** Columns of a line: as many as the narrowest usual terminal has. */
export const COLUMNS = 80;

/** What stands before the first line of a text, before all others, and after all but the last. */
export interface Frame {
  first?: string;
  others?: string;
  continued?: string;
}

/** Breaks a text between its words. A word that is too long for a line has a line of its own. */
export function wrap(
  text: string,
  { first = "", others = "", continued = "" }: Frame = {},
): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const longer = isEmpty ? `${line}${word}` : `${line} ${word}`;
    if (isEmpty || longer.length + continued.length <= COLUMNS) {
      line = longer;
    } else {
      lines.push(`${line}${continued}`);
      line = `${others}${word}`;
    }
    isEmpty = false;
  }
  return [...lines, line].join("\n");
}

/** Wraps the paragraphs of a text; lines that begin with a blank stay as they are. */
export function wrapParagraphs(text: string): string {
  const lines = text.split("\n");
  const blocks: string[] = [];
  let isOpen = false;
  for (const line of lines) {
    const isOwn = line === "" || line.startsWith(" ");
    if (isOpen && !isOwn) blocks.push(`${blocks.pop()} ${line}`);
    else blocks.push(line);
    isOpen = !isOwn;
  }
  return blocks.map((block) => block.startsWith(" ") ? block : wrap(block)).join("\n");
}

/** A command line, indented; where it is too long, it goes on as a shell wants it. */
export function wrapCommand(text: string): string {
  return wrap(text, { first: "  ", others: "      ", continued: " \\" });
}
