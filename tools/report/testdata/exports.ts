/**
 * What is exported from the made-up documents, for the snapshots.
 *
 * @module
 */
import { compareJobs } from "../compare.ts";
import { comparisonJson, formatComparison } from "../compare_output.ts";
import { jobsOf } from "../jobs.ts";
import { join } from "../../../common/base/std.ts";
import { formatReport } from "../write.ts";
import { mermaidOf } from "../mermaid.ts";
import { fakeDocument, fakeRun, FEW_JOBS, smallDocument } from "./documents.ts";
import { tracedDocument } from "./handshakes.ts";

/** Where the snapshots are. */
export const SNAPSHOTS: string = join(import.meta.dirname!, "snapshots");

/** Every snapshot's file name and text. */
export function exportAll(): Record<string, string> {
  const document = smallDocument();
  const source = { path: "small/result.json", folder: "small", document, logs: [] };
  const { html, markdown, csv } = formatReport([source]);
  return {
    "report.html.snap": html,
    "report.md.snap": markdown,
    "averages.csv.snap": csv,
    ...exportHandshakes(),
    ...exportComparison(),
  };
}

/** Handshakes as Mermaid text, and as the section of a page that has their pictures. */
function exportHandshakes(): Record<string, string> {
  const source = { path: "a.json", folder: "", document: tracedDocument(), logs: [] };
  const { html } = formatReport([source]);
  const [section] = /<section id="handshake-messages">.*?<\/section>/s.exec(html)!;
  return { "handshakes.md.snap": mermaidOf([source]), "handshakes.html.snap": `${section}\n` };
}

/** Few lanes in six rounds, one of which is 30 % slower in the second document. */
function exportComparison(): Record<string, string> {
  const jobsWith = (factor: number) => {
    const runs = [0.9, 1, 1.1, 1.05, 0.95, 1.2].flatMap((drift, round) =>
      FEW_JOBS.map((job, i) =>
        fakeRun({
          ...{ ...job, sizes: [100, 999] },
          factor: drift * (i === 1 ? factor : 1) * (1 + 0.01 * ((round * 3 + i * 5) % 4)),
        })
      )
    );
    return jobsOf([{ path: "", folder: "", document: fakeDocument(runs), logs: [] }]);
  };
  const comparison = compareJobs(jobsWith(1), jobsWith(1.3), { boundPercent: 10 });
  const paths = { before: "before.json", after: "after.json" };
  return {
    "compare.txt.snap": formatComparison(comparison, true),
    "compare.json.snap": comparisonJson(comparison, paths),
  };
}
