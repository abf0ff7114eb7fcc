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
    `# ${escapeMarkdown(report.title)}`,
    `${escapeMarkdown(report.subtitle)}.`,
    escapeMarkdown(report.answer.join(" ")),
    ...listItems(report.warnings.map((warning) => `**Note:** ${escapeMarkdown(warning)}`)),
    ...report.sections.flatMap(sectionParts),
  ];
  return visible(`${parts.join("\n\n")}\n`);
}

function sectionParts({ title, paragraphs, picture }: Section): string[] {
  const words = paragraphs.map(escapeMarkdown);
  return [
    `## ${escapeMarkdown(title)}`,
    ...(words.length > 1 ? listItems(words) : words),
    ...picture.tables.map(formatTable),
  ];
}

function listItems(items: readonly string[]): string[] {
  return items.length > 0 ? [items.map((item) => `- ${item}`).join("\n")] : [];
}

function formatTable({ caption, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  const rule = `| ${head.map((_, column) => column === 0 ? "---" : "--:").join(" | ")} |`;
  return [`${escapeMarkdown(caption.replace(/\.$/, ""))}:`, "", line(head), rule, ...rows.map(line)]
    .join(
      "\n",
    );
}

/** Text from a document stays text: no markup, no HTML, no new cells or lines. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|#~]/g, "\\$&");
}
