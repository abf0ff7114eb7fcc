import { assert, assertEquals } from "../../common/testing/assert.ts";
import { seededRandom } from "../../common/testing/fake_random.ts";
import { offsetBetween, offsetOf, type TimeStamps } from "./clock_offset.ts";

/** What clocks that are so far apart say, of ways that take so long. */
function stamps(offsetUs: number, thereUs: number, backUs: number, heldUs = 7): TimeStamps {
  const askedUs = 1_700_000_000_000_000;
  const receivedUs = askedUs + thereUs + offsetUs;
  const sentUs = receivedUs + heldUs;
  return { askedUs, receivedUs, sentUs, answeredUs: sentUs - offsetUs + backUs };
}

Deno.test("offsetOf() is exact where both ways take the same time, and half of both bounds it", () => {
  const { offsetUs, uncertaintyUs } = offsetOf([stamps(5_000_000, 100, 100)])!;
  assertEquals([offsetUs, uncertaintyUs], [5_000_000, 110]);
  assertEquals(offsetOf([stamps(-250, 40, 40)])?.offsetUs, -250);
});

Deno.test("offsetOf() takes the exchange with the shortest delay", () => {
  const exchanges = [stamps(1000, 900, 100), stamps(1000, 60, 40), stamps(1000, 100, 900)];
  assertEquals(offsetOf(exchanges), { offsetUs: 1010, uncertaintyUs: 60 });
});

Deno.test("offsetOf() holds within what it says, however unequal the ways are", () => {
  const random = seededRandom();
  for (let i = 0; i < 200; i++) {
    const trueUs = Math.round((random() - 0.5) * 1e9);
    const exchanges = Array.from(
      { length: 8 },
      () => stamps(trueUs, Math.round(random() * 20_000), Math.round(random() * 20_000)),
    );
    const { offsetUs, uncertaintyUs } = offsetOf(exchanges)!;
    assert(Math.abs(offsetUs - trueUs) <= uncertaintyUs, `${offsetUs} of ${trueUs}`);
  }
});

Deno.test("offsetOf() believes no answer that left later than it came", () => {
  const false_ = { ...stamps(0, 10, 10), sentUs: 1_700_000_000_500_000 };
  assertEquals(offsetOf([false_]), null);
  assertEquals(offsetOf([]), null);
  assertEquals(offsetOf([false_, stamps(3, 10, 10)])?.offsetUs, 3);
});

Deno.test("offsetBetween() covers all that the offset can have been in between", () => {
  const before = { offsetUs: 100, uncertaintyUs: 20 };
  const after = { offsetUs: 160, uncertaintyUs: 25 };
  assertEquals(offsetBetween(before, after), { offsetUs: 130, uncertaintyUs: 55 });
  assertEquals(offsetBetween(before, before), before);
  assertEquals(offsetBetween(null, after), null);
  assertEquals(offsetBetween(before, null), null);
});
