import { assert, assertEquals, assertNotEquals } from "../assert.ts";
import { MessageWriter } from "../../model/message.ts";
import { type Direction, Flow, type FlowRule } from "./flow.ts";

const NEVER = { toServer: [], toClient: [] };
const CLIENT = 49_152;
const ANSWER = new TextEncoder().encode("ack\0");
const writer = new MessageWriter("udp", 100);

function flowOf(rule: Partial<FlowRule>): Flow {
  return new Flow({ port: 10_001, carries: "messages", messages: 6, loss: 0, seed: 1, ...rule });
}

/** Sends a message of that number, and its answer where it arrives. */
function exchange(flow: Flow, no: number, client = CLIENT): void {
  if (flow.passes("toServer", writer.prepare(no, 100), client)) {
    flow.passes("toClient", ANSWER, client);
  }
}

Deno.test("Flow.report() counts a message that was dropped, and an answer", () => {
  const flow = flowOf({ drops: { toServer: [[1, 3]], toClient: [[0, 1]] } });
  for (let no = 0; no < 6; no++) exchange(flow, no);
  assertEquals(flow.report(), {
    packets: { toServer: 6, toClient: 4 },
    dropped: { toServer: 2, toClient: 1 },
    lost: { toServer: 2, toClient: 1 },
  });
});

Deno.test("Flow.report() counts a message as lost where a copy of it arrives, and no copy", () => {
  const flow = flowOf({ drops: { toServer: [[0, 2]], toClient: [[0, 1]] } });
  for (let copy = 0; copy < 4; copy++) exchange(flow, 7);
  const { dropped, lost } = flow.report();
  assertEquals(dropped, { toServer: 2, toClient: 1 });
  assertEquals(lost, { toServer: 1, toClient: 0 });
});

Deno.test("Flow.report() tells the messages of one client from another's", () => {
  const flow = flowOf({ drops: { toServer: [[0, 1]], toClient: [[1, 2]] } });
  exchange(flow, 0, CLIENT);
  exchange(flow, 0, CLIENT + 1);
  exchange(flow, 0, CLIENT);
  assertEquals(flow.report().lost, { toServer: 1, toClient: 0 });
});

Deno.test("Flow.report() misses no answers where none are sent", () => {
  const flow = flowOf({ drops: { ...NEVER, toServer: [[1, 2]] } });
  for (let no = 0; no < 3; no++) flow.passes("toServer", writer.prepare(no, 100), CLIENT);
  assertEquals(flow.report().lost, { toServer: 1, toClient: 0 });
});

/** Content types of records, RFC 6347 4.1 and RFC 5246 A.1. */
const [HANDSHAKE, APPLICATION_DATA] = [22, 23].map((type) => Uint8Array.of(type, 254, 253));

Deno.test("Flow.passes() spares what it is told to of DTLS", () => {
  const pass = (spares: FlowRule["spares"]) => {
    const flow = flowOf({ carries: "dtls", loss: 1, spares });
    return [HANDSHAKE!, APPLICATION_DATA!].map((record) => flow.passes("toServer", record, CLIENT));
  };
  assertEquals(pass("handshakes"), [true, false]);
  assertEquals(pass("messages"), [false, true]);
  assertEquals(pass(undefined), [false, false]);
});

Deno.test("Flow.report() counts no handshake that was dropped as a lost message", () => {
  const flow = flowOf({ carries: "dtls", loss: 1 });
  for (const record of [HANDSHAKE!, APPLICATION_DATA!]) flow.passes("toServer", record, CLIENT);
  const { dropped, lost } = flow.report();
  assertEquals(dropped, { toServer: 2, toClient: 0 });
  assertEquals(lost, { toServer: 1, toClient: 0 });
});

Deno.test("Flow.report() counts no copies over DTLS, which come after all messages", () => {
  const flow = flowOf({
    carries: "dtls",
    messages: 2,
    drops: { toServer: [[1, 3]], toClient: [[1, 2]] },
  });
  for (let no = 0; no < 4; no++) {
    if (flow.passes("toServer", APPLICATION_DATA!, CLIENT)) {
      flow.passes("toClient", APPLICATION_DATA!, CLIENT);
    }
  }
  const { dropped, lost } = flow.report();
  assertEquals(dropped, { toServer: 2, toClient: 1 });
  assertEquals(lost, { toServer: 1, toClient: 0 });
});

Deno.test("Flow.report() counts no packet of a stream as a lost message", () => {
  const flow = flowOf({ carries: "stream", loss: 1 });
  flow.passes("toServer", ANSWER, CLIENT);
  const { dropped, lost } = flow.report();
  assertEquals(dropped, { toServer: 1, toClient: 0 });
  assertEquals(lost, { toServer: 0, toClient: 0 });
});

/** Which of a number of packets pass. */
function passing(seed: number, loss: number, direction: Direction): boolean[] {
  const flow = flowOf({ carries: "stream", seed, loss });
  return Array.from({ length: 1000 }, () => flow.passes(direction, ANSWER, CLIENT));
}

Deno.test("Flow.passes() drops the same packets for the same seed, others for another", () => {
  const passed = passing(5, 0.2, "toServer");
  assertEquals(passing(5, 0.2, "toServer"), passed);
  assertNotEquals(passing(6, 0.2, "toServer"), passed);
  assertNotEquals(passing(5, 0.2, "toClient"), passed);
});

Deno.test("Flow.passes() drops about the part of the packets that it is told to", () => {
  for (const loss of [0, 0.01, 0.2, 1]) {
    const dropped = passing(7, loss, "toServer").filter((passes) => !passes).length;
    // Four times the standard deviation of such a number, with this one seed.
    const range = 4 * Math.sqrt(1000 * loss * (1 - loss));
    assert(Math.abs(dropped - 1000 * loss) <= range, `${dropped} of 1000 at ${loss}`);
  }
});
