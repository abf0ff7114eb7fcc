/**
 * The report as Markdown: its words and its tables.
 *
 * @module
 */
import { visible } from "../../common/base/visible.ts";
import type { Report, Section, Table } from "./content.ts";

/** Writes a report as Markdown. */
export function formatMarkdown(report: Report): string {
  const parts = [
    `# ${escape(report.title)}`,
    `${escape(report.subtitle)}.`,
    escape(report.answer.join(" ")),
    ...listItems(report.warnings.map((warning) => `**Note:** ${escape(warning)}`)),
    ...report.sections.flatMap(sectionParts),
  ];
  return visible(`${parts.join("\n\n")}\n`);
}

function sectionParts({ title, paragraphs, picture }: Section): string[] {
  const words = paragraphs.map(escape);
  return [
    `## ${escape(title)}`,
    ...(words.length > 1 ? listItems(words) : words),
    ...picture.tables.map(formatTable),
  ];
}

function listItems(items: readonly string[]): string[] {
  return items.length > 0 ? [items.map((item) => `- ${item}`).join("\n")] : [];
}

function formatTable({ caption, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(" | ")} |`;
  const rule = `| ${head.map((_, column) => column === 0 ? "---" : "--:").join(" | ")} |`;
  return [`${escape(caption.replace(/\.$/, ""))}:`, "", line(head), rule, ...rows.map(line)].join(
    "\n",
  );
}

/** Text from a document stays text: no markup, no HTML, no new cells or lines. */
function escape(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|#~]/g, "\\$&");
}
