import { assertEquals } from "../../testing/assert.ts";
import { HandshakeInput } from "./handshake_input.ts";

const three = (value: number) => [value >> 16, value >> 8 & 255, value & 255];

/** A record with the first byte of a message that is so long, or with none of it. */
function part(number: number, bytes: number, length = 1): Uint8Array<ArrayBuffer> {
  const message = [11, ...three(bytes), 0, number, ...three(0), ...three(length)];
  const content = [...message, ...Array<number>(length).fill(0)];
  return Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, content.length, ...content);
}

function input(isServer: boolean): (datagram: Uint8Array<ArrayBuffer>) => boolean {
  const input = new HandshakeInput({ datagramsReceived: 0, bytesReceived: 0 }, false, isServer);
  return (datagram) => input.take(datagram, true) !== null;
}

Deno.test("take() drops what announces more than a client's messages have", () => {
  const takes = input(true);
  const long = [1, 2, 3, 4].map((number) => takes(part(number, 32_000)));
  assertEquals(long, [true, true, false, false]);
  assertEquals([takes(part(2, 32_000)), takes(part(1, 100))], [true, true], "it comes again");
  assertEquals([takes(part(3, 500)), takes(part(3, 32_000))], [true, false]);
});

Deno.test("take() counts messages of which nothing has come, and those without a byte", () => {
  const takes = input(true);
  assertEquals([takes(part(1, 32_000, 0)), takes(part(2, 32_000, 0))], [true, true]);
  assertEquals(takes(part(3, 32_000)), false);
  const others = input(true);
  const short = Array.from({ length: 256 }, (_, number) => others(part(number, 200, 0)));
  assertEquals(short.filter((taken) => taken).length, 199);
});

Deno.test("take() leaves it to a client how long its server's messages are", () => {
  const takes = input(false);
  assertEquals([1, 2, 3, 4].map((number) => takes(part(number, 32_000))), Array(4).fill(true));
});
