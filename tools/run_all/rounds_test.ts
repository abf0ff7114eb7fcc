import { assert, assertEquals } from "../../common/testing/assert.ts";
import { jobsIn } from "./choose.ts";
import type { Job } from "./job.ts";
import { formatLeft, Pace } from "./progress.ts";
import type { Exchange } from "./job.ts";
import { turnsOf } from "./rounds.ts";
import { busyShare, twoCores } from "../lib/machine.ts";

/** A job for each lane, in a connection for each message. */
const ALL: readonly Job[] = jobsIn(["message"]).filter(({ resume }) => !resume);
const JOBS = ALL.slice(0, 3);
const each = (repeat: number) => ({ message: repeat, size: repeat, once: repeat });
const EXCHANGE: Exchange = {
  ...{ sizes: [100], repeat: each(100), seconds: null },
  ...{ clients: 1, waitMs: 0, rate: null, reply: true },
};

Deno.test("turnsOf() interleaves the jobs", () => {
  const turns = turnsOf(JOBS.slice(0, 2), 3).map(({ job, round }) => `${job.name} ${round}`);
  assertEquals(turns, [1, 2, 3].flatMap((round) => [`tcp-async ${round}`, `tcp-sync ${round}`]));
});

Deno.test("twoCores() takes two that are no threads of one, in either way of numbering", () => {
  assertEquals(twoCores(2, "linux"), { server: 0, client: 1 });
  assertEquals(twoCores(4, "linux"), { server: 0, client: 3 });
  assertEquals(twoCores(16, "linux"), { server: 0, client: 7 });
});

Deno.test("twoCores() takes none where there are not two, or the system lets no one choose", () => {
  assertEquals(twoCores(1, "linux"), null);
  assertEquals(twoCores(8, "darwin"), null);
});

Deno.test("busyShare() is the part of the time in which cores were busy", () => {
  const before = { busyMs: 1000, idleMs: 5000 };
  assertEquals(busyShare(before, { busyMs: 1100, idleMs: 5300 }), 0.25);
  assertEquals(busyShare(before, before), null);
});

Deno.test("Pace takes what is left from the rounds before", () => {
  const pace = new Pace(turnsOf(JOBS, 2).map(({ job }) => job), EXCHANGE);
  for (const [i, ms] of [1000, 2000, 3000].entries()) pace.ended(i, ms);
  assertEquals(pace.at(3, 0.5, 500), { done: 6500 / 12_000, leftMs: 5500 });
});

Deno.test("Pace weighs jobs that were not measured yet by their kind", () => {
  const secure = ALL.find(({ lane }) => lane.engine !== null)!;
  const pace = new Pace([...JOBS, secure], {
    ...EXCHANGE,
    repeat: each(10_000),
  });
  pace.ended(0, 1000);
  const { done, leftMs } = pace.at(1, 0, 0);
  assert(done < 0.1 && leftMs > 10_000, `${done} ${leftMs}`);
});

/** A whole run as a bar shows it: what is done at every tenth of every turn. */
function watched(jobs: readonly Job[], tookMs: readonly number[]): number[] {
  const pace = new Pace(jobs, { ...EXCHANGE, repeat: each(2200) });
  return tookMs.flatMap((ms, turn) => {
    const steps = Array.from({ length: 11 }, (_, i) => pace.at(turn, i / 10, ms * i / 10).done);
    pace.ended(turn, ms);
    return steps;
  });
}

Deno.test("Pace never goes back, and is near the truth on a slow network from the first lane on", () => {
  const jobs = ALL;
  const trips = { tcp: 2, udp: 1, tls: 4, dtls: 5 };
  // Two machines with 20 ms between them: the first lane is no measure of the others.
  const tookMs = jobs.map(({ lane }) => 2200 * (trips[lane.protocol] * 20 + (lane.engine ? 4 : 0)));
  const all = tookMs.reduce((sum, ms) => sum + ms);
  const done = watched(jobs, tookMs);
  assertEquals(done, done.toSorted((a, b) => a - b));
  const truth = tookMs.flatMap((ms, turn) => {
    const before = tookMs.slice(0, turn).reduce((sum, ms) => sum + ms, 0);
    return Array.from({ length: 11 }, (_, i) => (before + ms * i / 10) / all);
  });
  const off = done.map((part, i) => Math.abs(part - truth[i]!));
  assert(Math.max(...off) < 0.1, `${Math.max(...off)}`);
});

Deno.test("Pace does not take a slow first lane for the pace of all", () => {
  const jobs = [JOBS[0]!, JOBS[1]!];
  const pace = new Pace(jobs, { ...EXCHANGE, repeat: null, seconds: 10 });
  pace.ended(0, 30_000);
  assertEquals(pace.at(1, 0, 0).leftMs, 10_900);
});

Deno.test("Pace knows how long a run pauses between messages", () => {
  const pace = new Pace([JOBS[0]!], { ...EXCHANGE, waitMs: 100 });
  assert(pace.at(0, 0, 0).leftMs > 10_000);
});

Deno.test("formatLeft() is minutes and seconds", () => {
  assertEquals([0, 61_400, -5].map(formatLeft), ["0:00 left", "1:01 left", "0:00 left"]);
});
