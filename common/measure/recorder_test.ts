import { FakeClock } from "../testing/fake_clock.ts";
import { STEP_INDEX, StepTimer } from "./clock.ts";
import { Recorder } from "./recorder.ts";
import type { Outcome } from "./outcome.ts";
import type { Summary } from "./statistics.ts";
import { StepLog } from "./step_log.ts";
import { assertEquals } from "../testing/assert.ts";

const OUTCOME: Outcome = {
  client: 0,
  sizeBytes: 100,
  no: 0,
  answered: true,
  lost: false,
  resumed: false,
};

const NOTHING: Summary = {
  n: 0,
  min: null,
  p50: null,
  p90: null,
  p99: null,
  max: null,
  mean: null,
  stddev: null,
};

/** A message's times without a clock: send takes a fifth of it, receive the rest. */
class FakeTimer extends StepTimer {
  readonly #totalUs: number;

  constructor(totalUs: number) {
    super();
    this.#totalUs = totalUs;
    this.durationsUs[STEP_INDEX.send] = totalUs / 5;
    this.durationsUs[STEP_INDEX.receive] = totalUs * 4 / 5;
  }

  override get totalUs(): number {
    return this.#totalUs;
  }
}

/** Records messages, each given as a duration and what is special about it. */
function recorded(...messages: [number, Partial<Outcome>?][]): Recorder {
  const recorder = new Recorder();
  for (const [us, outcome] of messages) {
    recorder.message({ ...OUTCOME, ...outcome }, new FakeTimer(us));
  }
  return recorder;
}

Deno.test("Recorder counts what is dropped, and from when to when it came", () => {
  using clock = new FakeClock();
  const recorder = new Recorder();
  assertEquals(recorder.discarded, { bytes: 0, seconds: null });
  for (const bytes of [1000, 24, 9]) {
    clock.nowMs += 250;
    recorder.discard(bytes);
  }
  assertEquals(recorder.discarded, { bytes: 1033, seconds: 0.5 });
});

Deno.test("Recorder adds up what a size takes where it is in the plan again, and says nothing else", () => {
  const recorder = new Recorder();
  recorder.sizeTook(100, 1_500_000);
  recorder.sizeTook(999, 0);
  recorder.sizeTook(100, 250_000);
  const seconds = () => recorder.clientResults(true).map((size) => size.seconds);
  assertEquals(seconds(), [1.75, 0]);
  recorder.message({ ...OUTCOME, sizeBytes: 32 }, new StepTimer());
  assertEquals(seconds(), [1.75, 0, undefined]);
});

Deno.test("Recorder leaves the first message of a run out of its times and counts it", () => {
  const recorder = recorded([9000], [10], [20]);
  const [size] = recorder.clientResults(true);
  assertEquals([size!.sent, size!.answered, size!.messageUs.n], [3, 3, 2]);
  assertEquals([size!.messageUs.min, size!.messageUs.max], [10, 20]);
  assertEquals(recorder.messages, 3);
});

Deno.test("Recorder.allSizes() is every size's messages together, without the warm-up", () => {
  const recorder = recorded([9000], [10], [20, { sizeBytes: 999 }], [30, { sizeBytes: 32 }]);
  const { messageUs, steps } = recorder.allSizes();
  assertEquals([messageUs.n, messageUs.min, messageUs.mean, messageUs.max], [3, 10, 20, 30]);
  assertEquals([steps.send?.n, steps.send?.mean, steps.handshake], [3, 4, null]);
});

Deno.test("Recorder.cpu() is known once the warm-up is over", () => {
  assertEquals(recorded().cpu(), null);
  assertEquals(recorded([9000]).cpu()?.perMessageUs, null);
  const { userUs, systemUs, perMessageUs } = recorded([9000], [10], [20]).cpu()!;
  assertEquals(perMessageUs, (userUs + systemUs) / 2);
});

Deno.test("Recorder.times() has what counts of all sizes together", () => {
  const recorder = recorded([9000], [10], [30, { sizeBytes: 999 }], [5000, { lost: true }]);
  const { n, min, max } = recorder.times().summary();
  assertEquals([n, min, max], [2, 10, 30]);
  assertEquals(recorder.clientResults(true).map(({ messageUs }) => messageUs.n), [1, 1]);
});

Deno.test("Recorder has one warm-up a run, not one a size", () => {
  const recorder = recorded([9000], [10], [20, { sizeBytes: 999 }]);
  assertEquals(recorder.clientResults(true).map(({ messageUs }) => messageUs.n), [1, 1]);
});

Deno.test("Recorder leaves the times of lost messages out and counts them", () => {
  const lost = { answered: false, lost: true };
  const recorder = recorded([9000], [10], [5_000_000, lost], [20], [5_000_000, lost]);
  const [size] = recorder.clientResults(true);
  assertEquals([size!.sent, size!.answered, size!.lost], [5, 3, 2]);
  assertEquals([size!.messageUs.n, size!.messageUs.max], [2, 20]);
  assertEquals([recorder.messages, recorder.lost], [5, 2]);
});

