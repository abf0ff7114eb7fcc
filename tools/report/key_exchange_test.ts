import type { RunResult } from "../../common/measure/result.ts";
import { LANES } from "../../common/model/lanes.ts";
import { assertEquals } from "../../common/testing/assert.ts";
import type { LaneChanges } from "./compare.ts";
import { type Job, jobsOf } from "./jobs.ts";
import { changedGroups, mixedGroups } from "./key_exchange.ts";
import { fakeDocument, fakeRun } from "./testdata/documents.ts";

/** Clients of lanes that have agreed on these groups. */
function jobs(groups: Record<string, string | null>): Job[] {
  const runs = Object.entries(groups).map(([lane, group]): RunResult => {
    const { protocol, io, engine } = LANES.find(({ name }) => name === lane)!;
    const run = fakeRun({ protocol, io, ...(engine ? { engine } : {}) });
    return { ...run, security: run.security && { ...run.security, group } };
  });
  return jobsOf([{ path: "", folder: "", document: fakeDocument(runs), logs: [] }]);
}

Deno.test("mixedGroups() names the lanes of each key exchange", () => {
  const mixed = jobs({
    "tcp-async": null,
    "tls-sync-openssl": "X25519MLKEM768",
    "tls-async-openssl": "X25519MLKEM768",
    "dtls-sync-openssl": "x25519",
  });
  assertEquals(mixedGroups(mixed), [
    "the key exchange differs: X25519MLKEM768 on tls-async-openssl and tls-sync-openssl; " +
    "X25519 on dtls-sync-openssl: part of what tells these lanes apart is its cost; " +
    "--groups X25519 makes it the same",
  ]);
});

Deno.test("mixedGroups() says that rustls does not tell its group", () => {
  const lanes = {
    "tls-async-rustls": null,
    "tls-sync-openssl": "X25519",
    "dtls-sync-openssl": "P-256",
  };
  assertEquals(
    mixedGroups(jobs(lanes)).map((line) => line.includes("; rustls does not tell its:")),
    [
      true,
    ],
  );
});

const SAME: Record<string, string | null>[] = [
  { "tls-sync-openssl": "X25519", "dtls-sync-openssl": "x25519" },
  { "tls-sync-openssl": "X25519", "dtls-sync-openssl": null, "tls-async-rustls": null },
  { "tcp-sync": null },
];

for (const same of SAME) {
  Deno.test(`mixedGroups() is silent about ${JSON.stringify(same)}`, () => {
    assertEquals(mixedGroups(jobs(same)), []);
  });
}

Deno.test("changedGroups() names the lanes whose key exchange is another one", () => {
  const [before] = jobs({ "tls-sync-openssl": "X25519" });
  const changes = (after: string | null) => {
    const [jobAfter] = jobs({ "tls-sync-openssl": after });
    return changedGroups([{ job: before!, jobAfter: jobAfter! } as LaneChanges]);
  };
  assertEquals(changes("X25519MLKEM768"), [
    "The key exchange is another one on tls-sync-openssl (X25519, then X25519MLKEM768): part of " +
    "the change is its cost.",
  ]);
  assertEquals([...changes("x25519"), ...changes(null)], []);
});
