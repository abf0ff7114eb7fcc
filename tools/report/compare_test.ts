import type { ResultDocument } from "../../common/measure/result.ts";
import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { compareJobs, type CompareOptions, type Comparison } from "./compare.ts";
import { formatComparison } from "./compare_output.ts";
import { randomNumbers } from "../../common/base/random.ts";
import { jobsOf } from "./jobs.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";

const TCP: FakeRun = { protocol: "tcp", io: "sync" };
const UDP: FakeRun = { protocol: "udp", io: "sync" };
const TLS: FakeRun = { protocol: "tls", io: "sync", engine: "openssl" };
const DTLS: FakeRun = { protocol: "dtls", io: "sync", engine: "openssl" };

const random = randomNumbers(17);

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** How the machine and the lanes behave. */
interface World {
  lanes: readonly FakeRun[];
  rounds: number;
  /** What the first lane takes instead of 1. */
  factor?: number;
  /** Whether the machine drifts. */
  drifts?: boolean;
  /** By what the machine is slower in the last round than in the first, as a logarithm. */
  climb?: number;
  /** What rounds differ by on their own: a standard deviation, as a logarithm. */
  scatter?: number;
}

/** A document whose machine wanders by 15 % a round, from a start that is up to 1.7 times off. */
function measure(world: World): ResultDocument {
  const { lanes, rounds, factor = 1, drifts = true, climb = 0, scatter = 0.03 } = world;
  let drift = drifts ? Math.log(1.7) * random() : 0;
  const runs = Array.from({ length: rounds }, () => {
    drift += (drifts ? 0.15 * normal() : 0) + climb / (rounds - 1);
    return lanes.map((lane, i) => {
      const own = (i === 0 ? factor : 1) * Math.exp(scatter * normal());
      return fakeRun({ ...lane, sizes: [100, 999], factor: own * Math.exp(drift) });
    });
  });
  return fakeDocument(runs.flat());
}

function compare(before: World, after: World, options?: Partial<CompareOptions>): Comparison {
  const [a, b] = [before, after].map((world) =>
    jobsOf([{ path: "", folder: "", document: measure(world), logs: [] }])
  );
  return compareJobs(a!, b!, { boundPercent: 10, ...options });
}

function significant({ lanes }: Comparison): string[] {
  return lanes.filter(({ changes }) => changes.some(({ verdict }) => /er$/.test(verdict)))
    .map(({ job }) => job.name);
}

for (const lanes of [[TCP, UDP], [TCP, UDP, TLS, DTLS]]) {
  const what = lanes.map(({ protocol }) => protocol).join(", ");

  Deno.test(`compareJobs() finds nothing in 19 of 20 where only the machine drifts: ${what}`, () => {
    let found = 0;
    for (let trial = 0; trial < 100; trial++) {
      if (significant(compare({ lanes, rounds: 5 }, { lanes, rounds: 5 })).length > 0) found++;
    }
    assert(found <= 5, `${found} of 100`);
  });

  Deno.test(`compareJobs() finds 20 % in spite of drift, 20 times of 20: ${what}`, () => {
    for (let trial = 0; trial < 20; trial++) {
      const comparison = compare({ lanes, rounds: 6 }, { lanes, rounds: 6, factor: 1.2 });
      const changes = comparison.lanes[0]!.changes;
      assert(changes.some((change) => change.isRegression), JSON.stringify(changes));
      const { ratio, interval } = changes[0]!;
      assert(ratio > 1.1 && ratio < 1.3 && interval!.low < ratio && ratio < interval!.high);
    }
  });
}

Deno.test("compareJobs() does not blame the other lanes where TCP alone became faster", () => {
  const lanes = [TCP, UDP, TLS, DTLS];
  const comparison = compare({ lanes, rounds: 8 }, { lanes, rounds: 8, factor: 0.7 });
  assertEquals(significant(comparison), ["tcp-sync"]);
  assert(comparison.lanes.every(({ changes }) => changes.every((change) => !change.isRegression)));
  assertEquals(comparison.lanes[0]!.driftFrom, [
    "udp-sync",
    "tls-sync-openssl",
    "dtls-sync-openssl",
  ]);
});

