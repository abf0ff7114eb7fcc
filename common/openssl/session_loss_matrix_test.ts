import { assert, assertEquals } from "../testing/assert.ts";
import { connectedNet, type MemoryNet, memoryNet, randomNumbers } from "../testing/memory_net.ts";
import { virtualNet } from "../testing/virtual_net.ts";
import { PATIENCE_MS } from "../testing/within.ts";
import { loadOpenSsl } from "./bindings/library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

/** Waits until libssl's timer is over, and acts on it. */
async function waitForTimeout(net: MemoryNet): Promise<void> {
  for (let left; (left = net.timeoutMs()) !== 0;) {
    assert(left !== null, "nothing is waited for");
    await new Promise((resolve) => setTimeout(resolve, left));
  }
  net.handleTimeouts();
}

/** Runs for every seed, and names the one that fails. */
async function forSeeds(act: (seed: number) => Promise<void>): Promise<void> {
  await Promise.all(SEEDS.map((seed) =>
    act(seed).catch((cause) => {
      throw new Error(`seed ${seed}: ${cause}`, { cause });
    })
  ));
}

Deno.test("timeoutMs() tells when a flight is sent again, only while an answer is due", async () => {
  using net = await memoryNet();
  assertEquals(net.timeoutMs(), null);
  const beganMs = performance.now();
  net.client.advance();
  const left = net.timeoutMs();
  const tookMs = performance.now() - beganMs;
  assert(left !== null && left > 900 - tookMs && left <= 1000, `${left} ms after ${tookMs}`);
  net.settle();
  assert(net.client.established);
  assertEquals(net.timeoutMs(), null);
});

Deno.test("timeoutMs() is null on TLS, which has no timers", async () => {
  using net = await memoryNet({ datagram: false });
  net.client.advance();
  assertEquals(net.timeoutMs(), null);
});

Deno.test("handleTimeout() sends nothing before its time", async () => {
  using net = await memoryNet({ client: { retransmitAfterMs: () => PATIENCE_MS } });
  net.client.advance();
  net.client.session!.handleTimeout();
  net.client.flush();
  assertEquals(net.sent.length, 1);
});

Deno.test("handleTimeout() sends a lost flight again", async () => {
  using net = await memoryNet();
  net.passes = () => false;
  net.client.advance();
  net.passes = () => true;
  await waitForTimeout(net);
  const [first, again] = net.sent;
  // Only the record's sequence number, at the header's end but two, is another one.
  assertEquals(again!.bytes.subarray(13), first!.bytes.subarray(13));
  assert(net.client.established && net.server.established);
});

Deno.test("handshake() completes where every datagram comes twice", async () => {
  using net = await connectedNet({ faults: { double: 1 }, mtu: 256 });
  assert(net.client.established && net.server.established);
});

Deno.test("handshake() answers a client whose last flight came, but not the answer", async () => {
  using net = await memoryNet();
  net.passes = ({ from }) => from === "client" || !net.server.established;
  net.run();
  assertEquals([net.client.established, net.server.established], [false, true]);
  net.passes = () => true;
  await waitForTimeout(net);
  assert(net.client.established);
});

Deno.test("save() gives a session to resume where the connection was given up without a word", async () => {
  using net = await virtualNet();
  await net.connect();
  using saved = net.client.session!.save();
  net.client.session!.close();
  await net.connect(saved!);
  assert(net.client.session!.resumed);
});

Deno.test("save() gives a session to resume where the connection's driver gave it up", async () => {
  using net = await virtualNet();
  await net.connect();
  using saved = net.client.session!.save();
  net.client.session!.fail();
  net.client.session!.close();
  await net.connect(saved!);
  assert(net.client.session!.resumed);
});

Deno.test("handshake() drops a fragment of an impossible message, and takes it when sent again", async () => {
  using net = await memoryNet();
  let forged = false;
  net.passes = ({ from, bytes }) => {
    if (from === "client" || forged) return true;
    forged = true;
    // The message's length, 3 bytes behind the record's header and the type: 2^16 more.
    const altered = bytes.slice();
    altered[14]! ^= 1;
    net.deliver({ from, bytes: altered });
    return false;
  };
  net.run();
  assertEquals([net.client.error, net.client.established], [null, false]);
  await waitForTimeout(net);
  assert(net.client.established && net.server.established);
});

