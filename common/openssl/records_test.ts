import { assert, assertEquals } from "../testing/assert.ts";
import {
  addToNumbers,
  clientRandom,
  handshakeRecords,
  isClientHello,
  isSealed,
  MAX_READ_BYTES,
  numberGap,
  packDatagrams,
  readableBytes,
  recordLength,
  sealedBytes,
} from "./records.ts";

const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const DTLS1_2 = [0xfe, 0xfd];

/** A record with a payload of that many bytes, each of them `fill`. */
function record(payloadBytes: number, fill = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(13 + payloadBytes).fill(fill, 13);
  bytes.set([APPLICATION_DATA, ...DTLS1_2]);
  new DataView(bytes.buffer).setUint16(11, payloadBytes);
  return bytes;
}

/** As much of a ClientHello as is looked at: type 1, and a random of bytes 0xAB. */
function clientHello(payloadBytes = 100): Uint8Array<ArrayBuffer> {
  const bytes = record(payloadBytes);
  bytes[0] = HANDSHAKE;
  bytes[13] = 1;
  bytes.fill(0xab, 27, 59);
  return bytes;
}

/** The same bytes with some of them set anew. */
function altered(bytes: Uint8Array<ArrayBuffer>, at: number, ...values: number[]) {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function packed(bytes: Uint8Array, mtu: number): number[] {
  const lengths: number[] = [];
  packDatagrams(bytes, mtu, (datagram) => lengths.push(datagram.length));
  return lengths;
}

Deno.test("recordLength() counts the header", () => {
  assertEquals(recordLength(record(0), 0), 13);
  assertEquals(recordLength(record(300), 0), 313);
});

Deno.test("recordLength() reads the record at an offset", () => {
  assertEquals(recordLength(join(record(5), record(1000)), 18), 1013);
});

Deno.test("recordLength() is Infinity where the header is cut off", () => {
  assertEquals(recordLength(new Uint8Array(), 0), Infinity);
  assertEquals(recordLength(record(5).subarray(0, 12), 0), Infinity);
  assertEquals(recordLength(record(5), 6), Infinity);
});

Deno.test("packDatagrams() emits nothing for no bytes", () => {
  assertEquals(packed(new Uint8Array(), 1400), []);
});

Deno.test("packDatagrams() puts as many whole records into a datagram as fit", () => {
  const records = join(record(87), record(87), record(87));
  assertEquals(packed(records, 300), [300]);
  assertEquals(packed(records, 299), [200, 100]);
  assertEquals(packed(records, 199), [100, 100, 100]);
});

Deno.test("packDatagrams() emits the bytes in their order", () => {
  const records = join(record(50, 1), record(60, 2), record(70, 3));
  const all: number[] = [];
  packDatagrams(records, 130, (datagram) => all.push(...datagram));
  assertEquals(Uint8Array.from(all), records);
});

Deno.test("packDatagrams() lets a record longer than the MTU go alone", () => {
  assertEquals(packed(join(record(10), record(16_384), record(10)), 256), [23, 16_397, 23]);
});

Deno.test("packDatagrams() emits a cut-off record as it is", () => {
  assertEquals(packed(join(record(10), record(90).subarray(0, 50)), 256), [73]);
  assertEquals(packed(record(10).subarray(0, 5), 256), [5]);
});

Deno.test("isClientHello() is true for a ClientHello", () => {
  assert(isClientHello(clientHello()));
});

Deno.test("isClientHello() is true for every version of DTLS", () => {
  assert(isClientHello(altered(clientHello(), 1, 0xfe, 0xff)));
  assert(isClientHello(altered(clientHello(), 1, 0xfe, 0xfc)));
});

Deno.test("isClientHello() is true where more records follow", () => {
  assert(isClientHello(join(clientHello(), record(20))));
});

Deno.test("isClientHello() is false for versions that are not DTLS", () => {
  assert(!isClientHello(altered(clientHello(), 1, 3, 3)));
  assert(!isClientHello(altered(clientHello(), 1, 0, 0)));
});

Deno.test("isClientHello() is false for an empty datagram", () => {
  assert(!isClientHello(new Uint8Array()));
});

Deno.test("isClientHello() is false for a record that is cut off", () => {
  const hello = clientHello();
  for (let length = 0; length < hello.length; length++) {
    assert(!isClientHello(hello.subarray(0, length)), `cut to ${length} bytes`);
  }
});

Deno.test("isClientHello() is false for a ClientHello without room for its random", () => {
  assert(isClientHello(clientHello(46)));
  assert(!isClientHello(clientHello(45)));
  // Bytes of another record are not the random of this one.
  assert(!isClientHello(join(clientHello(45), record(60))));
});

Deno.test("isClientHello() is false for other records and messages", () => {
  assert(!isClientHello(record(100)));
  assert(!isClientHello(altered(clientHello(), 0, APPLICATION_DATA)));
  assert(!isClientHello(altered(clientHello(), 13, 2)), "ServerHello");
});

Deno.test("isClientHello() is false for a later epoch, which is encrypted", () => {
  assert(!isClientHello(altered(clientHello(), 4, 1)));
  assert(!isClientHello(altered(clientHello(), 3, 1)));
});

Deno.test("isClientHello() is false for the longest datagram of noise", () => {
  assert(!isClientHello(new Uint8Array(65_507)));
  assert(!isClientHello(new Uint8Array(65_507).fill(0xff)));
});

Deno.test("isClientHello() is false for a datagram longer than any record", () => {
  assert(isClientHello(join(clientHello(), new Uint8Array(16_397 - 113))));
  assert(!isClientHello(join(clientHello(), new Uint8Array(16_397 - 112))));
});

/** A record of epoch 1, which is sealed. */
function sealed(payloadBytes: number): Uint8Array<ArrayBuffer> {
  return altered(record(payloadBytes), 4, 1);
}

Deno.test("sealedBytes() counts what the cipher adds to every record", () => {
  // RFC 5288 3, RFC 6655 3 and 4, RFC 7905 2.
  assertEquals(sealedBytes("ECDHE-ECDSA-AES256-GCM-SHA384"), 24);
  assertEquals(sealedBytes("AES128-CCM"), 24);
  assertEquals(sealedBytes("ECDHE-ECDSA-AES128-CCM8"), 16);
  assertEquals(sealedBytes("ECDHE-RSA-CHACHA20-POLY1305"), 16);
  assertEquals(sealedBytes("ECDHE-RSA-AES256-SHA384"), 16);
});

Deno.test("readableBytes() ends before a sealed record that is too short", () => {
  assertEquals(readableBytes(sealed(24), 24), 37);
  assertEquals(readableBytes(sealed(23), 24), 0);
  assertEquals(readableBytes(sealed(0), 16), 0);
  assertEquals(readableBytes(join(sealed(24), sealed(30)), 24), 37 + 43);
  assertEquals(readableBytes(join(sealed(24), sealed(23), sealed(30)), 24), 37);
});

Deno.test("readableBytes() takes a short record in the clear", () => {
  assertEquals(readableBytes(join(record(1), record(0)), 24), 27);
});

Deno.test("readableBytes() ends before what is no whole record of DTLS 1.2", () => {
  assertEquals(readableBytes(new Uint8Array(), 24), 0);
  assertEquals(readableBytes(join(record(9), sealed(50).subarray(0, 12)), 24), 22);
  assertEquals(readableBytes(join(record(9), sealed(50).subarray(0, 62)), 24), 22);
  for (const minor of [0xff, 0xfc, 0xfe]) {
    assertEquals(readableBytes(join(record(9), altered(record(9), 2, minor)), 24), 22);
  }
  assertEquals(readableBytes(altered(record(9), 1, 3, 3), 24), 0);
  assertEquals(readableBytes(new Uint8Array(100).fill(0x1f), 24), 0);
});

Deno.test("readableBytes() ends where libssl ends to read", () => {
  assertEquals(readableBytes(record(16_384 + 320), 24), MAX_READ_BYTES);
  assertEquals(readableBytes(record(16_384 + 321), 24), 0);
  assertEquals(readableBytes(join(record(10_000), record(10_000)), 24), 10_013);
});

Deno.test("clientRandom() is the ClientHello's 32 bytes of random", () => {
  assertEquals(clientRandom(clientHello()), new Uint8Array(32).fill(0xab));
});

/** A record's epoch and number, 16 and 48 bits. */
function numbered(epoch: number, number: number): Uint8Array<ArrayBuffer> {
  const bytes = record(5, 7);
  new DataView(bytes.buffer).setBigUint64(3, BigInt(epoch) << 48n | BigInt(number));
  return bytes;
}

Deno.test("numberGap() is what an answer's number lacks to the ClientHello's", () => {
  assertEquals(numberGap(numbered(0, 4), numbered(0, 1)), 3);
  assertEquals(numberGap(numbered(0, 2 ** 40), numbered(0, 1)), 2 ** 40 - 1);
});

Deno.test("numberGap() is 0 where the answer goes on from the ClientHello, or is ahead of it", () => {
  assertEquals(numberGap(numbered(0, 4), numbered(0, 4)), 0);
  assertEquals(numberGap(numbered(0, 0), numbered(0, 1)), 0);
});

Deno.test("addToNumbers() moves records in the clear on, and leaves sealed ones alone", () => {
  const bytes = join(numbered(0, 254), numbered(1, 0), numbered(0, 255));
  addToNumbers(bytes, 3);
  assertEquals(bytes, join(numbered(0, 257), numbered(1, 0), numbered(0, 258)));
});

Deno.test("addToNumbers() keeps to 48 bits", () => {
  const bytes = numbered(0, 1);
  addToNumbers(bytes, 2 ** 48 - 1);
  assertEquals(bytes, numbered(0, 0));
});

Deno.test("addToNumbers() leaves alone what is too short to be a record", () => {
  const bytes = join(numbered(0, 1), new Uint8Array(12));
  addToNumbers(bytes, 1);
  assertEquals(bytes, join(numbered(0, 2), new Uint8Array(12)));
});

/** A record of DTLS 1.3 with a number of 16 bits and a length (RFC 9147 4), of an epoch's low bits. */
function unified(payloadBytes: number, epoch = 3): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5 + payloadBytes);
  bytes.set([0x2c | epoch, 0, 9, payloadBytes >> 8, payloadBytes]);
  return bytes;
}

