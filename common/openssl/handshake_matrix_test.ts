import { assert, assertEquals } from "../testing/assert.ts";
import { DELAY_MS, faithful, type Fate } from "../testing/fates.ts";
import {
  forAll,
  type VirtualNet,
  virtualNet,
  type VirtualNetOptions,
} from "../testing/virtual_net.ts";
import type { Sent } from "../testing/memory_net.ts";

/** What can become of one datagram while all the others arrive. */
const FATES: Readonly<Record<string, (of: number) => Fate>> = {
  "is lost": (of) => (sent, index) => index === of ? [] : faithful(sent, index),
  "comes twice": (of) => (sent, index) =>
    Array.from({ length: index === of ? 2 : 1 }, () => faithful(sent, index)).flat(),
  // Later than the first retransmission, when what it belongs to is over.
  "comes once more much later": (of) => (sent, index) => {
    const once = faithful(sent, index);
    return index === of ? [...once, { bytes: sent.bytes, delayMs: 1500 }] : once;
  },
  "changes places with the next": changePlaces,
};

/** The last datagram of a flight changes places with the first of the next, or sent again. */
function changePlaces(of: number): Fate {
  let held: Sent | null = null;
  return (sent, index) => {
    if (index === of) {
      held = sent;
      return [];
    }
    const tracker = faithful(sent, index);
    if (held?.from === sent.from) {
      tracker.push({ bytes: held.bytes, delayMs: DELAY_MS });
      held = null;
    }
    return tracker;
  };
}

const SHAPES: Readonly<Record<string, VirtualNetOptions>> = {
  "datagram": { mtu: 1400 },
  "small datagram": { mtu: 256 },
  "record": { mtu: 1400, recordsApart: true },
  "small record": { mtu: 256, recordsApart: true },
};

/** At least so many has a handshake with mutual authentication: RFC 6347 4.2.4, figure 1 and 2. */
const FEWEST = { full: 6, resumed: 5 } as const;

/** One flight is sent again after a second; a slow machine may do so once or twice more. */
const PATIENCE_MS = 8000;
const EARLY = 2;

/** So long a handshake may take: each time that a flight is sent too early doubles the next wait. */
function patienceMs({ timeouts: { client, server } }: VirtualNet): number {
  return PATIENCE_MS * 2 ** Math.max(client.early + server.early - EARLY, 0);
}

/** @returns how many datagrams were sent */
async function shake(net: VirtualNet, resumed: boolean, fate: Fate): Promise<number> {
  const session = resumed ? await net.session() : undefined;
  net.fate = fate;
  await net.connect(session);
  assertEquals(net.outcome, "established/established", `${net.client.error} ${net.server.error}`);
  assert(net.nowMs < patienceMs(net), `it took ${net.nowMs} ms`);
  assertEquals(net.client.session!.resumed, resumed);
  const { length } = net.sent;
  assert(await net.talk(), "a message did not arrive as it was");
  return length;
}

for (const kind of ["full", "resumed"] as const) {
  const resumed = kind === "resumed";
  for (const [unit, shape] of Object.entries(SHAPES)) {
    for (const [what, fateOf] of Object.entries(FATES)) {
      Deno.test(`handshake() completes where any one ${unit} of a ${kind} one ${what}`, async () => {
        using net = await virtualNet(shape);
        const count = await shake(net, resumed, faithful);
        assert(count >= FEWEST[kind], `${count} datagrams`);
        const each = Array.from({ length: count }, (_, of) => ({ of }));
        await forAll(each, shape, async (net, { of }) => {
          await shake(net, resumed, fateOf(of));
        });
      });
    }
  }
}
