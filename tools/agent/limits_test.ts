import { laneNamed } from "../../common/testing/pairs.ts";
import { assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { refusalOf } from "./limits.ts";
import type { StartQuestion } from "./messages.ts";

const LIMITS = { maxMegabytes: 1, maxSeconds: 60, maxClients: 5 };

function refusal(change: Partial<StartQuestion>, lane = "tcp-async"): string | null {
  const question: StartQuestion = {
    ...{ ask: "start", lane, resume: false, sizes: [1000], repeat: 100, connect: "message" },
    ...{ reply: true, clients: 1, waitMs: 0, timeoutMs: 5000, clockShiftUs: 0 },
    ...change,
  };
  return refusalOf(question, laneNamed(lane), LIMITS);
}

Deno.test("refusalOf() serves up to the limits", () => {
  assertEquals(refusal({}), null);
  assertEquals(refusal({ clients: 5, repeat: 200 }), null);
  assertEquals(refusal({ repeat: undefined, seconds: 60 }), null);
  assertEquals(refusal({ cpu: 0 }, "tcp-sync"), null);
  assertEquals(refusal({ resume: true }, "dtls-spin-openssl"), null);
});

Deno.test("refusalOf() says which limit a plan exceeds, or what is wrong with it", () => {
  assertMatch(refusal({ clients: 6 })!, /^6 clients: at most 5 .*--max-clients/);
  assertMatch(refusal({ repeat: 1001 })!, /^2 megabytes: at most 1 .*--max-megabytes/);
  assertMatch(refusal({ clients: 5, repeat: 201 })!, /^2 megabytes: at most 1 /);
  const timed = { repeat: undefined, seconds: 31, sizes: [100, 200] };
  assertMatch(refusal(timed)!, /^62 seconds: at most 60 .*--max-seconds/);
  assertMatch(refusal({ sizes: Array(1001).fill(100) })!, /^1001 sizes: at most 1000/);
  assertMatch(refusal({ seconds: 1 })!, /^either/);
  assertMatch(refusal({ repeat: undefined })!, /^either/);
  assertMatch(refusal({ cpu: 0 })!, /^a core goes with/);
  assertMatch(refusal({ resume: true }, "tls-async-rustls")!, /^tls-async-rustls resumes no/);
  assertMatch(
    refusal({ sizes: [16_385], repeat: 1 }, "dtls-sync-openssl")!,
    /^size 16385: at most/,
  );
  const twice = { repeat: undefined, seconds: 1, sizes: [100, 100] };
  assertMatch(refusal(twice)!, /^size 100: with a number of seconds/);
});
