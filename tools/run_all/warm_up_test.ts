import { assertEquals } from "../../common/testing/assert.ts";
import type { LoggedMessage } from "../report/messages.ts";
import { fakeRun } from "../report/testdata/documents.ts";
import { jobsIn } from "./choose.ts";
import type { Exchange } from "./job.ts";
import { warmUpOf, withoutWarmUp } from "./warm_up.ts";

const [tcp, sync] = jobsIn(["once"]);

const each = (repeat: number) => ({ message: repeat, size: repeat, once: repeat });
const EXCHANGE: Exchange = {
  ...{ sizes: [16384, 100], repeat: each(300), seconds: null, clients: 1 },
  ...{ waitMs: 0, rate: null, reply: true },
};

Deno.test("warmUpOf() puts messages of another size before the plan's", () => {
  assertEquals(warmUpOf(tcp!, EXCHANGE), {
    sizeBytes: 16383,
    sizes: [16383, 16383, 16383, 16384, 100],
  });
  assertEquals(warmUpOf(tcp!, { ...EXCHANGE, sizes: [33, 32] })!.sizeBytes, 34);
  const [opening] = jobsIn(["message"]);
  assertEquals(warmUpOf(opening!, { ...EXCHANGE, repeat: each(60) })!.sizes, [
    16383,
    16383,
    16384,
    100,
  ]);
  const few = { ...EXCHANGE, repeat: each(15) };
  assertEquals(warmUpOf(opening!, few)!.sizes.length, 2 + 2, "no longer than the run itself");
});

Deno.test("warmUpOf() leaves alone what is warm, is long, takes its time, or is by time", () => {
  assertEquals(warmUpOf(sync!, EXCHANGE), null);
  assertEquals(warmUpOf(jobsIn(["message"])[0]!, EXCHANGE), null, "300 are three times enough");
  for (
    const change of [{ repeat: each(5000) }, { repeat: null, seconds: 2 }, { waitMs: 20 }, {
      rate: 9,
    }]
  ) {
    assertEquals(warmUpOf(tcp!, { ...EXCHANGE, ...change }), null);
  }
});

Deno.test("withoutWarmUp() takes its messages out of all figures", () => {
  const run = fakeRun({ protocol: "tcp", io: "async", sizes: [99, 100], connect: "once" });
  const messages = [99, 99, 100, 100].map((sizeBytes, i): LoggedMessage => ({
    ...{ client: 0, sizeBytes, no: i, lost: false, isCounted: i > 0, startUs: 1000 * i },
    ...{ totalUs: 10 * (i + 1), stepsUs: { send: i + 1, receive: 9 * (i + 1) } },
  }));
  const warmUp = { sizeBytes: 99, sizes: [99, 100] };
  const warm = withoutWarmUp(run, warmUp, messages);
  assertEquals(warm.sizes.map(({ sizeBytes }) => sizeBytes), [100]);
  const { messageUs, steps } = warm.allSizes!;
  assertEquals([messageUs.n, messageUs.min, messageUs.max], [2, 30, 40]);
  assertEquals([steps.send?.mean, steps.handshake], [3.5, null]);
  assertEquals(withoutWarmUp(run, warmUp, null).allSizes, undefined, "without a log it is unknown");
});
