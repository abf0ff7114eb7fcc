import { LANES } from "../../common/model/lanes.ts";
import { byStep } from "../../common/model/protocol.ts";
import type { RunResult } from "../../common/measure/result.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import { assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { jobsOf } from "../report/jobs.ts";
import { fakeDocument } from "../report/testdata/documents.ts";
import { type Circumstances, warningsOf } from "./warnings.ts";

/** A lane whose messages took so long in a round, in microseconds. */
interface Measured {
  lane: string;
  us: number[];
  rate?: RunResult["rate"];
}

/** As many messages as every percentile needs. */
const messages = (us: number) => Array<number>(100).fill(us);

function report(lane: string, us: number[]): Measured {
  return { lane, us };
}

function runOf({ lane: name, us, rate }: Measured): RunResult {
  const { protocol, io, engine } = LANES.find((lane) => lane.name === name)!;
  const message = new Distribution();
  for (const one of us) message.record(one);
  const messageUs = message.summary();
  const steps = byStep(() => null);
  const counts = { sent: us.length + 1, answered: us.length + 1, lost: 0, resumed: 0 };
  return {
    ...{ lane: name, role: "client", protocol, io, engine, connect: "message", resume: false },
    ...(rate ? { rate } : {}),
    ...{ reply: true, clients: 1, security: null, allSizes: { messageUs, steps } },
    sizes: [{ sizeBytes: 100, ...counts, messageUs, steps }],
  };
}

function circumstances(
  measured: readonly Measured[],
  more: Partial<Circumstances> = {},
): Circumstances {
  const document = fakeDocument(measured.map(runOf));
  return {
    jobs: jobsOf([{ path: "", folder: "", document, logs: [] }]),
    slowStarts: new Map(),
    ...{ isOneMachine: true, cores: 4, pinned: { server: 0, client: 3 } },
    ...{ pinFailure: null, busy: 0.02 },
    ...more,
  };
}

function onlyWarning(reports: Measured[], more?: Partial<Circumstances>): string {
  const warnings = warningsOf(circumstances(reports, more));
  assertEquals(warnings.length, 1, warnings.join("\n"));
  return warnings[0]!;
}

const SYNC = [report("tcp-sync", messages(100))];

Deno.test("warningsOf() has nothing to say of a quiet run", () => {
  assertEquals(warningsOf(circumstances([...SYNC, report("tcp-sync", messages(110))])), []);
});

Deno.test("warningsOf() names lanes whose rounds differ a lot", () => {
  const rounds = [100, 150, 200].map((us) => report("udp-async", messages(us)));
  assertMatch(
    onlyWarning([...SYNC, ...rounds]),
    /^the rounds differ a lot on udp-async \(66\.\d %\): .*--rounds/,
  );
});

Deno.test("warningsOf() names lanes that did not reach the rate", () => {
  const rounds = [900, 1000, 995].map((reached) => (
    { ...report("udp-async", messages(100)), rate: { wanted: 1000, reached } }
  ));
  assertEquals(
    onlyWarning([...SYNC, ...rounds]),
    "the rate was not reached on udp-async (90 % of it): times hold what messages " +
      "waited for their turn; ask for a lower --rate",
  );
});

Deno.test("warningsOf() names lanes whose first messages were slow", () => {
  const slowStarts = new Map([["tcp-async message", [1, 2.5, 4]], ["tcp-sync message", [1.2]]]);
  const line = onlyWarning([...SYNC, report("tcp-async", messages(100))], { slowStarts });
  assertMatch(
    line,
    /^the first messages were slow on opening tcp-async \(2\.50 times\): .*--repeat/,
  );
});

Deno.test("warningsOf() says that the machine was busy", () => {
  assertMatch(onlyWarning(SYNC, { busy: 0.5 }), /^the machine was busy: .* 50 % .*measure again$/);
  assertEquals(warningsOf(circumstances(SYNC, { busy: null })), []);
});

Deno.test("warningsOf() says that the two ends shared a core, or may have", () => {
  assertMatch(onlyWarning(SYNC, { cores: 1, pinned: null }), /the one core there is: use/);
  assertMatch(onlyWarning(SYNC, { pinned: null }), /on no cores of their own: .*--cpu A,B$/);
  assertMatch(
    onlyWarning(SYNC, { pinned: null, pinFailure: "--cpu 3: no such core" }),
    /on no cores of their own \(--cpu 3: no such core\): /,
  );
  assertMatch(onlyWarning(SYNC, { pinned: { server: 1, client: 1 } }), /shared core 1: name two/);
  assertEquals(warningsOf(circumstances(SYNC, { pinned: null, isOneMachine: false })), []);
  const apart = { pinned: null, pinFailure: "--cpu 9: no such core", isOneMachine: false };
  assertEquals(onlyWarning(SYNC, apart), "the ends were not kept on cores: --cpu 9: no such core");
  const async = [report("tcp-async", messages(100))];
  assertEquals(warningsOf(circumstances(async, { pinned: null })), []);
});

Deno.test("warningsOf() names the percentiles that samples are too few for", () => {
  const few = report("udp-spin", Array(20).fill(100));
  assertMatch(onlyWarning([few]), /^too few messages for p99: .*--repeat/);
  assertMatch(onlyWarning([...SYNC, few]), /^too few messages for p99 on udp-spin: /);
  assertMatch(onlyWarning([report("udp-spin", [5])]), /^too few messages for p50, p90 and p99/);
});