/** A record in the clear that a handshake may have. */
function clear(payloadBytes: number): Uint8Array<ArrayBuffer> {
  return altered(record(payloadBytes), 0, HANDSHAKE);
}

Deno.test("packDatagrams() cuts records with unified headers, and those in the clear before them", () => {
  const flight = join(clear(80), unified(80), unified(300, 2));
  assertEquals(packed(flight, 200), [93 + 85, 305]);
  assertEquals(packed(unified(16_640), 256), [16_645]);
});

Deno.test("isSealed() is true of a later epoch and of a unified header", () => {
  assert(isSealed(numbered(1, 0)));
  // The epoch's low bits are 0 again from epoch 4 on.
  assert(isSealed(unified(20, 0)));
  assert(!isSealed(numbered(0, 5)));
  assert(!isSealed(new Uint8Array()));
});

Deno.test("readableBytes() wants 16 sealed bytes behind a unified header (RFC 9147 4.2.3)", () => {
  assertEquals(readableBytes(unified(16), 24), 21);
  assertEquals(readableBytes(unified(15), 16), 0);
  assertEquals(readableBytes(join(unified(20), unified(3)), 16), 25);
});

Deno.test("handshakeRecords() takes unified headers where DTLS 1.3 may be agreed on, and else not", () => {
  const datagram = join(clear(50), unified(900, 2));
  assertEquals(handshakeRecords(datagram, { knowsUnified: true, isAgreed: false }), {
    clear: datagram,
    early: [],
  });
  assertEquals(handshakeRecords(datagram, { knowsUnified: false, isAgreed: false }), {
    clear: clear(50),
    early: [],
  });
});

Deno.test("handshakeRecords() leaves a unified record out that is cut off", () => {
  const datagram = join(clear(50), unified(20).subarray(0, 24));
  assertEquals(
    handshakeRecords(datagram, { knowsUnified: true, isAgreed: false }).clear,
    clear(50),
  );
});

Deno.test("handshakeRecords() leaves out what says another version, once one is agreed on", () => {
  const old = altered(clear(50), 2, 0xff);
  const take = (isAgreed: boolean) =>
    handshakeRecords(join(old, clear(9)), { knowsUnified: false, isAgreed }).clear;
  assertEquals(take(false), join(old, clear(9)));
  assertEquals(take(true), clear(9));
});

Deno.test("handshakeRecords() ends where libssl ends to read", () => {
  const { clear: taken } = handshakeRecords(join(clear(9_000), clear(9_000), clear(9)), {
    knowsUnified: false,
    isAgreed: true,
  });
  assertEquals(taken, clear(9_000));
});
