/**
 * Datagrams that anyone can forge who knows two addresses: libssl reads some of them in another way than
 * their records say, and would end the session over them.
 */
import { assertEquals } from "../testing/assert.ts";
import { connectedNet } from "../testing/memory_net.ts";
import { concatenated, MAX_READ_BYTES } from "./records.ts";

const APPLICATION_DATA = 23;
const ALERT = 21;

/** A header, and behind it whatever length it says. */
function header(
  { type = APPLICATION_DATA, version = 0xfefd, epoch = 1, length = 1 },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint16(1, version);
  view.setUint16(3, epoch);
  // A number that no record had.
  view.setUint16(9, 999);
  view.setUint16(11, length);
  return bytes;
}

/** A sealed record of one byte: libssl ends a session over it. */
const SHORT = concatenated([header({}), new Uint8Array(1)]);

/** What libssl passes over the header of, to go on behind it, 13 bytes at a time. */
function around(
  outer: Parameters<typeof header>[0],
  before = 26,
): Uint8Array<ArrayBuffer> {
  const body = concatenated([new Uint8Array(before).fill(7), SHORT]);
  return concatenated([header({ length: body.length, ...outer }), body]);
}

/** A record of another epoch: libssl drops all of it. */
const OTHER = concatenated([header({ epoch: 7, length: 1000 }), new Uint8Array(1000)]);

/** A record that libssl does not read to its end at once: what follows it takes for a datagram. */
function acrossTheEnd(): Uint8Array<ArrayBuffer> {
  const first = Array.from({ length: 16 }, () => OTHER);
  const left = MAX_READ_BYTES - 16 * OTHER.length - 13;
  // Some bytes more fit libssl's memory, as it is aligned.
  const shorts = Array.from({ length: 30 }, () => concatenated([new Uint8Array(1), SHORT]));
  const rest = concatenated(shorts);
  const last = concatenated([
    header({ epoch: 7, length: left + rest.length }),
    new Uint8Array(left),
  ]);
  return concatenated([...first, last, rest]);
}

const FORGED: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "a record that is too short": SHORT,
  "one behind others": concatenated([OTHER, SHORT]),
  "one in a record of DTLS 1.0": around({ version: 0xfeff }),
  "one in a record of DTLS 1.0 that is cut off": around({ version: 0xfeff, length: 5000 }),
  "one in an alert of TLS": around({ type: ALERT, version: 0x0303 }),
  "one in a record that is longer than any": around({ length: 40_000 }),
  "one in a record of an epoch to come that is cut off": around({ epoch: 5, length: 5000 }),
  "one behind the length that is read at once": acrossTheEnd(),
  "one behind a header that is cut off": concatenated([OTHER, SHORT.subarray(0, 12)]),
};

for (const victim of ["client", "server"] as const) {
  for (const [what, datagram] of Object.entries(FORGED)) {
    Deno.test(`a ${victim}'s session outlives ${what}, of anyone's`, async () => {
      using net = await connectedNet({ datagram: true });
      const other = victim === "client" ? "server" : "client";
      for (let times = 0; times < 3; times++) {
        net.deliver({ from: other, bytes: datagram });
        net[other].send(Uint8Array.of(times));
        net.settle();
      }
      assertEquals(net[victim].error, null);
      assertEquals(net[victim].inbox, [0, 1, 2].map((value) => Uint8Array.of(value)));
    });
  }
}

Deno.test("a record that comes in one datagram with a forged one counts, where it is first", async () => {
  using net = await connectedNet({ datagram: true });
  net.passes = () => false;
  net.client.send(Uint8Array.of(1));
  const { bytes } = net.sent.at(-1)!;
  net.deliver({ from: "client", bytes: concatenated([bytes, around({ length: 40_000 })]) });
  assertEquals(net.server.error, null);
  assertEquals(net.server.inbox, [Uint8Array.of(1)]);
});