Deno.test("handshake() ignores garbage before and between its datagrams", async () => {
  using net = await memoryNet();
  const random = randomNumbers(7);
  const garbage = (from: "client" | "server") => {
    for (const length of [1, 12, 13, 14, 100, 16_397, 16_398, 65_507]) {
      net.deliver({ from, bytes: Uint8Array.from({ length }, () => random() * 256) });
    }
  };
  garbage("client");
  net.client.advance();
  garbage("server");
  net.passes = ({ from }) => {
    garbage(from);
    return true;
  };
  net.settle();
  assertEquals([net.client.error, net.server.error], [null, null]);
  assert(net.client.established && net.server.established);
});

Deno.test("read() ignores a datagram that was altered on its way", async () => {
  using net = await connectedNet();
  net.passes = () => false;
  net.client.send(new Uint8Array(50).fill(1));
  const { bytes } = net.sent.at(-1)!;
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice();
    altered[at]! ^= 0x10;
    net.deliver({ from: "client", bytes: altered });
  }
  assertEquals([net.server.inbox, net.server.error], [[], null]);
  net.deliver({ from: "client", bytes });
  assertEquals(net.server.inbox.length, 1);
});

Deno.test("read() ignores a datagram that is cut off, and takes the next", async () => {
  using net = await connectedNet();
  net.passes = () => false;
  net.client.send(new Uint8Array(50).fill(1));
  const { bytes } = net.sent.at(-1)!;
  for (let length = 0; length < bytes.length; length++) {
    net.deliver({ from: "client", bytes: bytes.slice(0, length) });
  }
  assertEquals([net.server.inbox, net.server.error], [[], null]);
  net.deliver({ from: "client", bytes });
  assertEquals(net.server.inbox.length, 1);
});

// From 3.5 on a tag of 8 bytes is too short for the library's usual level.
const CCM8 = "AES128-CCM8:@SECLEVEL=0";

for (const cipher of ["AES256-GCM-SHA384", "CHACHA20-POLY1305", "AES128-CCM", CCM8]) {
  Deno.test(`read() ignores forged records of every length and type (${cipher})`, async () => {
    const ciphers = `ECDHE-ECDSA-${cipher}`;
    using net = await connectedNet({ client: { ciphers }, server: { ciphers } });
    for (let length = 0; length < 64; length++) {
      for (let type = 19; type < 27; type++) {
        const forged = new Uint8Array(13 + length).fill(length, 13);
        // Type, version, epoch 1, a sequence number far ahead, the length.
        forged.set([type, 0xfe, 0xfd, 0, 1, 0, 0, 0, 1, length, type, 0, length]);
        net.deliver({ from: "client", bytes: forged });
        net.deliver({ from: "server", bytes: forged });
      }
    }
    assertEquals([net.client.error, net.server.error], [null, null]);
    net.client.send(new Uint8Array(1));
    net.server.send(new Uint8Array(2));
    net.settle();
    assertEquals([net.server.inbox.length, net.client.inbox.length], [1, 1]);
  });
}

Deno.test("read() takes a datagram that comes twice once", async () => {
  using net = await connectedNet();
  net.faults = { double: 1 };
  for (let i = 0; i < 100; i++) net.client.send(Uint8Array.of(i));
  net.settle();
  assertEquals(net.server.inbox.map(([i]) => i), Array.from({ length: 100 }, (_, i) => i));
});

Deno.test("read() ignores the whole handshake when it comes again", async () => {
  using net = await connectedNet();
  for (const sent of [...net.sent]) net.deliver(sent);
  net.settle();
  net.client.send(new Uint8Array(5));
  net.server.send(new Uint8Array(6));
  net.settle();
  assertEquals([net.server.inbox.length, net.client.inbox.length], [1, 1]);
});

Deno.test("read() gives whole messages, once each, whatever the network does", () =>
  forSeeds(async (seed) => {
    using net = await connectedNet({ seed });
    net.faults = { lose: 0.1, double: 0.1, reorder: 0.1, alter: 0.3 };
    for (let i = 0; i < 200; i++) {
      net.client.send(new Uint8Array(1 + i * 5).fill(i));
      if (i % 10 === 9) net.settle();
    }
    assertEquals(net.server.error, null);
    const { inbox } = net.server;
    for (const message of inbox) {
      assertEquals(message, new Uint8Array(1 + message[0]! * 5).fill(message[0]!));
    }
    assertEquals(new Set(inbox.map((message) => message.length)).size, inbox.length);
    assert(inbox.length > 80 && inbox.length < 200, `${inbox.length} of 200 arrived`);
  }));
