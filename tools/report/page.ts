/**
 * The report as one HTML page that needs nothing but itself.
 *
 * @module
 */
import { visible } from "../../common/base/visible.ts";
import { escapeText as escape } from "./chart.ts";
import type { Picture, Report, Section, Table } from "./content.ts";
import { STYLE } from "./style.ts";

/** Nothing may be loaded, whatever stands in the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Writes a report as a page. */
export function formatPage(report: Report): string {
  const { title, subtitle, answer, warnings, sections } = report;
  const notes = formatNotes(answer.slice(1));
  return visible(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escape(title)}</title>
<style>
${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p class="quiet">${escape(subtitle)}</p>
<p class="first">${escape(answer[0] ?? "")}</p>
${listOf(warnings, "warnings")}
${formatContents(sections)}
</header>
<main>
${sections.map((section, i) => formatSection(section, i === 0 ? notes : "")).join("\n")}
</main>
</body>
</html>
`);
}

/** Links to the sections. */
function formatContents(sections: readonly Section[]): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escape(title)}</a></li>`);
  return `<details class="contents"><summary>Sections</summary>
<nav aria-label="Sections"><ul>${links.join("\n")}</ul></nav></details>`;
}

/** The rest of the answer. */
function formatNotes(rest: readonly string[]): string {
  if (rest.length === 0) return "";
  return `<div class="answer">${rest.map((text) => `<p>${escape(text)}</p>`).join("")}</div>`;
}

/** @param notes stand right below the charts */
function formatSection(section: Section, notes: string): string {
  const { id, title, paragraphs, picture } = section;
  const words = paragraphs.length > 1
    ? listOf(paragraphs, "method")
    : paragraphs.map((text) => `<p>${escape(text)}</p>`).join("");
  return `<section id="${id}">
<h2>${escape(title)}</h2>
${words}
${formatPicture(picture, notes)}
</section>`;
}

function listOf(items: readonly string[], name: string): string {
  if (items.length === 0) return "";
  return `<ul class="${name}">${items.map((item) => `<li>${escape(item)}</li>`).join("")}</ul>`;
}

function formatPicture({ charts, caption, tables, open }: Picture, notes: string): string {
  const figures = charts.map(({ title, svg }) =>
    `<figure><figcaption>${escape(title)}</figcaption>${svg}</figure>`
  );
  const pictures = charts.length > 0
    ? `<div class="charts">${figures.join("\n")}</div>\n<p class="quiet">${escape(caption)}</p>`
    : "";
  const shown = `${pictures}\n${notes}`;
  const rows = tables.map(formatTable).join("\n");
  if (open) return `${shown}\n${rows}`;
  return `${shown}\n<details><summary>The same as a table</summary>\n${rows}\n</details>`;
}

function formatTable({ caption, head, rows, isText }: Table): string {
  const heads = head.map((cell) => `<th scope="col">${escape(cell)}</th>`).join("");
  const lines = rows.map(([first, ...cells]) =>
    `<tr><th scope="row">${escape(first ?? "")}</th>` +
    `${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`
  );
  // A table that is wider than a phone scrolls in its own box, which has to be reached by keyboard.
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escape(caption)}"><table${
    isText ? ' class="text"' : ""
  }>
<caption><span>${escape(caption)}</span></caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody>
</table></div>`;
}
