/** Documents and logs are others' work: what stands in them stays text, on a page and a terminal. */
import fc from "fast-check";
import type { ResultDocument } from "../../common/measure/result.ts";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { compareJobs } from "./compare.ts";
import { comparisonJson, formatComparison } from "./compare_output.ts";
import { jobsOf } from "./jobs.ts";
import { formatMarkdown } from "./markdown.ts";
import { mermaidOf } from "./mermaid.ts";
import { formatPage } from "./page.ts";
import { fakeDocument, fakeRun } from "./testdata/documents.ts";
import { fakeHandshakes } from "./testdata/handshakes.ts";
import { formatReport } from "./write.ts";

/** ESC, CSI as one character, a right-to-left override, an isolate, a line separator, DEL, NUL. */
const FOREIGN = "\x1b[2J\x9b31m\u202e\u2066\u2028\x7f\0";
// deno-lint-ignore no-control-regex -- these are what is looked for
const HARMFUL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** A document with such text wherever the schema takes any. */
function foreignDocument(): ResultDocument {
  const run = fakeRun({ protocol: "tls", io: "async", engine: "openssl", sizes: [100, 999] });
  const security = { version: FOREIGN, cipher: FOREIGN, group: FOREIGN, peer: FOREIGN };
  const { environment, ...rest } = fakeDocument([{
    ...run,
    security: { ...security, resumed: false },
    handshakes: [{
      ...{ client: 0, no: 0, resumed: false },
      events: fakeHandshakes("tls13")[0]!.events.map((event) => ({ ...event, name: FOREIGN })),
    }],
  }]);
  const [os, arch, cpu, deno, openssl, hostname] = Array(6).fill(`x${FOREIGN}`);
  const texts = { os, arch, cpu, deno, openssl, hostname };
  return { ...rest, version: `1.0.0${FOREIGN}`, environment: { ...environment, ...texts } };
}

Deno.test("formatReport() shows control characters of a document as text", () => {
  const path = `a${FOREIGN}.json`;
  const document = { ...foreignDocument(), complete: false };
  const texts = formatReport([{ path, folder: ".", document, logs: [null] }]);
  const diagrams = mermaidOf([{ path, folder: ".", document, logs: [null] }]);
  const all = { ...texts, diagrams };
  for (const [kind, text] of Object.entries(all)) assertEquals(HARMFUL.exec(text), null, kind);
  assert(texts.html.includes("\\x1b[2J\\x9b31m\\u202e") && texts.markdown.includes("\\u202e"));
});

Deno.test("a comparison shows control characters of names as text", () => {
  const source = { path: "a.json", folder: ".", document: foreignDocument(), logs: [] };
  const jobs = jobsOf([source]).map((job) => ({ ...job, name: FOREIGN }));
  const comparison = compareJobs(jobs, [], { boundPercent: 10, absolute: false });
  const json = comparisonJson(comparison, { before: FOREIGN, after: "b.json" });
  assertEquals(HARMFUL.exec(json), null);
  assertEquals(JSON.parse(json).before, FOREIGN);
  // It goes through print(); lines are broken anew.
  const text = formatComparison(comparison, true);
  for (const part of FOREIGN.split(/\s+/)) assert(text.includes(part), part);
});

const foreign = fc.string({
  unit: fc.oneof(fc.constantFrom(...FOREIGN, "<", "&", "|"), fc.string()),
});

Deno.test("formatPage() and formatMarkdown() show what can be seen, whatever a report says", () => {
  const texts = fc.array(foreign, { maxLength: 3 });
  fc.assert(fc.property(foreign, texts, (text, more) => {
    const table = { caption: text, head: [text, text], rows: [[text, text]] };
    const picture = { charts: [], caption: text, tables: [table], open: true };
    const section = { id: "a", title: text, paragraphs: more, picture };
    const report = {
      title: text,
      subtitle: text,
      answer: more,
      warnings: more,
      sections: [section],
    };
    assertEquals(HARMFUL.exec(formatPage(report)), null);
    assertEquals(HARMFUL.exec(formatMarkdown(report)), null);
  }));
});