Deno.test("Recorder has times of every step that happened, null for the others", () => {
  const [size] = recorded([9000], [10], [20]).clientResults(true);
  const { send, receive, ...others } = size!.steps;
  assertEquals([send?.n, send?.min, send?.max], [2, 2, 4]);
  assertEquals([receive?.n, receive?.min, receive?.max], [2, 8, 16]);
  assertEquals(others, { connect: null, handshake: null, shutdown: null, close: null });
});

Deno.test("Recorder has figures of null where only the warm-up was exchanged", () => {
  const [size] = recorded([9000]).clientResults(true);
  assertEquals([size!.sent, size!.messageUs, size!.steps.send], [1, NOTHING, null]);
});

Deno.test("Recorder counts messages over resumed sessions", () => {
  const [size] = recorded([9], [10, { resumed: true }], [10, { resumed: true }]).clientResults(
    true,
  );
  assertEquals(size!.resumed, 2);
});

Deno.test("Recorder.clientResults() knows neither answers nor loss without answers", () => {
  const [size] = recorded([9, { answered: false }], [10, { answered: false }]).clientResults(false);
  assertEquals([size!.sent, size!.answered, size!.lost], [2, null, null]);
  assertEquals(size!.messageUs.n, 1);
});

Deno.test("Recorder.clientResults() keeps the order in which sizes were sent", () => {
  const recorder = recorded([1, { sizeBytes: 999 }], [1], [1, { sizeBytes: 16384 }]);
  const results = recorder.clientResults(true);
  assertEquals(results.map(({ sizeBytes }) => sizeBytes), [999, 100, 16384]);
});

Deno.test("Recorder.serverResults() counts as lost what the plan has and did not come", () => {
  const recorder = recorded([9], [10], [10, { sizeBytes: 999 }]);
  const results = recorder.serverResults({ sizes: [100, 999], repeat: 2 }, 1, true, true);
  assertEquals(results.map(({ sent, answered, lost }) => [sent, answered, lost]), [
    [2, 2, 0],
    [2, 1, 1],
  ]);
});

Deno.test("Recorder.serverResults() lists a size of which nothing came", () => {
  const results = recorded([9]).serverResults({ sizes: [100, 999], repeat: 1 }, 1, true, true);
  assertEquals(results.map(({ sizeBytes }) => sizeBytes), [100, 999]);
  const { sent, answered, lost, messageUs } = results[1]!;
  assertEquals([sent, answered, lost, messageUs], [1, 0, 1, NOTHING]);
});

Deno.test("Recorder.serverResults() counts what all clients send", () => {
  const [size] = recorded([9], [9]).serverResults({ sizes: [100], repeat: 2 }, 3, true, true);
  assertEquals([size!.sent, size!.lost], [6, 4]);
});

Deno.test("Recorder.serverResults() counts a size as often as it is in the plan", () => {
  const plan = { sizes: [100, 999, 100], repeat: 2 };
  const [size] = recorded([9]).serverResults(plan, 1, true, true);
  assertEquals([size!.sent, size!.lost], [4, 3]);
});

Deno.test("Recorder.serverResults() knows not what was sent where the run was cut short", () => {
  const results = recorded([9], [9]).serverResults(
    { sizes: [100, 999], repeat: 5 },
    1,
    true,
    false,
  );
  assertEquals(
    results.map(({ sizeBytes, sent, answered, lost }) => [sizeBytes, sent, answered, lost]),
    [
      [100, null, 2, null],
    ],
  );
});

Deno.test("Recorder.serverResults() knows not what was sent of a size outside the plan", () => {
  const results = recorded([9, { sizeBytes: 50 }]).serverResults(
    { sizes: [100], repeat: 1 },
    1,
    true,
    true,
  );
  const stray = results.find(({ sizeBytes }) => sizeBytes === 50)!;
  assertEquals([stray.sent, stray.lost], [null, null]);
});

Deno.test("Recorder.serverResults() has no loss below zero where more came than was planned", () => {
  const [size] = recorded([9], [9], [9]).serverResults({ sizes: [100], repeat: 2 }, 1, true, true);
  assertEquals([size!.sent, size!.lost], [2, 0]);
});

Deno.test("Recorder.serverResults() has answers of null on a one-way run", () => {
  const [size] = recorded([9]).serverResults({ sizes: [100], repeat: 2 }, 1, false, true);
  assertEquals([size!.answered, size!.lost], [null, 1]);
});

Deno.test("Recorder.serverResults() has the plan's order although sizes came late", () => {
  const recorder = recorded([9, { sizeBytes: 999 }]);
  const results = recorder.serverResults({ sizes: [100, 999], repeat: 1 }, 1, true, true);
  assertEquals(results.map(({ sizeBytes }) => sizeBytes), [100, 999]);
});

Deno.test("Recorder.message() hands every message to the log, warm-up and lost ones too", () => {
  let text = "";
  const log = new StepLog(
    { write: (lines) => void (text += lines), close() {} },
    "udp-async",
    "client",
  );
  const recorder = new Recorder(log);
  recorder.message(OUTCOME, new FakeTimer(10));
  recorder.message({ ...OUTCOME, no: 1, answered: false, lost: true }, new FakeTimer(10));
  log.flush();
  const ends = text.trim().split("\n").slice(1).map((line) => line.split(",").slice(-3).join(","));
  assertEquals(ends, ["100,0,0", "100,0,0", "100,1,1", "100,1,1"]);
});
