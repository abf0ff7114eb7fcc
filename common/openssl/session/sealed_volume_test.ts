import { KeyLimitError } from "../../base/errors.ts";
import { assertEquals, assertMatch, assertThrows } from "../../testing/assert.ts";
import { connectedNet, type MemoryNet } from "../../testing/memory_net.ts";
import { PROTOCOLS } from "../../testing/resumption.ts";
import { loadOpenSsl } from "../bindings/library.ts";
import { shareOfLimits } from "./sealed_volume.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const MESSAGE = new Uint8Array(1000).fill(7);

/** Of AES-GCM's limit: 92 messages of a thousand bytes, each with 32 bytes more. */
const SHARE = 95_000 / (2 ** 24.5 * 16_384);

/** Lets one end send until it can not, 1000 times at most. */
function sendAll(net: MemoryNet, from: "client" | "server"): number {
  for (let sent = 0; sent < 1000; sent++) {
    try {
      net[from].send(MESSAGE);
    } catch (error) {
      if (!(error instanceof KeyLimitError)) throw error;
      return sent;
    }
    net.settle();
  }
  return 1000;
}

for (const [protocol, maxVersion] of Object.entries(PROTOCOLS)) {
  const datagram = protocol === "DTLS";
  const hasNewKeys = protocol === "TLS 1.3";

  for (const from of ["client", "server"] as const) {
    const what = hasNewKeys ? "takes a new key" : "ends";

    Deno.test(`a ${from} ${what} when AES-GCM has sealed as much as is safe (${protocol})`, async () => {
      using _limits = shareOfLimits(SHARE);
      using net = await connectedNet({ datagram, client: { maxVersion } });
      assertEquals(sendAll(net, from), hasNewKeys ? 1000 : 92);
      const other = from === "client" ? net.server : net.client;
      assertEquals([other.error, other.inbox.length], [null, hasNewKeys ? 1000 : 92]);
      if (hasNewKeys) return;
      const { message } = assertThrows(() => net[from].send(MESSAGE), KeyLimitError);
      assertMatch(message, /^Cannot write: 0 GiB were sealed .*; connect anew$/);
      // What the peer sends is still read, and the end is still said.
      const way = from === "client" ? "server" : "client";
      net[way].send(MESSAGE);
      net.settle();
      assertEquals(net[from].inbox.length, 1);
      net[from].shutdown();
      net.settle();
      assertEquals(net[way].peerEnded, true);
    });
  }

  Deno.test(`ChaCha20 has no limit, and AES-CCM a lower one (${protocol})`, async () => {
    if (hasNewKeys) return;
    for (const [ciphers, sent] of [["ECDHE+CHACHA20", 1000], ["ECDHE+AESCCM", 32]] as const) {
      using _limits = shareOfLimits(SHARE);
      using net = await connectedNet({
        ...{ datagram, client: { maxVersion, ciphers: `${ciphers}:@SECLEVEL=0` } },
        server: { ciphers: `${ciphers}:@SECLEVEL=0` },
      });
      assertEquals(sendAll(net, "client"), sent);
    }
  });
}

Deno.test("a new key is said by a KeyUpdate, as often as the limit is reached", async () => {
  using _limits = shareOfLimits(SHARE);
  const told: string[] = [];
  const client = {
    onHandshakeMessage: ({ name }: { name: string }) => void told.push(name),
  };
  using net = await connectedNet({ datagram: false, client });
  told.length = 0;
  assertEquals(sendAll(net, "client"), 1000);
  assertEquals(told.filter((name) => name === "KeyUpdate").length, Math.floor(999 / 92));
});