Deno.test("compareJobs() compares a lane alone as it is, and says so", () => {
  const still = { lanes: [TCP], rounds: 6, drifts: false };
  const slower = compare(still, { ...still, factor: 1.4 });
  assertEquals(significant(slower), ["tcp-sync"]);
  assertMatch(formatComparison(slower, false), /^Drift was not taken out for tcp-sync/m);
  const wandering = { lanes: [TCP], rounds: 6 };
  let found = 0;
  for (let trial = 0; trial < 40; trial++) {
    if (significant(compare(still, { ...still })).length > 0) found++;
    assertEquals(compare(wandering, wandering).lanes[0]!.driftFrom, null);
  }
  assert(found <= 2, `${found} of 40`);
});

Deno.test("compareJobs() finds 20 % in a lane alone that scatters, not in one that wanders", () => {
  const alone = { lanes: [TCP], rounds: 20, drifts: false };
  const findings = (world: World) => {
    let found = 0;
    for (let trial = 0; trial < 20; trial++) {
      const slower = compare(world, { ...world, factor: 1.2 });
      if (significant(slower).length > 0) found++;
    }
    return found;
  };
  const found = findings({ ...alone, scatter: 0.1 });
  assert(found >= 15, `${found} of 20`);
  assertEquals(findings({ ...alone, climb: 0.5 }), 0);
});

Deno.test("compareJobs() makes no statement of too few rounds, and says so", () => {
  const lanes = [TCP, UDP];
  const comparison = compare({ lanes, rounds: 4 }, { lanes, rounds: 9, factor: 5 });
  const changes = comparison.lanes.flatMap((lane) => lane.changes);
  assert(changes.every((change) => change.probability === null && change.interval === null));
  assert(changes.every((change) => !change.isRegression && change.verdict === "too few rounds"));
  const said = formatComparison(comparison, false);
  assertMatch(said, /^Too few rounds .* tcp-sync \(4, 9\) and udp-sync \(4, 9\): 5 are needed/m);
});

Deno.test("compareJobs() says which change it would have found, and where that is too large", () => {
  const world = { lanes: [TCP, UDP, TLS, DTLS], rounds: 6 };
  const quiet = compare(world, world, { boundPercent: 25 });
  for (const { changes: [change] } of quiet.lanes) {
    // Rounds scatter by 3 %, and so does what drift is taken from; 5 % are granted.
    assert(change!.detectable! > 1.08 && change!.detectable! < 1.25, String(change!.detectable));
  }
  assert(!formatComparison(quiet, false).includes("scatter too much"));
  const strict = compare(world, world, { boundPercent: 1 });
  assertMatch(
    formatComparison(strict, false),
    /^The rounds scatter too much .* 1 %.* tcp-sync \(\+/m,
  );
});

Deno.test("compareJobs() accepts a change within the bound", () => {
  const still = { lanes: [TCP], rounds: 8, drifts: false };
  const after = { ...still, factor: 1.5 };
  const flags = [10, 100].map((boundPercent) =>
    compare(still, after, { boundPercent }).lanes[0]!.changes[0]!.isRegression
  );
  assertEquals(flags, [true, false]);
});

Deno.test("compareJobs() names lanes that only one document has", () => {
  const comparison = compare({ lanes: [TCP, UDP], rounds: 5 }, { lanes: [TCP, TLS], rounds: 5 });
  assertEquals(comparison.onlyBefore, ["udp-sync"]);
  assertEquals(comparison.onlyAfter, ["tls-sync-openssl"]);
  assertEquals(comparison.lanes.map(({ driftFrom }) => driftFrom), [null]);
});

Deno.test("compareJobs() does not take drift from rounds that were not the same", () => {
  const lanes = [TCP, UDP];
  const before = measure({ lanes, rounds: 6 });
  const after = measure({ lanes, rounds: 6 });
  after.runs.pop();
  const [a, b] = [before, after].map((document) =>
    jobsOf([{ path: "", folder: "", document, logs: [] }])
  );
  const { lanes: found } = compareJobs(a!, b!, { boundPercent: 10 });
  assertEquals(found.map(({ driftFrom }) => driftFrom), [null, null]);
  assertEquals(found.map(({ rounds }) => rounds.after), [6, 5]);
});
