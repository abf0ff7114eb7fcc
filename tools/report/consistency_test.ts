/** A figure that stands in several places is the same figure in all of them. */
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { formatSummary } from "../run_all/summary.ts";
import { compareJobs } from "./compare.ts";
import { formatComparison } from "./compare_output.ts";
import { type Job, jobsOf, type Source } from "./jobs.ts";
import {
  cpuOf,
  type LaneTable,
  laneTables,
  mainJob,
  medianTime,
  timeOf,
  timesTcp,
} from "./lane_rows.ts";
import { linesOf } from "./ndjson.ts";
import { fullDocument } from "./testdata/documents.ts";
import { formatDuration, formatNumber, formatPercent } from "./units.ts";
import { formatReport } from "./write.ts";
import { testWithCharts as test } from "./testing/with_charts.ts";

const document = fullDocument();
const source: Source = { path: "", folder: "", document, logs: document.runs.map(() => null) };
const jobs = jobsOf([source]);
const [table] = laneTables(jobs) as [LaneTable];

/** The cells of a lane's line in a table of text. */
function cellsOf(text: string, name: string): string[] {
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  assert(line !== undefined, name);
  return line.slice(name.length).replace(/#+$/, "").trim().split(
    / (?=-|[\d.]+ ?(?:µs|ms|s|%)?)(?!ms|µs|s|%)/,
  )
    .map((cell) => cell.trim()).filter((cell) => cell !== "");
}

/** The cells of the first row that begins with a lane's name, in a table that a page or Markdown has. */
function rowOf(text: string, row: RegExp, cell: RegExp): string[] {
  const found = row.exec(text);
  assert(found !== null, `${row}`);
  return [...found[0].matchAll(cell)].map(([, text]) => text!);
}

/** What a lane's row has to say, wherever it stands. */
function expectedOf(job: Job | null): string {
  return formatDuration(timeOf(job, "p50"));
}

test("terminal, page, Markdown, NDJSON and comparison show the same figures", () => {
  const terminal = formatSummary(jobs);
  const { html, markdown } = formatReport([source]);
  const comparison = formatComparison(
    compareJobs(jobs, jobs, { boundPercent: 10 }),
    false,
  );
  const lines = linesOf([source]).filter(({ sizeBytes, role, reply }) =>
    sizeBytes === null && role === "client" && reply
  );
  for (const row of table.rows) {
    const { name, opening, resumed, kept } = row;
    const shown = [opening, resumed, kept].filter((job) => job !== null).map(expectedOf);
    const ratio = formatNumber(timesTcp(mainJob(row, table), table).value);
    const cells = cellsOf(terminal, name);
    const page = rowOf(
      html.slice(html.indexOf("<table>")),
      new RegExp(`<tr><th scope="row">${name}</th>.*`),
      /<td>([^<]*)<\/td>/g,
    );
    const text = rowOf(markdown, new RegExp(`^\\| ${name} \\|.*`, "m"), /\| ([^|]*?) (?=\|)/g);
    const main = mainJob(row, table);
    const { client, server, both } = cpuOf(main, table);
    shown.push(formatDuration(timeOf(main, "p99")), formatPercent(main && medianTime(main).spread));
    assert(cells.includes(formatDuration(both)), `${name}: CPU in ${cells}`);
    for (const cpu of [client, server].map(formatDuration)) {
      assert(page.includes(cpu) && text.includes(cpu), `${name}: CPU in ${page} and ${text}`);
    }
    for (const where of [cells, page, text]) {
      for (const figure of shown) assert(where.includes(figure), `${name}: ${figure} in ${where}`);
      if (ratio !== "-") assert(where.includes(ratio), `${name}: ${ratio} in ${where}`);
    }
    for (const job of [opening, resumed, kept]) {
      if (job === null) continue;
      const line = lines.find((one) =>
        one.lane === job.rounds[0]!.run.lane && one.connect === job.connect &&
        one.resume === job.resume
      );
      for (const figure of ["p50", "p90", "p99"] as const) {
        assertEquals(line?.[`${figure}Us`], timeOf(job, figure), `${name} ${figure}`);
      }
      const compared = comparison.split("\n").filter((one) => one.startsWith(`${job.name} `));
      assert(
        compared.some((one) => one.includes(`${expectedOf(job)} `)),
        `${expectedOf(job)} in ${compared}`,
      );
    }
  }
});

test("the first sentence of terminal, page and Markdown is the same, with the table's figures", () => {
  const terminal = formatSummary(jobs).split("\n\n").at(-1)!.replaceAll("\n", " ");
  const { html, markdown } = formatReport([source]);
  const escaped = terminal.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  assert(html.includes(`<p class="first">${escaped}</p>`), terminal);
  assert(markdown.replaceAll("\\", "").includes(terminal), terminal);
  const async = table.rows.filter((row) => mainJob(row, table)?.io === "async");
  for (const { opening } of async) {
    if (opening) assert(terminal.includes(expectedOf(opening)), expectedOf(opening));
  }
});

test("what makes figures doubtful stands in the document, on the page and in Markdown", () => {
  const warnings = ["the machine was busy", "a rate was not reached"];
  const { html, markdown } = formatReport([{ ...source, document: { ...document, warnings } }]);
  for (const warning of warnings) assert(html.includes(warning) && markdown.includes(warning));
});
