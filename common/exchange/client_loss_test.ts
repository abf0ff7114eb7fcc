import { RunError, TimeoutError } from "../base/errors.ts";
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { ACK } from "../model/message.ts";
import { assertEquals, assertMatch, assertRejects } from "../testing/assert.ts";
import { fakeClientRun, FakeClientTransport } from "../testing/fake_client.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { Client } from "./client.ts";

Deno.test("Client gives up where the last messages and all copies have no answer", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("dtls", "--sizes=100", "--repeat=3");
  const receptions = [ACK, ...Array(23).fill(TOO_LATE)];
  const client = new Client(run, new FakeClientTransport({ datagrams: true, receptions }), 0);
  const ending = assertRejects(() => client.exchangeSize(100, true), RunError);
  await clock.advance(1000);
  assertMatch((await ending).message, /: 20 messages in a row were lost; the server is gone /);
});

Deno.test("Client takes the answer to a copy for a server, and its messages for lost", async () => {
  using run = fakeClientRun("dtls", "--sizes=100", "--repeat=1");
  const client = new Client(
    run,
    new FakeClientTransport({ datagrams: true, receptions: [TOO_LATE, ACK] }),
    0,
  );
  await client.exchangeSize(100, true);
  await client.finish();
  assertEquals([run.recorder.messages, run.recorder.lost], [1, 1]);
});

Deno.test("Client takes the server's end for a lost answer where each message has a connection", async () => {
  using run = fakeClientRun("dtls", "--sizes=100", "--repeat=3");
  const receptions = [ACK, ENDED, ACK];
  const client = new Client(run, new FakeClientTransport({ datagrams: true, receptions }), 0);
  await client.exchangeSize(100, true);
  assertEquals([run.recorder.messages, run.recorder.lost], [3, 1]);
});

Deno.test("Client begins a late handshake anew on datagrams, and gives up after 20", async () => {
  for (const failures of [19, 20]) {
    using run = fakeClientRun("dtls", "--sizes=100", "--repeat=1");
    const transport = new FakeClientTransport({ datagrams: true });
    let handshakes = 0;
    const handshake = () => {
      if (++handshakes <= failures) throw new TimeoutError("timed out after 5000 ms");
    };
    const client = new Client(run, Object.assign(transport, { handshake }), 0);
    if (failures < 20) await client.exchangeSize(100, true);
    else {
      const error = await assertRejects(() => client.exchangeSize(100, true), RunError);
      assertMatch(error.message, /^cannot connect to .*5000 ms, 20 handshakes in a row$/);
    }
    assertEquals(transport.calls.filter((call) => call === "close").length, 20);
    assertEquals(run.troubles.length, 1, "said after the third");
  }
});

for (
  const [what, datagrams, error] of [
    ["another error", true, new RunError("the certificate is refused")],
    ["a stream", false, new TimeoutError("timed out after 5000 ms")],
  ] as const
) {
  Deno.test(`Client begins no handshake anew after ${what}`, async () => {
    using run = fakeClientRun("dtls", "--sizes=100", "--repeat=1");
    const transport = new FakeClientTransport({ datagrams });
    const handshake = () => {
      throw error;
    };
    const client = new Client(run, Object.assign(transport, { handshake }), 0);
    await assertRejects(() => client.exchangeSize(100, true), RunError, error.message);
    assertEquals(transport.calls, ["connect", "close"]);
  });
}
