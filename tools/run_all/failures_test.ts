import { assertEquals } from "../../common/testing/assert.ts";
import { jobsIn } from "./choose.ts";
import { failureLines, interruptedLine } from "./failures.ts";
import type { LaneReport } from "./job.ts";

const JOBS = jobsIn(["message"]);

function report(place: number, failure: string | null, round = 1): LaneReport {
  return {
    ...{ job: JOBS[place]!, round, ok: failure === null, interrupted: false, failure },
    ...{ shown: null, runs: [], slowStart: null, openssl: null },
  };
}

Deno.test("failureLines() says once what stopped several lanes", () => {
  const reports = [
    ...[report(0, "refused"), report(0, "refused", 2), report(1, null)],
    ...[report(2, "no libssl"), report(3, "refused")],
  ];
  assertEquals(failureLines(reports), [
    "tcp-async and udp-async: refused",
    "tcp-spin: no libssl",
  ]);
});

Deno.test("failureLines() names no more lanes than a line holds", () => {
  const failed = [0, 1, 2, 3, 4, 5].map((place) => report(place, "refused"));
  assertEquals(failureLines(failed), ["all 6 lanes: refused"]);
  assertEquals(failureLines([...failed, report(6, null)]), [
    "tcp-async, tcp-sync, tcp-spin, udp-async and 2 more: refused",
  ]);
  assertEquals(failureLines([report(0, "refused")]), ["tcp-async: refused"]);
  assertEquals(failureLines([report(0, null)]), []);
});

Deno.test("interruptedLine() counts the lanes that are complete in every round", () => {
  const reports = [report(0, null), report(1, null), report(0, null, 2), report(1, "cut", 2)];
  const says = "interrupted; the results are partial:";
  assertEquals(interruptedLine(reports, 13, 2), `${says} 1 of 13 lanes is complete`);
  assertEquals(interruptedLine(reports.slice(0, 2), 13, 1), `${says} 2 of 13 lanes are complete`);
  assertEquals(interruptedLine([], 13, 1), `${says} 0 of 13 lanes are complete`);
});
