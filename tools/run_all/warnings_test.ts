import { LANES } from "../../common/model/lanes.ts";
import { byStep } from "../../common/model/protocol.ts";
import type { RunResult } from "../../common/measure/result.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import type { LaneReport } from "./job.ts";
import { measuredJobs } from "./rounds_figures.ts";
import { explainColumns, formatJobs } from "./summary.ts";
import { type Circumstances, warningsOf } from "./warnings.ts";

/** One round of a lane whose messages took so long, in microseconds. */
function report(name: string, round: number, us: number[], more: Partial<LaneReport> = {}) {
  const lane = LANES.find((lane) => lane.name === name)!;
  const totals = { message: new Distribution(), steps: {}, elapsedUs: 1_234_000 };
  for (const one of us) totals.message.record(one);
  const messageUs = totals.message.summary();
  const counts = { sent: us.length + 1, answered: us.length + 1, lost: 0, resumed: us.length };
  const steps = byStep(() => messageUs);
  const cipher = "ECDHE-ECDSA-AES256-GCM-SHA384";
  const run = {
    ...{ lane: name, role: "client", protocol: lane.protocol, io: lane.io, engine: lane.engine },
    ...{ connect: "message", resume: false, reply: true, clients: 1 },
    security: lane.engine &&
      { version: "DTLSv1.2", cipher, group: null, peer: null, resumed: false },
    sizes: [{ sizeBytes: 100, ...counts, messageUs, steps }],
  } as RunResult;
  const base = { job: { lane, resume: false, name }, round, ok: true, interrupted: false };
  const rest = { failure: null, shown: null, runs: [run], totals, slowStart: null, openssl: null };
  return { ...base, ...rest, ...more } satisfies LaneReport;
}

/** As many messages as every percentile needs. */
const messages = (us: number) => Array<number>(100).fill(us);

function circumstances(reports: LaneReport[], more: Partial<Circumstances> = {}): Circumstances {
  return {
    jobs: measuredJobs(reports, "client"),
    ...{ isOneMachine: true, cores: 4, pinned: { server: 0, client: 3 } },
    ...{ pinFailure: null, busy: 0.02 },
    ...more,
  };
}

function onlyWarning(reports: LaneReport[], more?: Partial<Circumstances>): string {
  const warnings = warningsOf(circumstances(reports, more));
  assertEquals(warnings.length, 1, warnings.join("\n"));
  return warnings[0]!;
}

const SYNC = [report("tcp-sync", 1, messages(100))];

Deno.test("warningsOf() has nothing to say of a quiet run", () => {
  assertEquals(warningsOf(circumstances([...SYNC, report("tcp-sync", 2, messages(110))])), []);
});

Deno.test("warningsOf() names lanes whose rounds differ a lot", () => {
  const rounds = [100, 150, 200].map((us, i) => report("udp-async", i + 1, messages(us)));
  assertMatch(
    onlyWarning([...SYNC, ...rounds]),
    /^the rounds differ a lot on udp-async \(66\.\d %\): .*--rounds/,
  );
});

Deno.test("warningsOf() names lanes that did not reach the rate", () => {
  const rounds = [900, 1000, 995].map((reached, i) => {
    const { runs, ...rest } = report("udp-async", i + 1, messages(100));
    return { ...rest, runs: runs.map((run) => ({ ...run, rate: { wanted: 1000, reached } })) };
  });
  assertEquals(
    onlyWarning([...SYNC, ...rounds]),
    "the rate was not reached on udp-async (90 % of it): times hold what messages " +
      "waited for their turn; ask for a lower --rate",
  );
});

Deno.test("warningsOf() names lanes whose first messages were slow", () => {
  const slow = report("tcp-async", 1, messages(100), { slowStart: 2.5 });
  const line = onlyWarning([...SYNC, slow]);
  assertMatch(line, /^the first messages were slow on tcp-async \(2\.50 times\): .*--repeat/);
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
  const async = [report("tcp-async", 1, messages(100))];
  assertEquals(warningsOf(circumstances(async, { pinned: null })), []);
});

Deno.test("warningsOf() names the percentiles that samples are too few for", () => {
  const few = report("udp-spin", 1, Array(20).fill(100));
  assertMatch(onlyWarning([few]), /^too few messages for p99: .*--repeat/);
  assertMatch(onlyWarning([...SYNC, few]), /^too few messages for p99 on udp-spin: /);
  assertMatch(onlyWarning([report("udp-spin", 1, [5])]), /^too few messages for p50, p90 and p99/);
});

Deno.test("formatJobs() shows medians over rounds, and ratios to TCP of the same I/O", () => {
  const tcp = [100, 120, 110].map((us, i) => report("tcp-sync", i + 1, messages(us)));
  const udp = [50, 60, 55].map((us, i) => report("udp-sync", i + 1, messages(us)));
  const jobs = measuredJobs([...tcp, ...udp, report("udp-spin", 1, messages(5))], "client");
  const [head, first, second, third] = formatJobs(jobs, 3).split("\n");
  assertMatch(head!, /^lane +messages +lost +resumed +p50 us +p90 us +p99 us +spread +x TCP /);
  assertMatch(first!, /^tcp-sync +303\/303 +0 +- +110 +110 +110 +18 % +- /);
  assertMatch(second!, /^udp-sync +303\/303 +0 +- +55\.0 +55\.0 +55\.0 +18 % +0\.50 /);
  assertMatch(third!, /^udp-spin +101\/101 .* - +- /, "there is no tcp-spin");
});

Deno.test("formatJobs() stays within 160 columns, and shows intervals from five rounds on", () => {
  const rounds = [1, 2, 3, 4, 5];
  const tcp = rounds.map((round) => report("tcp-async", round, messages(300 + round)));
  const dtls = rounds.map((round) => {
    const made = report("dtls-async-openssl", round, Array(2199).fill(7000 + 10 * round));
    const job = { ...made.job, resume: true, name: "dtls-async-openssl-resumed" };
    return { ...made, job };
  });
  const table = formatJobs(measuredJobs([...tcp, ...dtls], "client"), 5);
  assertMatch(table, /^dtls-async-openssl-resumed .* 23\.2 23\.1-23\.3 /m);
  const longest = Math.max(...table.split("\n").map((line) => line.length));
  assert(longest <= 160, `${longest}`);
  assertMatch(explainColumns(measuredJobs(tcp, "client"), 5), /medians over 5 rounds/);
});

Deno.test("formatJobs() shows how much of a lane that was cut off is there", () => {
  const cut = report("udp-sync", 1, messages(100), { ok: false, interrupted: true });
  const jobs = measuredJobs([report("tcp-sync", 1, messages(100)), cut], "client");
  const [, whole, part] = formatJobs(jobs, 1, 120).split("\n");
  assertMatch(whole!, /^tcp-sync +101\/101 /);
  assertMatch(part!, /^udp-sync +101\/120 /);
});
