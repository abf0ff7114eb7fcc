import type { ResultDocument } from "../../common/measure/result.ts";
import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import {
  type Change,
  compareJobs,
  type CompareOptions,
  type Comparison,
  isInconclusive,
} from "./compare.ts";
import { formatComparison } from "./compare_output.ts";
import { randomNumbers } from "../../common/base/random.ts";
import { figureOf, medianMessage } from "./figures.ts";
import { type Job, jobsOf } from "./jobs.ts";
import { FAKE_JOBS, fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";

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
      return fakeRun({ sizes: [100, 999], ...lane, factor: own * Math.exp(drift) });
    });
  });
  return fakeDocument(runs.flat());
}

function jobsFrom(document: ResultDocument): Job[] {
  return jobsOf([{ path: "", folder: "", document, logs: [] }]);
}

/** What is said, in one line. */
function textOf(comparison: Comparison): string {
  return formatComparison(comparison, false).replace(/\s+/g, " ");
}

function compare(before: World, after: World, options?: Partial<CompareOptions>): Comparison {
  const [a, b] = [before, after].map((world) => jobsFrom(measure(world)));
  return compareJobs(a!, b!, { boundPercent: 10, ...options });
}

function significant({ lanes }: Comparison): string[] {
  return lanes.filter(({ changes }) => changes.some(({ verdict }) => /er$/.test(verdict)))
    .map(({ job }) => job.name);
}

