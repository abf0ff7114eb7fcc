import { RunError } from "../../common/base/errors.ts";
import { assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { type Both, differences, judge, JUDGED_CONNECTIONS, show } from "./left.ts";
import type { Usage } from "./usage.ts";

const USED: Usage = {
  ...{ rssBytes: 100e6, heapBytes: 15e6, externalBytes: 2e6, mallocBytes: 14e6 },
  ...{ live: 0, descriptors: 27, timers: 1, blocks: 6000 },
};

/** Both ends, one of which uses something else. */
function both(client: Partial<Usage> = {}, listener: Partial<Usage> = {}): Both {
  return [{ ...USED, ...client }, { ...USED, sessions: 0, ...listener }];
}

const LEFT: [keyof Usage, number, string][] = [
  ["live", 1, "1 SSL objects of the listener, 0 before"],
  ["descriptors", 28, "28 descriptors of the listener, 27 before"],
  ["timers", 2, "2 timers of the listener, 1 before"],
  ["blocks", 6101, "6101 blocks of OpenSSL's at the listener, 6000 before"],
];

for (const [what, is, said] of LEFT) {
  Deno.test(`judge() finds ${what} that are left, however few connections there were`, () => {
    const error = assertThrows(() => judge(both(), both({}, { [what]: is }), 8), RunError);
    assertEquals(error.message, said);
  });
}

Deno.test("judge() finds what is left at the client, too, and names it all", () => {
  const error = assertThrows(() => judge(both(), both({ live: 2, timers: 0 }), 8), RunError);
  assertEquals(
    error.message,
    "2 SSL objects of the client, 0 before; 0 timers of the client, 1 before",
  );
});

const GROWN: [keyof Usage, number, number, string][] = [
  ["rssBytes", 115e6, 117e6, "the client's resident memory has grown by more than 10 % and 16 MB"],
  ["mallocBytes", 15e6, 17e6, "the client's malloc(3) has grown by 3000000 bytes"],
  ["heapBytes", 16.9e6, 17.1e6, "the client's heap has grown by 2100000 bytes"],
  ["externalBytes", 3.9e6, 4.1e6, "the client's heap has grown by 2100000 bytes"],
];

for (const [what, little, much, said] of GROWN) {
  Deno.test(`judge() finds ${what} that have grown too much, where connections were many`, () => {
    judge(both(), both({ [what]: little }), JUDGED_CONNECTIONS);
    judge(both(), both({ [what]: much }), JUDGED_CONNECTIONS - 1);
    const grown = () => judge(both(), both({ [what]: much }), JUDGED_CONNECTIONS);
    assertEquals(assertThrows(grown, RunError).message, said);
  });
}

Deno.test("differences() are none where not everything can be counted", () => {
  const uncounted = both({ blocks: null, mallocBytes: null }, { blocks: null });
  assertEquals(differences(uncounted, uncounted), []);
  judge(uncounted, uncounted, JUDGED_CONNECTIONS);
});

Deno.test("show() has a line for each end and time", () => {
  const lines = show(both(), both({ blocks: null })).split("\n");
  assertEquals(lines.length, 6);
  assertEquals(
    lines[1],
    "client   first tenth    95.4  14.31    1.91   13.35     0      27       1     6000",
  );
  assertEquals(lines[2]!.slice(-4), "   -");
});
