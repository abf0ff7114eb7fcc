/** Whatever a file of results holds: it is read, or refused in one line. */
import fc from "fast-check";
import { RunError, UsageError } from "../../common/base/errors.ts";
import { LOG_COLUMNS } from "../../common/measure/step_log.ts";
import { STEPS } from "../../common/model/protocol.ts";
import { assert, assertEquals, assertInstanceOf } from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { readLogName } from "../lib/results_folder.ts";
import { readDocument, violationOf } from "./documents.ts";
import { readMessages } from "./messages.ts";
import { fakeDocument, fakeRun } from "./testdata/documents.ts";

const cell = fc.oneof(
  fc.constantFrom("0", "1", "100", "-1", "1e9", "1.000", "NaN", "", "tcp-sync", "client", '"'),
  fc.constantFrom(...STEPS),
  fc.string({ maxLength: 5 }),
);
const line = fc.oneof(
  fc.constantFrom(
    "1.0,2.000,send,tcp-sync,client,0,100,0,0",
    "3,4,receive,tcp-sync,client,0,100,0,0",
  ),
  fc.array(cell, { minLength: 9, maxLength: 9 }).map((cells) => cells.join()),
  fc.string({ unit: "binary" }),
);
const log = fc.tuple(
  fc.constantFrom(`${LOG_COLUMNS}\n`, `${LOG_COLUMNS}\n`, ""),
  fc.array(line, { maxLength: 12 }),
).map(([head, lines]) => `${head}${lines.join("\n")}`);

Deno.test("readMessages() throws nothing but a SyntaxError that names a line", () => {
  fc.assert(
    fc.property(log, fc.nat(200), (text, cut) => {
      try {
        for (const { totalUs, no } of readMessages([text.slice(0, cut), text.slice(cut)])) {
          assert(totalUs >= 0 && no >= 0);
        }
      } catch (error) {
        assertInstanceOf(error, SyntaxError);
        assert(/^line \d+: /.test(error.message), error.message);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("violationOf() refuses a run whose lane is another one's, as an agent may send it", () => {
  const document = fakeDocument([fakeRun({ protocol: "tcp", io: "sync" })]);
  assertEquals(violationOf(document), null);
  document.runs[0]!.protocol = "udp";
  assertEquals(
    violationOf(document),
    "/runs/0/lane a text is not the lane of udp, sync and null",
  );
});

Deno.test("readLogName() says something of any path", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (path) => {
    assert(Number.isFinite(readLogName(path).round));
  }));
});

/** A good document of which a part is another value, or is missing. */
const damaged = fc.tuple(fc.nat(), fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined)))
  .map(([which, value]) => {
    const run = fakeRun({ protocol: "tcp", io: "sync", sizes: [100] });
    const document = structuredClone(fakeDocument([run]));
    const places: [parent: Record<string, unknown>, key: string][] = [];
    const walk = (parent: object) => {
      for (const [key, child] of Object.entries(parent)) {
        places.push([parent as Record<string, unknown>, key]);
        if (typeof child === "object" && child !== null) walk(child);
      }
    };
    walk(document);
    const [parent, key] = places[which % places.length]!;
    parent[key] = value;
    return JSON.stringify(document);
  });

Deno.test("readDocument() throws nothing but an error of one line, whatever a file holds", async () => {
  await using folder = await folderWith();
  const path = folder.path("result.json");
  const text = fc.oneof(damaged, damaged, fc.json(), fc.string({ unit: "binary" }), log);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      Deno.writeTextFileSync(path, text.toWellFormed());
      try {
        await readDocument(path);
      } catch (error) {
        assert(error instanceof UsageError || error instanceof RunError, String(error));
        assert(!/[\r\n]/.test(error.message), error.message);
        refused++;
      }
    }),
    { numRuns: 60 },
  );
  assert(refused > 20, `${refused} were refused`);
});
