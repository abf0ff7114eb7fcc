import { messageLine, MessagePrinter } from "./message_printer.ts";
import { assertEquals, assertThrows } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { messageOf } from "../testing/fake_server.ts";
import { FakeStdout } from "../testing/fake_stdout.ts";

const message = (no: number) => messageOf("tcp", no, 100);
const line = (no: number) => `${messageLine(message(no), 0)}\n`;

Deno.test("MessagePrinter.add() keeps a copy, as the next message comes into the same memory", () => {
  using _clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new MessagePrinter();
  const memory = message(1);
  printer.add(memory, 0);
  memory.set(message(2));
  printer.flush();
  assertEquals(stdout.texts, [line(1)]);
});

Deno.test("MessagePrinter.flush() prints all messages with one write", () => {
  using _clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new MessagePrinter();
  printer.add(message(1), 0);
  printer.add(message(2), 0);
  assertEquals(stdout.texts, []);
  printer.flush();
  assertEquals(stdout.texts, [line(1) + line(2)]);
});

Deno.test("MessagePrinter.flush() prints each message once, and nothing where there is none", () => {
  using clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new MessagePrinter();
  printer.flush();
  printer.add(message(1), 0);
  printer.flush();
  printer.flush();
  assertEquals(stdout.texts, [line(1)]);
  assertEquals(clock.timers, 0);
});

Deno.test("MessagePrinter.add() lets no message wait longer than 100 ms", async () => {
  using clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new MessagePrinter();
  printer.add(message(1), 0);
  await clock.advance(60);
  printer.add(message(2), 0);
  await clock.advance(39);
  assertEquals(stdout.texts, []);
  await clock.advance(1);
  assertEquals(stdout.texts, [line(1) + line(2)]);
  assertEquals(clock.timers, 0);
});

Deno.test("MessagePrinter.add() does not gather more than 2048 messages", () => {
  using clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new MessagePrinter();
  for (let i = 0; i < 4097; i++) printer.add(message(i), 0);
  assertEquals(stdout.texts.map((text) => text.split("\n").length - 1), [2048, 2048]);
  printer.flush();
  assertEquals(stdout.texts.at(-1), line(4096));
  assertEquals(clock.timers, 0);
});

Deno.test("MessagePrinter.add() keeps a full disk from ending the process", async () => {
  using clock = new FakeClock();
  using _stdout = new FakeStdout(() => {
    throw new Error("No space left on device (os error 28)");
  });
  const printer = new MessagePrinter();
  printer.add(message(1), 0);
  // An error out of the timer reaches nobody who could report it in one line.
  await clock.advance(100);
  assertThrows(() => printer.flush(), Error, "no space left on the device");
});

Deno.test("MessagePrinter.add() leaves it to flush() to say that the disk is full", () => {
  using _clock = new FakeClock();
  using _stdout = new FakeStdout(() => {
    throw new Error("No space left on device (os error 28)");
  });
  const printer = new MessagePrinter();
  // Who adds a message is busy with a message, and would take the error for its peer's.
  for (let i = 0; i < 4097; i++) printer.add(message(i), 0);
  assertThrows(() => printer.flush(), Error, "no space left on the device");
});