for (const lanes of [[TCP, UDP], [TCP, UDP, TLS, DTLS]]) {
  const what = lanes.map(({ protocol }) => protocol).join(", ");

  Deno.test("compareJobs() does not hold a traced lane against one that was not", () => {
    const plain = [TCP, TLS].map((lane) => fakeRun(lane));
    const traced = plain.map((run) => run.protocol === "tls" ? { ...run, handshakes: [] } : run);
    const [before, after] = [plain, traced].map((runs) =>
      jobsOf([{ path: "", folder: "", logs: [], document: fakeDocument(runs) }])
    );
    const { lanes, onlyBefore, onlyAfter } = compareJobs(before!, after!, { boundPercent: 10 });
    assertEquals(lanes.map(({ job }) => job.name), ["tcp-sync"]);
    assertMatch(onlyBefore.join(), /^tls-sync-openssl \(/);
    assertMatch(onlyAfter.join(), /^tls-sync-openssl-traced \(/);
  });

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
  assertMatch(textOf(slower), /Drift was not taken out for tcp-sync/);
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
  assert(changes.every((change) => !change.isRegression && change.verdict === "inconclusive"));
  assert(isInconclusive(comparison));
  const said = textOf(comparison);
  assertMatch(said, /Too few rounds .* tcp-sync \(4, 9\) and udp-sync \(4, 9\): 5 are needed/);
  assertMatch(said, /0 slower, 0 faster and 2 inconclusive: measure about \d+ rounds for each/);
});

Deno.test("compareJobs() says which change it would have found, and where that is too large", () => {
  const world = { lanes: [TCP, UDP, TLS, DTLS], rounds: 6 };
  const quiet = compare(world, world, { boundPercent: 25 });
  for (const { changes: [change] } of quiet.lanes) {
    // Rounds scatter by 3 %, and so does what drift is taken from; 5 % are granted.
    assert(change!.detectable! > 1.08 && change!.detectable! < 1.25, String(change!.detectable));
    assertEquals(change!.verdict, "unchanged");
  }
  assert(!isInconclusive(quiet));
  assertMatch(textOf(quiet), / Of 4 lanes, 4 unchanged, 0 slower, 0 faster and 0 inconclusive\. $/);
  const strict = compare(world, world, { boundPercent: 1 });
  assert(isInconclusive(strict));
  const said = textOf(strict);
  assertMatch(said, /Inconclusive: the rounds scatter too much .* 1 %.* tcp-sync \(\+/);
  assertMatch(said, /4 inconclusive: changes of up to 5 % are never called significant, .*--bound/);
});

Deno.test("compareJobs() names the rounds that would be needed, and with those it finds an answer", () => {
  const still = { lanes: [TCP, UDP, TLS, DTLS], drifts: false, scatter: 0.08 };
  const few = compare({ ...still, rounds: 6 }, { ...still, rounds: 6 }, { boundPercent: 20 });
  const needed = few.lanes.map(({ changes }) => changes[0]!.roundsNeeded!);
  assert(isInconclusive(few) && needed.every((rounds) => rounds > 6), String(needed));
  const rounds = 2 * Math.max(...needed);
  const many = compare({ ...still, rounds }, { ...still, rounds }, { boundPercent: 20 });
  assertEquals(many.lanes.map(({ changes }) => changes[0]!.verdict), Array(4).fill("unchanged"));
});

Deno.test("compareJobs() knows of no rounds that help where a lane wanders beyond the bound", () => {
  const wandering = { lanes: [TCP], rounds: 12, drifts: false, climb: 0.8 };
  const comparison = compare(wandering, wandering);
  assertEquals(comparison.lanes[0]!.changes[0]!.roundsNeeded, null);
  assertMatch(textOf(comparison), /no number of rounds is enough for a lane that wanders so far/);
});

Deno.test("a change's before and after are what the reports of the two documents show", () => {
  for (const sizes of [[100], [100, 999]]) {
    const lanes = [TCP, UDP].map((lane) => ({ ...lane, sizes }));
    const [before, after] = [6, 7].map((rounds) => jobsFrom(measure({ lanes, rounds })));
    const comparison = compareJobs(before!, after!, { boundPercent: 10 });
    for (const { job, jobAfter, changes } of comparison.lanes) {
      for (const { sizeBytes, beforeUs, afterUs, plainRatio } of changes) {
        const scope = sizes.length === 1 ? ALL_SIZES : sizeBytes ?? ALL_SIZES;
        assertEquals(beforeUs, figureOf(job, scope, medianMessage).value);
        assertEquals(afterUs, figureOf(jobAfter, scope, medianMessage).value);
        assertEquals(plainRatio, afterUs / beforeUs);
      }
    }
    assertEquals(
      comparison.lanes.map(({ changes }) => changes.length),
      Array(2).fill(
        sizes.length === 1 ? 1 : 3,
      ),
    );
  }
});

Deno.test("compareJobs() tests all messages as one series, and sizes' means where one has none", () => {
  const lanes = [TCP, UDP];
  const [before, after, old] = Array.from({ length: 3 }, () => measure({ lanes, rounds: 6 }));
  // As documents of earlier versions are; their runs have two sizes and no log.
  for (const run of old!.runs) delete run.allSizes;
  // What only the series of all messages shows.
  for (const run of after!.runs) if (run.protocol === "tcp") run.allSizes!.messageUs.p50! *= 3;
  const whole = compareJobs(jobsFrom(before!), jobsFrom(after!), { boundPercent: 10 });
  assertEquals(whole.lanes.map(({ isPooled }) => isPooled), [true, true]);
  assert(whole.lanes[0]!.changes[0]!.isRegression, "seen in the series of all messages");
  const parts = compareJobs(jobsFrom(old!), jobsFrom(after!), { boundPercent: 10 });
  assertEquals(parts.lanes.map(({ isPooled }) => isPooled), [false, false]);
  assert(!parts.lanes[0]!.changes[0]!.isRegression, "not seen in the sizes");
  assertMatch(textOf(parts), /do not both have the same sizes as one series for tcp-sync and udp/);
});

Deno.test("a comparison explains in words why a lane got faster and is called slower", () => {
  const lanes = [TCP, UDP, TLS, DTLS];
  const runs = (machine: number, own: number) =>
    Array.from(
      { length: 8 },
      (_, round) =>
        lanes.map((lane, i) =>
          fakeRun({ ...lane, factor: machine * (i === 0 ? own : 1) * (1 + 0.002 * (round % 3)) })
        ),
    ).flat();
  const [before, after] = [runs(1, 1), runs(0.7, 1.3)].map((all) => jobsFrom(fakeDocument(all)));
  const comparison = compareJobs(before!, after!, { boundPercent: 10 });
  const [{ plainRatio, machineRatio, ratio, verdict }] = comparison.lanes[0]!.changes as [Change];
  assertEquals([plainRatio, machineRatio!, ratio].map((one) => one.toFixed(2)), [
    "0.91",
    "0.70",
    "1.30",
  ]);
  assertEquals(verdict, "slower");
  assertMatch(
    textOf(comparison),
    /The machine was 30\.0 % faster in the second document; of the -9\.0 % of tcp-sync, that leaves \+30\.0 % of its own\./,
  );
  const plain = compareJobs(before!, before!, { boundPercent: 10 });
  assert(!textOf(plain).includes("leaves"), "no signs that differ, no note");
});

Deno.test("a comparison without a lane or a figure in common is inconclusive, and says so", () => {
  const apart = compare({ lanes: [TCP], rounds: 5 }, { lanes: [UDP], rounds: 5 });
  assert(isInconclusive(apart));
  assertMatch(textOf(apart), /Inconclusive, as no lane is in both documents: measure the same/);
  const [before, after] = [6, 6].map((rounds) => measure({ lanes: [TCP, UDP], rounds }));
  const failed = after!.runs.find(({ protocol }) => protocol === "tcp")!;
  failed.sizes = [];
  delete failed.allSizes;
  const partly = compareJobs(jobsFrom(before!), jobsFrom(after!), { boundPercent: 25 });
  assertEquals(partly.withoutFigures, ["tcp-sync"]);
  assert(isInconclusive(partly));
  assertMatch(textOf(partly), /Of 2 lanes, .* and [12] inconclusive: /);
});

Deno.test("a comparison's table fits 80 columns with the longest names, whatever the verdict", () => {
  const lanes = FAKE_JOBS.flatMap((lane) => [lane, { ...lane, connect: "once" as const }]);
  for (const boundPercent of [1, 60]) {
    const comparison = compare({ lanes, rounds: 5 }, { lanes, rounds: 5 }, { boundPercent });
    const text = formatComparison(comparison, true);
    const wide = text.split("\n").filter((line) => line.length > 80);
    assertEquals(wide, []);
    assertMatch(text, /^with a new connection for every message:\ntcp-async /m);
    assertMatch(text, /^over one connection that stays open:\ntcp-async /m);
  }
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
  const mode = "with a new connection for every message";
  assertEquals(comparison.onlyBefore, [`udp-sync (${mode})`]);
  assertEquals(comparison.onlyAfter, [`tls-sync-openssl (${mode})`]);
  assertEquals(comparison.lanes.map(({ driftFrom }) => driftFrom), [null]);
});

Deno.test("compareJobs() does not take drift from rounds that were not the same", () => {
  const lanes = [TCP, UDP];
  const before = measure({ lanes, rounds: 6 });
  const after = measure({ lanes, rounds: 6 });
  after.runs.pop();
  const [a, b] = [before, after].map(jobsFrom);
  const { lanes: found } = compareJobs(a!, b!, { boundPercent: 10 });
  assertEquals(found.map(({ driftFrom }) => driftFrom), [null, null]);
  assertEquals(found.map(({ rounds }) => rounds.after), [6, 5]);
});
