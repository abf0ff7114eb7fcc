import { assertEquals } from "../../testing/assert.ts";
import {
  CLIENT_KEY_EXCHANGE,
  datagramMessages,
  numberAt,
  streamMessages,
} from "./client_messages.ts";
import { CLIENT_HELLO } from "../records.ts";
import { identitiesInHello } from "./offered_identities.ts";

const big = (value: number, length: number) =>
  Array.from({ length }, (_, i) => value / 256 ** (length - 1 - i) & 0xff);

const message = (type: number, body: number[]) => [type, ...big(body.length, 3), ...body];
const record = (
  content: number[],
  type = 22,
) => [type, 3, 3, ...big(content.length, 2), ...content];

/** One record of epoch 0 with one fragment of a message. */
function fragment(type: number, body: number[], from: number, to: number, number = 2): number[] {
  const part = body.slice(from, to);
  const header = [type, ...big(body.length, 3), ...big(number, 2), ...big(from, 3)];
  const content = [...header, ...big(part.length, 3), ...part];
  return [22, 0xfe, 0xfd, ...big(0, 8), ...big(content.length, 2), ...content];
}

const BODY = [0, 3, 7, 8, 9];

Deno.test("streamMessages() puts messages together wherever they are cut", () => {
  const all = [...message(CLIENT_HELLO, [1]), ...message(11, [5, 5, 5]), ...message(16, BODY)];
  for (const perRecord of [1, 2, 5, 100]) {
    for (const perPiece of [1, 3, 1000]) {
      const records: number[] = [];
      for (let i = 0; i < all.length; i += perRecord) {
        records.push(...record(all.slice(i, i + perRecord)));
      }
      const take = streamMessages();
      const found: [number, number[]][] = [];
      for (let i = 0; i < records.length; i += perPiece) {
        for (const { type, body } of take(Uint8Array.from(records.slice(i, i + perPiece)))) {
          found.push([type, [...body]]);
        }
      }
      assertEquals(found, [[CLIENT_HELLO, [1]], [CLIENT_KEY_EXCHANGE, BODY]]);
    }
  }
});

Deno.test("streamMessages() passes over other records, and reads no sealed ones", () => {
  const exchange = record(message(16, BODY));
  const change = record([1], 20);
  assertEquals(streamMessages()(Uint8Array.from([...change, ...exchange])).length, 1);
  assertEquals(streamMessages()(Uint8Array.from([...record([0], 23), ...exchange])), []);
  const take = streamMessages();
  assertEquals(take(Uint8Array.from(exchange)).length, 1);
  assertEquals(take(Uint8Array.from(exchange)), []);
  // A second one, which nothing seals, is none, whether it comes later or at once.
  assertEquals(streamMessages()(Uint8Array.from([...exchange, ...exchange])).length, 1);
});

Deno.test("streamMessages() skips a message that is too long", () => {
  const take = streamMessages();
  const long = message(CLIENT_HELLO, new Array(20_000).fill(0));
  assertEquals(take(Uint8Array.from([...record(long.slice(0, 16_000))])), []);
  assertEquals(take(Uint8Array.from(record(long.slice(16_000)))), []);
  assertEquals(take(Uint8Array.from(record(message(16, BODY)))).length, 1);
});

Deno.test("datagramMessages() takes fragments in any order, and more than once", () => {
  for (const order of [[0, 2, 4], [4, 2, 0], [2, 2, 0, 4], [4, 0, 0, 2]]) {
    const take = datagramMessages();
    const found = order.flatMap((from) =>
      take(Uint8Array.from(fragment(CLIENT_KEY_EXCHANGE, BODY, from, from + 2)))
    );
    assertEquals(found.map(({ body }) => [...body]), [BODY], String(order));
  }
});

Deno.test("datagramMessages() takes a message once all of it is there, of those it wants alone", () => {
  const take = datagramMessages();
  const two = [...fragment(11, [1], 0, 1), ...fragment(CLIENT_KEY_EXCHANGE, BODY, 0, 4)];
  assertEquals(take(Uint8Array.from(two)), []);
  // Another message of another number begins anew.
  assertEquals(take(Uint8Array.from(fragment(CLIENT_KEY_EXCHANGE, BODY, 4, 5, 3))), []);
  assertEquals(take(Uint8Array.from(fragment(CLIENT_KEY_EXCHANGE, BODY, 0, 4, 3))).length, 1);
});

Deno.test("what is no message is passed over", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const junk = Uint8Array.from({ length: seed }, (_, i) => (seed * 7919 * (i + 1) >> 3) & 0xff);
    junk[0] = 22;
    streamMessages()(junk);
    datagramMessages()(junk);
    identitiesInHello(junk);
  }
  // A fragment that says that it goes beyond its message.
  const beyond = Uint8Array.from(fragment(CLIENT_KEY_EXCHANGE, BODY, 0, 5));
  beyond[21] = 9;
  assertEquals(datagramMessages()(beyond), []);
});

Deno.test("identitiesInHello() finds the identities of the last extension", () => {
  const identity = (text: string) => [...big(text.length, 2), ...new TextEncoder().encode(text)];
  const list = [...identity("one"), 0, 0, 0, 1, ...identity("two"), 0, 0, 0, 2];
  const psk = [...big(list.length, 2), ...list, 0, 0];
  const extensions = [
    ...big(10, 2),
    ...big(2, 2),
    1,
    2,
    ...big(41, 2),
    ...big(psk.length, 2),
    ...psk,
  ];
  const hello = [
    ...[3, 3, ...new Array(32).fill(0)],
    ...[2, 9, 9],
    ...[0, 2, 0x13, 0x01],
    ...[1, 0],
    ...big(extensions.length, 2),
    ...extensions,
  ];
  const found = (bytes: number[]) =>
    identitiesInHello(Uint8Array.from(bytes)).map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(found(hello), ["one", "two"]);
  for (let length = 0; length < hello.length; length++) found(hello.slice(0, length));
  assertEquals(found(hello.slice(0, 40)), []);
});

Deno.test("numberAt() reads what is not there as zero", () => {
  assertEquals(numberAt(Uint8Array.of(1, 2, 3), 0, 3), 0x010203);
  assertEquals(numberAt(Uint8Array.of(1), 0, 2), 256);
});
