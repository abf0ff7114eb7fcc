import { assert, assertEquals, assertInstanceOf } from "../testing/assert.ts";
import { faithful, type Fate } from "../testing/fates.ts";
import {
  forAll,
  type VirtualNet,
  virtualNet,
  type VirtualNetOptions,
} from "../testing/virtual_net.ts";
import { OpenSslError } from "./bindings/errors.ts";
import { RECORD_HEADER_BYTES } from "./records.ts";

/** The bit that is turned over, in turn: what is a length or a number changes by little or by much. */
const MASKS = [0x01, 0x80] as const;

/** Length of a handshake message's header: RFC 6347 4.2.2. */
const MESSAGE_HEADER_BYTES = 12;

/** Where the sequence number is in a record's header: RFC 6347 4.1. */
const SEQUENCE_AT = { from: 5, to: 10 } as const;

/** What is altered: a byte of one record of a handshake. */
interface Place {
  record: number;
  at: number;
  mask: number;
}

/** The record that was altered, as it was. */
interface Altered extends Place {
  bytes: Uint8Array;
}

/** Every byte of the headers, and the first, the middle and the last one of what follows. */
function offsets(length: number): number[] {
  const headers = Math.min(RECORD_HEADER_BYTES + MESSAGE_HEADER_BYTES, length);
  const middle = Math.floor((headers + length) / 2);
  return [
    ...new Set([...Array(headers).keys(), middle, length - 1, Math.min(headers, length - 1)]),
  ];
}

/**
 * Sealed records are dropped and sent again; so is what a server without state is asked. What its
 * cookie is made of has to come again as it was: RFC 6347 4.2.1.
 */
function hasToSurvive({ bytes, record, at }: Altered): boolean {
  const sealed = bytes[4] !== 0 && at >= RECORD_HEADER_BYTES;
  // A sequence number far ahead makes the next ones look like old ones: RFC 6347 4.1.2.6 takes it
  // for granted that records are authenticated, which these are not yet.
  const firstHello = record === 0 && at < RECORD_HEADER_BYTES + MESSAGE_HEADER_BYTES &&
    (at < SEQUENCE_AT.from || at > SEQUENCE_AT.to);
  return sealed || firstHello;
}

/** Alters one byte, and tells which record that was. */
function alter(place: Place, hit: (altered: Altered) => void): Fate {
  return (sent, index) => {
    if (index !== place.record || place.at >= sent.bytes.length) return faithful(sent, index);
    hit({ ...place, bytes: sent.bytes });
    const bytes = sent.bytes.slice();
    bytes[place.at]! ^= place.mask;
    return faithful({ from: sent.from, bytes }, index);
  };
}

/** Both ends are through, or both know that they are not; a message of the one tells the other. */
function assertEnded(net: VirtualNet): void {
  const { client, server, outcome } = net;
  for (const { error } of [client, server]) {
    if (error !== null) assertInstanceOf(error, OpenSslError);
  }
  if (["established/established", "failed/failed", "failed/absent"].includes(outcome)) return;
  // Whoever gives up waiting sends no alert (SSL_AD_NO_ALERT): the other end, when it is through,
  // or has no flight that it could send again, learns nothing, and needs a deadline of its own.
  const halfDone = ["failed/established", "established/failed", "failed/waiting"];
  const reasons = [client.error, server.error].map((error) => (error as OpenSslError)?.reason);
  const gaveUp = reasons.includes("read timeout expired");
  assert(gaveUp && halfDone.includes(outcome), `${outcome}: ${client.error}, ${server.error}`);
}

/** 12 timeouts take 1 + 2 + 4 + 8 + 16 + 32 + 7 * 60 seconds; and there are two ends. */
const PATIENCE_MS = 2 * 483_000;

/** @returns whether it completed */
async function shake(net: VirtualNet, resumed: boolean, place: Place): Promise<boolean> {
  const session = resumed ? await net.session() : undefined;
  let survives = false;
  net.fate = alter(place, (altered) => survives = hasToSurvive(altered));
  await net.connect(session);
  assert(net.nowMs < PATIENCE_MS, `it took ${net.nowMs} ms`);
  assertEnded(net);
  const complete = net.outcome === "established/established";
  assert(complete || !survives, `${net.outcome}: ${net.client.error}, ${net.server.error}`);
  if (complete) assert(await net.talk(), "a message did not arrive as it was");
  return complete;
}

/** The lengths of the records of a handshake that nothing happens to. */
async function recordLengths(resumed: boolean, options: VirtualNetOptions): Promise<number[]> {
  using net = await virtualNet(options);
  await net.connect(resumed ? await net.session() : undefined);
  assertEquals(net.outcome, "established/established");
  return net.sent.map(({ bytes }) => bytes.length);
}

for (const kind of ["full", "resumed"] as const) {
  const resumed = kind === "resumed";
  for (const mtu of [1400, 256]) {
    const name = `handshake() fails or completes, at both ends, where a byte of a ${kind} one is ` +
      `altered (MTU ${mtu})`;
    Deno.test(name, async () => {
      const options = { mtu, recordsApart: true };
      const lengths = await recordLengths(resumed, options);
      const places = lengths.flatMap((length, record) =>
        offsets(length).map((at) => ({ record, at, mask: MASKS[(record + at) % 2]! }))
      );
      let survived = 0;
      await forAll(places, options, async (net, place) => {
        if (await shake(net, resumed, place)) survived++;
      });
      assert(survived > places.length / 4, `${survived} of ${places.length} handshakes completed`);
    });
  }
}
